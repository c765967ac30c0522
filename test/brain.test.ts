/**
 * An agent that thinks with a leased model, in the real gateway: one gateway sells two models over an upstream that the test
 * holds in its hand, the other rents them for its agents. What the host shows, what the upstream was asked, and what the books
 * say must be one story.
 */
import { randomUUID } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sendChat, type ChatReply } from '../scripts/gateway/agent-turn.ts'
import type { JsonRecord } from '../scripts/gateway/json-value.ts'
import { ALL_SCOPES } from '../scripts/gateway/launch.ts'
import { startScriptedModel, type ScriptedModel } from '../scripts/gateway/scripted-model.ts'
import {
  ofRole,
  said,
  says,
  startBrainUpstream,
  type AskedModel,
  type BrainUpstream,
  type Piece,
} from './brain-upstream.fixture.ts'
import {
  bootMarket,
  freePort,
  list,
  record,
  temporaryDirectory,
  text,
  until,
  type MarketGateway,
} from './market-gateway.fixture.ts'
import { balanceOf, deposit, model } from './offers.fixture.ts'

const [inputPrice, outputPrice] = [2n, 5n]
const lock = 200_000n
const home = temporaryDirectory('brain-test')
let own: ScriptedModel
let upstream: BrainUpstream
let other: BrainUpstream
let provider: MarketGateway
let consumer: MarketGateway
let mainResource: string
let otherResource: string

beforeAll(async () => {
  own = await startScriptedModel(() => ({ text: 'The own model.' }))
  upstream = await startBrainUpstream()
  other = await startBrainUpstream()
  const port = await freePort()
  const backend = ({ baseUrl }: BrainUpstream) => ({ driver: 'openai-compat', baseUrl, model: 'up-1' })
  provider = await bootMarket({
    dir: join(home.path, 'provider'),
    store: 'sqlite',
    web3: { provider: { listen: { port }, backends: { llm: backend(upstream), other: backend(other) } } },
    launch: { model: own, allowConversationAccess: ['web3-core'] },
  })
  const publish = async (name: string): Promise<string> => {
    const resource = model(name, [`${inputPrice}`, `${outputPrice}`], { allowTools: true, maxTokens: 2_000 })
    return text((await provider.call('web3.resources.publish', { resource }))['resourceId'])
  }
  mainResource = await publish('llm')
  otherResource = await publish('other')
  consumer = await bootMarket({
    dir: join(home.path, 'consumer'),
    store: 'file',
    web3: {
      markets: [{ name: 'harbour', url: `http://127.0.0.1:${port}` }],
      brain: {
        enabled: true,
        allow: ['harbour'],
        agents: ['main'],
        autoLease: { resourceIds: [mainResource], maxCost: `${lock}`, ttlMs: 3_600_000 },
      },
    },
    launch: {
      model: own,
      allowConversationAccess: ['web3-core'],
      config: {
        agents: { entries: { main: {}, plain: {} } },
        // How much reasoning is wanted is asked of the own choice, before the leased one is chosen.
        models: {
          providers: { scripted: { models: [{ ...plainModel, id: own.modelId, name: own.modelId }] } },
        },
      },
    },
  })
})
afterAll(async () => {
  await consumer?.host.stop()
  await provider?.host.stop()
  await own?.close()
  await upstream?.close()
  await other?.close()
  home.remove()
})

const newSession = (agent = 'main'): string => `agent:${agent}:${randomUUID()}`

interface Turn {
  readonly on?: MarketGateway
  readonly scopes?: typeof ALL_SCOPES
  readonly more?: JsonRecord
  readonly onAccepted?: (runId: string) => void
}

function say(sessionKey: string, message: string, turn: Turn = {}): Promise<ChatReply> {
  const { on = consumer, scopes = ALL_SCOPES, ...options } = turn
  return sendChat(on.host, message, { sessionKey, scopes, timeoutMs: 120_000, ...options })
}

async function brain(of = consumer): Promise<JsonRecord> {
  return record((await of.call('web3.status.summary'))['brain'])
}

async function leases(): Promise<readonly JsonRecord[]> {
  return list((await consumer.call('web3.resources.leases'))['leases'])
}

/** The lease that was taken last. */
async function lastLease(): Promise<JsonRecord> {
  const [newest] = await leases()
  return record(newest)
}

async function history(sessionKey: string): Promise<readonly JsonRecord[]> {
  const answer = await consumer.host.rpc('chat.history', { sessionKey })
  if (!answer.ok) throw new Error(JSON.stringify(answer.error))
  return list(record(answer.payload)['messages'])
}

const usageOf = ({ usage }: JsonRecord): JsonRecord =>
  Object.fromEntries(list(usage).map(({ unit, quantity }) => [text(unit), quantity]))

const costOf = ([input, output]: readonly [number, number]): bigint =>
  BigInt(input) * inputPrice + BigInt(output) * outputPrice

describe('the owner’s own choice stands', () => {
  it('where no brain is configured', async () => {
    const reply = await say(newSession(), 'Who are you?', { on: provider })
    expect(reply).toMatchObject({ state: 'final', text: 'The own model.' })
    expect(await brain(provider)).toMatchObject({ source: 'owner', availability: 'off' })
  })

  it('where no lease can be paid, and it says so', async () => {
    const reply = await say(newSession(), 'Who are you?')
    expect(reply).toMatchObject({ state: 'final', text: 'The own model.' })
    expect(upstream.asked).toEqual([])
    expect(await leases()).toEqual([])
  })

  it('for an agent that the config does not name', async () => {
    await deposit(provider, consumer.address, '100000000')
    const reply = await say(newSession('plain'), 'Who are you?')
    expect(reply).toMatchObject({ state: 'final', text: 'The own model.' })
    expect(await brain()).toMatchObject({ source: 'owner', reason: 'the config does not name this agent' })
  })

  it('for a sender that is not the owner: a stranger spends nothing', async () => {
    const before = await balanceOf(provider, consumer.address)
    const scopes = ['operator.read', 'operator.write'] as const
    const session = newSession()
    for (const message of ['Who are you?', 'And now?']) {
      expect(await say(session, message, { scopes })).toMatchObject({ text: 'The own model.' })
    }
    expect(await brain()).toMatchObject({
      source: 'owner',
      reason: 'the message was not written by the owner',
    })
    expect(await balanceOf(provider, consumer.address)).toEqual(before)
    expect(upstream.asked).toEqual([])
  })
})

describe('a conversation that thinks with a leased model', () => {
  const session = newSession()
  const spent: (readonly [number, number])[] = []

  async function turn(
    message: string,
    answer: (asked: AskedModel) => readonly Piece[],
    more: JsonRecord = {},
  ) {
    const before = upstream.asked.length
    upstream.answer((asked) => {
      const pieces = answer(asked)
      for (const piece of pieces) if (piece !== 'break' && 'used' in piece) spent.push(piece.used)
      return pieces
    })
    const reply = await say(session, message, { more })
    return { reply, asked: upstream.asked.slice(before) }
  }

  it('leases by itself, within what the config orders, and answers', async () => {
    const { reply, asked } = await turn('Who are you?', () => says('A leased model.', [120, 9]))
    expect(reply).toMatchObject({ state: 'final', text: 'A leased model.' })
    expect(asked).toHaveLength(1)
    expect(ofRole(asked[0]!, 'user').map(said).join('\n')).toContain('Who are you?')
    expect(await lastLease()).toMatchObject({ status: 'lease_active', maxCost: `${lock}` })
    expect(await brain()).toEqual({
      source: 'leased',
      provider: provider.address,
      model: 'A demo model',
      availability: 'available',
      reason: 'enabled, allowed, leased and reachable',
    })
  })

  it('tells the provider what the model is asked, and nothing beside it', () => {
    const [asked] = upstream.asked
    expect(Object.keys(asked?.body ?? {}).toSorted()).toEqual([
      'max_tokens',
      'messages',
      'model',
      'reasoning_effort',
      'stream',
      'stream_options',
      'tools',
    ])
  })

  it('calls tools: the call and its result pass as they are', async () => {
    const call = {
      id: 'callofthemoon',
      type: 'function',
      function: { name: 'web3_capabilities', arguments: '{"name":"web3.status.summary"}' },
    }
    const { reply, asked } = await turn('What can you do?', (ask) =>
      ofRole(ask, 'tool').length === 0
        ? [
            { delta: { role: 'assistant', content: null, tool_calls: [{ index: 0, ...call }] } },
            { end: 'tool_calls', used: [200, 21] },
          ]
        : says('I can look.', [260, 4]),
    )
    expect(reply).toMatchObject({ state: 'final', text: 'I can look.' })
    expect(asked).toHaveLength(2)
    const [, after] = asked
    const calls = ofRole(after!, 'assistant').flatMap((each) => list(each['tool_calls'] ?? []))
    expect(calls).toEqual([call])
    const [result] = ofRole(after!, 'tool')
    expect(result).toMatchObject({ tool_call_id: call.id })
    expect(said(result!)).toContain('web3.status.summary')
    const tools = list(after!.body['tools']).map((tool) => text(record(tool['function'])['name']))
    expect(tools).toContain('web3_call')
  })

  it('passes reasoning, and how much of it is wanted', async () => {
    const { reply, asked } = await turn(
      'Think.',
      () => [
        { delta: { role: 'assistant', reasoning_content: 'The moon, ' } },
        { delta: { reasoning_content: 'then the sea.' } },
        { delta: { content: 'The sea.' } },
        { end: 'stop', used: [210, 12] },
      ],
      { thinking: 'high' },
    )
    expect(reply).toMatchObject({ state: 'final', text: 'The sea.' })
    expect(asked[0]?.body['reasoning_effort']).toBe('high')
    const thought = (await history(session)).flatMap(({ content }) =>
      Array.isArray(content) ? list(content).filter(({ type }) => type === 'thinking') : [],
    )
    expect(thought.map(({ thinking }) => thinking)).toEqual(['The moon, then the sea.'])
  })

  it('passes a picture to the byte', async () => {
    const { reply, asked } = await turn('What is this?', () => says('A dot.', [1_300, 3]), {
      attachments: [{ type: 'image', mimeType: 'image/png', fileName: 'dot.png', content: dot }],
    })
    expect(reply).toMatchObject({ state: 'final', text: 'A dot.' })
    const urls = ofRole(asked[0]!, 'user').flatMap(({ content }) =>
      Array.isArray(content)
        ? list(content).flatMap((part) =>
            part['type'] === 'image_url' ? [record(part['image_url'])['url']] : [],
          )
        : [],
    )
    expect(new Set(urls)).toEqual(new Set([`data:image/png;base64,${dot}`]))
  })

  it('is metered by what the upstream counted, call by call', async () => {
    const { usage, metered, leaseId } = await lastLease()
    const sum = (i: 0 | 1): string => `${spent.reduce((total, used) => total + used[i], 0)}`
    expect(usageOf({ usage })).toEqual({
      request: `${spent.length}`,
      input_token: sum(0),
      output_token: sum(1),
    })
    expect(metered).toBe(`${spent.reduce((total, used) => total + costOf(used), 0n)}`)
    const { ownCount } = await consumer.call('web3.resources.status', { leaseId })
    expect(ownCount).toEqual({ calls: spent.length, disagreeing: [] })
  })

  it('ends its lease with it, and closes its statement', async () => {
    const { leaseId, metered } = await lastLease()
    const before = await balanceOf(provider, consumer.address)
    const { lines } = await ended(session)
    expect(list(lines)).toEqual([
      {
        leaseId,
        market: 'harbour',
        opened: true,
        calls: spent.length,
        unpriced: 0,
        usage: (await lastLease())['usage'],
        cost: metered,
        currency: 'USDC',
      },
    ])
    expect(await lastLease()).toMatchObject({ leaseId, status: 'lease_completed' })
    expect(await balanceOf(provider, consumer.address)).toMatchObject({
      held: '0',
      available: `${BigInt(text(before['available'])) + lock - BigInt(text(metered))}`,
    })
  })
})

describe('when the leased model fails', () => {
  it('before the first token the own model answers, and nothing shows', async () => {
    const session = newSession()
    upstream.answer(() => ['break'])
    const asked = upstream.asked.length
    const reply = await say(session, 'Are you there?')
    expect(reply).toMatchObject({ state: 'final', text: 'The own model.' })
    expect(upstream.asked.length).toBeGreaterThan(asked)
    const messages = await history(session)
    expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant'])
    expect(JSON.stringify(messages)).not.toMatch(/error|leased|web3/i)
    expect(await brain()).toMatchObject({
      source: 'owner',
      reason: 'the provider or its market does not answer',
    })
  })

  it('half a tool call is no token: the own model answers', async () => {
    const session = newSession()
    const half = {
      index: 0,
      id: 'call_half',
      type: 'function',
      function: { name: 'web3_call', arguments: '{"na' },
    }
    upstream.answer(() => [{ delta: { role: 'assistant', content: null, tool_calls: [half] } }, 'break'])
    expect(await say(session, 'Do it.')).toMatchObject({ state: 'final', text: 'The own model.' })
    expect(JSON.stringify(await history(session))).not.toContain('call_half')
  })

  it('after it the turn ends cleanly with what was received, and that is billed', async () => {
    const session = newSession()
    upstream.answer(() => [{ delta: { role: 'assistant', content: 'The tide comes' } }, 'break'])
    const reply = await say(session, 'What comes?')
    expect(reply).toMatchObject({ state: 'final', text: 'The tide comes' })
    const messages = await history(session)
    expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant'])
    expect(messages[1]).toMatchObject({ stopReason: 'stop' })
    const { leaseId, metered } = await lastLease()
    expect(BigInt(text(metered))).toBeGreaterThan(0n)
    const [line] = list((await ended(session))['lines'])
    expect(line).toMatchObject({ leaseId, calls: 1, unpriced: 0, cost: metered })
  })

  it('stopped by its owner it is billed for what was delivered only', async () => {
    const session = newSession()
    const held = Promise.withResolvers<void>()
    const left = upstream.left()
    upstream.answer(() => [{ delta: { role: 'assistant', content: 'For ever and ever' } }, held.promise])
    let runId: string | undefined
    const reply = say(session, 'How long?', { onAccepted: (id) => (runId = id) })
    const answering = await until('a call that runs', async () => {
      const lease = await lastLease()
      return lease['openCalls'] === 1 ? lease : undefined
    })
    await until('the first words', async () =>
      (await consumer.host.rpc('chat.abort', { sessionKey: session, runId })).ok ? true : undefined,
    )
    expect(await reply).toMatchObject({ state: 'aborted' })
    await until('the upstream to be left', () => (upstream.left() > left ? true : undefined))
    held.resolve()
    const billed = await until('the bill', async () => {
      const lease = await lastLease()
      return lease['openCalls'] === 0 ? lease : undefined
    })
    expect(billed['leaseId']).toBe(answering['leaseId'])
    const output = Number(usageOf(billed)['output_token'] ?? 0)
    expect(output).toBeLessThan(20)
    expect(BigInt(text(billed['remaining']))).toBe(lock - BigInt(text(billed['metered'])))
  })

  it('another lease answers, and stays when the conversation ends', async () => {
    const session = newSession()
    const { leaseId } = await consumer.call('web3.resources.lease', {
      resourceId: otherResource,
      ttlMs: 3_600_000,
      maxCost: '500000',
    })
    const own = await consumer.call('web3.resources.lease', {
      resourceId: mainResource,
      ttlMs: 3_600_000,
      maxCost: `${lock}`,
      sessionKey: session,
    })
    upstream.answer(() => ['break'])
    other.answer(() => says('The other model.', [90, 5]))
    expect(await say(session, 'Are you there?')).toMatchObject({ state: 'final', text: 'The other model.' })
    expect(await brain()).toMatchObject({ source: 'leased' })
    const lines = list((await ended(session))['lines'])
    expect(lines.find((line) => line['leaseId'] === leaseId)).toMatchObject({
      opened: false,
      calls: 1,
      cost: `${costOf([90, 5])}`,
    })
    expect(lines.find((line) => line['leaseId'] === own['leaseId'])).toMatchObject({ opened: true })
    const states = new Map((await leases()).map((lease) => [lease['leaseId'], lease['status']]))
    expect([states.get(leaseId), states.get(own['leaseId'])]).toEqual(['lease_active', 'lease_completed'])
    await consumer.call('web3.resources.completeLease', { leaseId })
  })

  it('a lease that is spent is not followed by more than the config orders', async () => {
    const session = newSession()
    upstream.answer(() => says('Dear.', [35_000, 9]))
    const answers: string[] = []
    for (let i = 0; i < 5; i++) answers.push((await say(session, `Turn ${i}`)).text)
    expect(answers[0]).toBe('Dear.')
    expect(answers.at(-1)).toBe('The own model.')
    expect(new Set(answers)).toEqual(new Set(['Dear.', 'The own model.']))
    const { leaseId } = await lastLease()
    expect(await brain()).toMatchObject({
      source: 'owner',
      reason: 'the lease has nothing left to spend; no lease was taken: enough',
    })
    const [line, ...more] = list((await ended(session))['lines'])
    expect([line?.['leaseId'], more]).toEqual([leaseId, []])
  })
})

it('writes no token of a lease and no ticket anywhere, in all of the above', async () => {
  // Last of all, since files of a gateway that runs come and go.
  for (const { host } of [consumer, provider]) await host.stop()
  const secret = /(tok|brn)_[\w-]{43}/
  const files = [consumer, provider].flatMap(({ host }) =>
    readdirSync(host.stateDir, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.parentPath.includes('plugin-captures'))
      .map(({ parentPath, name }) => join(parentPath, name)),
  )
  expect(files.filter((file) => file.endsWith('.jsonl'))).not.toEqual([])
  expect(files.filter((file) => secret.test(readFileSync(file, 'latin1')))).toEqual([])
  for (const { host } of [consumer, provider]) expect(host.log()).not.toMatch(secret)
})

/** Ends the conversation as its owner does, and waits for its statement. */
async function ended(sessionKey: string): Promise<JsonRecord> {
  const reset = await consumer.host.rpc('sessions.reset', { key: sessionKey })
  expect(reset.ok).toBe(true)
  return until('the statement', async () => {
    const { statements } = await consumer.call('web3.billing.statements', { sessionKey })
    return list(statements).find(({ status }) => status === 'statement_closed')
  })
}

const plainModel = {
  reasoning: true,
  input: ['text', 'image'],
  cost: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 },
  contextWindow: 128_000,
  maxTokens: 4_096,
}

/** One pixel. */
const dot = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
