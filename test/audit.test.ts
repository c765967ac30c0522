/**
 * The audit log in the real gateway: a turn of an agent leaves what it should and nothing of what was said, what is on record
 * is proved to somebody who has neither the market nor its packages, and a gateway does not start over a past that was
 * rewritten while it was off.
 */
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runAgentTurn, sendChat } from '../scripts/gateway/agent-turn.ts'
import { startScriptedModel, toolResults, type ScriptedModel } from '../scripts/gateway/scripted-model.ts'
import {
  bootPlain,
  bootMarket,
  withCalls,
  list,
  record,
  temporaryDirectory,
  text,
  until,
} from './market-gateway.fixture.ts'
import type { MarketGateway, MarketGatewayOptions } from './market-gateway.fixture.ts'
import { deposit } from './offers.fixture.ts'
import { tamper } from './tampered-store.ts'

const said = {
  prompt: 'orpiment on the windowsill',
  query: 'cinnabar under the stairs',
  answer: 'realgar by the door',
}
const script = join(import.meta.dirname, '..', 'scripts', 'verify-proof.mjs')

const home = temporaryDirectory('audit-test')
let model: ScriptedModel
let market: MarketGateway
let options: MarketGatewayOptions
let key: string

beforeAll(async () => {
  model = await startScriptedModel((request) =>
    toolResults(request).length > 0
      ? { text: said.answer }
      : {
          toolCalls: [
            { name: 'web3_call', arguments: { name: 'web3.resources.list', params: { q: said.query } } },
          ],
        },
  )
  options = {
    dir: join(home.path, 'gateway'),
    store: 'sqlite',
    launch: { model, agentTools: 'all', allowConversationAccess: ['web3-core'] },
  }
  market = await bootMarket(options)
  await deposit(market, market.address, '1000')
  key = text((await market.call('web3.audit.checkpoint'))['key'])
})
afterAll(async () => {
  await market?.host.stop()
  await model?.close()
  home.remove()
})

async function hostEvents() {
  const { events } = await market.call('web3.audit.query', { limit: 200 })
  return list(events).filter(({ type }) => text(type).startsWith('host.'))
}

/** Everything that the market has on disk. */
function stored(): string {
  const root = join(market.host.stateDir, 'market-core')
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
    .join('\n')
}

function verify(proof: unknown, by = key) {
  const file = join(home.path, 'proof.json')
  writeFileSync(file, JSON.stringify(proof))
  const { status, stdout } = spawnSync(process.execPath, [script, file, by], { encoding: 'utf8', env: {} })
  return { status, stdout }
}

describe('a turn of an agent', () => {
  it('leaves one event of each kind, and of what was said its hash alone', async () => {
    const { status, texts } = await runAgentTurn(market.host, { message: said.prompt })
    expect(status).toBe('ok')
    expect(texts.join()).toContain(said.answer)
    const events = await until('the turn on record', async () => {
      const found = await hostEvents()
      return found.length >= 3 ? found : undefined
    })
    expect(events.map(({ type }) => text(type)).toSorted((a, b) => a.localeCompare(b))).toEqual([
      'host.after_tool_call',
      'host.llm_input',
      'host.llm_output',
    ])
    const facts = (type: string) => record(events.find((each) => each['type'] === type)?.['facts'])
    expect(facts('host.llm_input')).toMatchObject({ provider: 'scripted', model: 'scripted-1', images: 0 })
    expect(facts('host.after_tool_call')).toMatchObject({ toolName: 'web3_call', outcome: 'done' })
    expect(facts('host.llm_output')).toMatchObject({ provider: 'scripted', outputTokens: expect.any(Number) })
    for (const each of events) expect(text(record(each['facts'])['agentId'])).toBe('main')
    for (const canary of Object.values(said)) {
      expect(stored()).not.toContain(canary)
      expect(JSON.stringify(events)).not.toContain(canary)
      // The host writes its own answers to its log; we write nothing of them to ours.
      const ours = market.host
        .log()
        .split('\n')
        .filter((line) => line.includes('[plugins]'))
      expect(ours.join('\n')).not.toContain(canary)
    }
  })

  it('is found again by its run and by its session, with what else belongs to it', async () => {
    const [event] = await hostEvents()
    const { runId, sessionId } = record(event?.['facts'])
    for (const subject of [runId, sessionId]) {
      const { events } = await market.call('web3.audit.query', { subject })
      expect(list(events).map(({ type }) => type)).toContain('host.llm_output')
    }
    const { pieces } = await market.call('market.transparency.trace', { id: text(event?.['eventId']) })
    expect(list(pieces).map(({ id }) => id)).toContain(event?.['eventId'])
  })
})

describe('what is on record', () => {
  it('is proved to who has the proof, the key and Node, and nothing that was changed is', async () => {
    const [event] = await hostEvents()
    const proof = await market.call('web3.audit.prove', { eventId: text(event?.['eventId']) })
    expect(verify(proof)).toMatchObject({ status: 0, stdout: expect.stringContaining(text(proof['event'])) })
    const path = proof['proof'] as readonly string[]
    const changed = {
      'another event': { event: text(proof['event']).replace('host.', 'ghost.') },
      'a shorter path': { proof: path.slice(1) },
    }
    for (const [what, change] of Object.entries(changed))
      expect(verify({ ...proof, ...change }), what).toMatchObject({
        status: 1,
        stdout: expect.stringMatching(/^no: .+/),
      })
    const other = key.replace(/\+[0-9a-f]{8}\+/, '+00000000+')
    expect(verify(proof, other)).toMatchObject({ status: 1 })
  })

  it('is said the same by programs, operators and the chat', async () => {
    await market.call('web3.audit.checkpoint')
    const { audit } = await market.call('web3.status.summary')
    const { conversation, dropped, ...rest } = record(audit)
    expect({ conversation, dropped }).toEqual({ conversation: 'on', dropped: 0 })
    expect((await market.call('market.status.summary'))['audit']).toEqual(rest)
    const answer = await sendChat(market.host, '/audit_status', {
      scopes: ['operator.read', 'operator.write', 'operator.admin'],
    })
    expect(answer.text).toMatch(new RegExp(`events +${String(rest['size'])}\n`))
    expect(answer.text).toMatch(/past +holds\n/)
    expect(answer.text).toContain(key.split('+')[1])
    expect(await market.call('web3.audit.verify')).toMatchObject({ holds: true, size: rest['size'] })
  })
})

describe('a gateway that starts again', () => {
  it('goes on with its log, and has the end of the session on record', async () => {
    const before = Number(record((await market.call('market.status.summary'))['audit'])['size'])
    const { checkpoint } = await market.call('web3.audit.checkpoint')
    await market.host.stop()
    market = await bootMarket(options)
    const since = Number(record(checkpoint)['size'])
    const signed = await market.call('web3.audit.checkpoint', { since })
    expect(record(signed['since'])['size']).toBe(since)
    expect(signed['key']).toBe(key)
    expect(Number(record(signed['checkpoint'])['size'])).toBeGreaterThanOrEqual(before)
    const ends = (await hostEvents()).filter(({ type }) => type === 'host.session_end')
    expect(ends.length).toBeGreaterThan(0)
  })

  it('does not open over a past that was rewritten, and says what is wrong with it', async () => {
    await market.host.stop()
    tamper(join(market.host.stateDir, 'market-core', 'store'), 'event', (event) =>
      event['type'] === 'market.account.deposit'
        ? { ...event, createdAt: '2020-01-01T00:00:00.000Z' }
        : 'keep',
    )
    const host = await bootPlain(options)
    market = { ...withCalls(host), address: market.address }
    const { code, message, details } = await market.refusal('market.status.summary')
    expect(code).toBe('E_NOT_CONFIGURED')
    expect(message).toMatch(/audit log does not hold: .*index \d+/)
    expect(text(details['hint'])).toContain('backup')
    expect(message).not.toContain(home.path)
  })
})
