import { expect, it } from 'vitest'
import { canonicalHash } from '@openclaw-market/protocol/canonical'
import { queryEvents, type Market } from '@openclaw-market/market-core'
import { testWorld } from '../plugin/world.fixture.ts'
import { ofInput, ofToolCall, type Told } from './facts.ts'
import { conversationRecorder, mostWaiting } from './recorder.ts'

const where = { runId: 'run-1', sessionId: 'session-1', agentId: 'main' }
const told = (): Told => ofToolCall({ toolName: 'a tool', params: {} }, where)

async function eventsOf(
  market: Market,
  params: object = {},
): Promise<readonly { type: string; facts?: unknown }[]> {
  const answer = await market.run(
    queryEvents,
    { limit: 200, ...params },
    { kind: 'operator', actorId: market.address },
  )
  if (!answer.ok) throw new Error(answer.message)
  return answer['events'] as { type: string; facts?: unknown }[]
}

it('says of a turn its names, figures and hashes, and not a word of it', () => {
  const prompt = 'a secret wish'
  const input = { provider: 'p', model: 'm', prompt, historyMessages: [prompt, prompt], imagesCount: 1 }
  expect(ofInput(input, where)).toEqual({
    type: 'host.llm_input',
    facts: {
      ...where,
      provider: 'p',
      model: 'm',
      images: 1,
      messages: 2,
      inputHash: canonicalHash({ prompt }),
    },
  })
})

it.each([
  [{ result: { a: 1 } }, 'done'],
  [{ error: 'it says too much' }, 'failed'],
  [{}, undefined],
])('says how a call of a tool went, where that is known: %j', (end, outcome) => {
  const { facts } = ofToolCall({ toolName: 'a\ntool', params: { q: 1 }, ...end }, where)
  expect(facts.outcome).toBe(outcome)
  expect(facts.toolName).toBe('a tool')
  expect(JSON.stringify(facts)).not.toContain('too much')
})

it('takes what has no JSON, and says no hash of it', () => {
  const round: Record<string, unknown> = {}
  round['round'] = round
  const { facts } = ofToolCall(
    { toolName: 'a tool', params: round, result: 1n, durationMs: Number.NaN },
    where,
  )
  expect(facts).toEqual({ ...where, toolName: 'a tool', outcome: 'done' })
})

it('drops what is too much, and puts on record how much', async () => {
  const { market } = await testWorld()
  const { record, settled, dropped } = conversationRecorder(
    () => market,
    () => undefined,
  )
  for (let n = 0; n < mostWaiting + 7; n++) record(told)
  await settled()
  const events = await eventsOf(market, { type: 'host.dropped' })
  expect(events).toMatchObject([{ facts: { dropped: 7 } }])
  record(told)
  await settled()
  expect(await eventsOf(market, { type: 'host.dropped' })).toHaveLength(1)
  expect(dropped()).toBe(7)
})

it('throws nothing at the host while there is no market, and says later what was lost', async () => {
  const { market } = await testWorld()
  const problems: string[] = []
  let open = false
  const { record, settled, dropped } = conversationRecorder(
    () => {
      if (open) return market
      throw new Error('there is none')
    },
    (what) => void problems.push(what),
  )
  record(told)
  record(() => {
    throw new Error('a defect')
  })
  await settled()
  expect(problems).toHaveLength(3)
  open = true
  // Also when nothing comes after it, as at the end of the process.
  await settled()
  expect(await eventsOf(market)).toHaveLength(1)
  record(told)
  await settled()
  const events = await eventsOf(market)
  expect(events.filter(({ type }) => type === 'host.dropped')).toMatchObject([{ facts: { dropped: 2 } }])
  expect(events.filter(({ type }) => type === 'host.after_tool_call')).toHaveLength(1)
  expect(dropped()).toBe(2)
  expect(problems).toHaveLength(3)
})
