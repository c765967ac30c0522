/**
 * A butler that knows two tools and no capability: it reads what there is, picks by what it reads, and follows `next`,
 * prerequisites and hints. It must name nothing by itself, so this file contains no capability's name.
 */
import type {
  ModelRequest,
  Script,
  ScriptedAnswer,
  ScriptedToolCall,
} from '../scripts/gateway/scripted-model.ts'
import { toolResults } from '../scripts/gateway/scripted-model.ts'
import { parseJson, type JsonRecord } from '../scripts/gateway/json-value.ts'
import { list, record, text } from './market-gateway.fixture.ts'

export interface Errand {
  /** What to look for. */
  readonly q: string
  /** Base units that may be locked. */
  readonly budget: string
}

/** Yields tool calls, is given their answers, and returns what it says to its owner. */
type Plan = Generator<ScriptedToolCall, string, JsonRecord>

export function butler(errand: Errand): Script {
  const plan = searchAndPay(errand)
  let answered = 0
  return (request: ModelRequest): ScriptedAnswer => {
    // The host asks without tools when it wants a title or a summary of the conversation.
    if (request.tools.length === 0) return { text: 'An errand.' }
    const results = toolResults(request)
    if (results.length < answered) return { text: 'Stuck: a tool result got lost' }
    answered = results.length
    try {
      const step = plan.next(record(parseJson(results.at(-1) ?? '{}')))
      return step.done === true ? { text: step.value } : { toolCalls: [step.value] }
    } catch (error) {
      return { text: `Stuck: ${error instanceof Error ? error.message : 'unknown'}` }
    }
  }
}

function* searchAndPay({ q, budget }: Errand): Plan {
  const lines = list((yield look())['capabilities'])
  const searching = said(lines, 'searches', 'leased')
  const searcher = read(yield look(searching))
  const needed = searcher.predicate('prerequisites', 'lease_active')
  const [taking] = searcher.obtainedBy('lease_active')

  // Nothing is leased yet: the refusal says where to go.
  const refused = failure(yield call(searching, { q }), 'E_NOT_FOUND')
  const hinted = lines
    .map((line) => text(line['name']))
    .filter((name) => text(refused['hint']).includes(name))
  const finding = hinted.find((name) => name !== taking)
  if (taking === undefined || finding === undefined || !hinted.includes(taking)) {
    throw new Error('the hint does not name how to find and to take a lease')
  }

  const finder = read(yield look(finding))
  finder.param('kind')
  const found = list((yield call(finding, { kind: needed['kind'] }))['resources'])
  const [cheapest] = found.toSorted((a, b) => Number(priceOf(a) - priceOf(b)))
  if (cheapest === undefined) throw new Error('there is nothing to lease')

  const taker = read(yield look(taking))
  if (record(taker.descriptor['pricing'])['charge'] !== 'lock') throw new Error('leasing locks no money')
  const terms = { resourceId: cheapest['resourceId'], ttlMs: Number(taker.param('ttlMs')['minimum']) * 60 }
  taker.param('maxCost')
  // More than there is: what is missing is said.
  const poor = failure(yield call(taking, { ...terms, maxCost: '900000000000' }), 'E_INSUFFICIENT_FUNDS')
  if (BigInt(text(record(poor['details'])['missing'])) <= 0n) throw new Error('nothing is missing')
  const lease = yield call(taking, { ...terms, maxCost: budget })
  const leaseId = lease[text(taker.predicate('effects', 'lease_active')['field'])]
  const [use] = list(taker.descriptor['next']).filter(({ when }) => text(when).includes(text(needed['kind'])))
  if (use?.['name'] !== searching) throw new Error('what comes next is not the search')

  const { results } = yield call(searching, { q, [text(needed['param'])]: leaseId })
  const [after] = list(searcher.descriptor['next'])
  const closing = text(after?.['name'])
  const closer = read(yield look(closing))
  closer.predicate('effects', 'lease_settled')
  const closed = record((yield call(closing, { leaseId }))['lease'])
  const [best] = list(results)
  return `Found "${text(best?.['title'])}" for ${text(closed['metered'])} of ${text(closed['maxCost'])}.`
}

const look = (name?: string): ScriptedToolCall => ({
  name: 'web3_capabilities',
  arguments: name === undefined ? {} : { name },
})

const call = (name: string, params: JsonRecord): ScriptedToolCall => ({
  name: 'web3_call',
  arguments: { name, params },
})

/** The one line whose summary has all these words. */
function said(lines: readonly JsonRecord[], ...words: readonly string[]): string {
  const fitting = lines.filter(({ summary }) =>
    words.every((word) => text(summary).toLowerCase().includes(word)),
  )
  if (fitting.length !== 1) throw new Error(`${fitting.length} summaries say ${words.join(' and ')}`)
  return text(fitting[0]?.['name'])
}

/** A document of one capability, as far as this butler understands it. */
function read(document: JsonRecord) {
  const [only] = list(document['capabilities'])
  const descriptor = record(only)
  return {
    descriptor,
    param(name: string): JsonRecord {
      const schema = record(record(record(descriptor['paramsSchema'])['properties'])[name])
      const reference = schema['$ref']
      if (reference === undefined) return schema
      return { ...record(record(document['$defs'])[text(reference).replace('#/$defs/', '')]), ...schema }
    },
    predicate(of: 'prerequisites' | 'effects', is: string): JsonRecord {
      return record(list(descriptor[of]).find((each) => each['is'] === is))
    },
    obtainedBy(is: string): readonly string[] {
      const names = record(record(document['predicates'])[is])['obtainedBy']
      return Array.isArray(names) ? names.map(text) : []
    },
  }
}

function failure(answer: JsonRecord, code: string): JsonRecord {
  if (answer['ok'] === false && answer['error'] === code) return answer
  throw new Error(`not ${code}: ${JSON.stringify(answer)}`)
}

/** Base units for one query. */
function priceOf(resource: JsonRecord): bigint {
  const [price] = list(resource['prices'])
  return BigInt(text(price?.['amount'])) / BigInt(text(price?.['per']))
}
