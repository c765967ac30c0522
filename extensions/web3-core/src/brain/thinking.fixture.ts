/** A gateway whose agents may think with models of its own market, over upstreams that the test holds in its hand. */
import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { given } from '@openclaw-market/market-core'
import { newResourceId, outsideWallet } from '../plugin/outside-wallet.fixture.ts'
import type { RunningWorld } from '../plugin/running-world.fixture.ts'
import { good, offerOf, temporaryHome, testWorld, type Json } from '../plugin/world.fixture.ts'
import { bodyOf, upstream } from '../provider/backends/upstream-fixture.ts'
import type { RunBegun } from './choice.ts'

export interface Model {
  readonly resourceId: string
  /** Of its upstream. */
  readonly baseUrl: string
  readonly asked: readonly Json[]
  answer(...pieces: readonly string[]): void
  answerSlowly(pauseMs: number, ...pieces: readonly string[]): void
  /** From then on its connection ends there. */
  breakAfter(...pieces: readonly string[]): void
  /** From then on it says nothing more, and holds its connection; without pieces it does not even begin. */
  fallSilentAfter(...pieces: readonly string[]): void
}

export interface Thinker {
  readonly world: RunningWorld
  readonly models: readonly [Model, Model]
  lease(model: Model, more?: Json): Promise<string>
  leases(): Promise<readonly Json[]>
  /** One request of the host's client for the turn that was chosen last in that session. */
  ask(
    sessionId: string,
  ): Promise<{ readonly status: number; readonly text: string; readonly headers: Headers }>
  /** What the owner's summary says of it. */
  says(): Promise<unknown>
}

export const owners: RunBegun = {
  sessionId: 's',
  sessionKey: 'agent:main:a',
  agentId: 'main',
  derived: false,
}
export const sentBy = (runId: string): RunBegun => ({
  ...owners,
  runId,
  channel: 'chat',
  senderId: 'somebody',
})

export const lock = '200000'
export const perCall = '100'
export const hour = 3_600_000

export interface Thinking {
  readonly store?: 'sqlite' | 'file'
  /** Which models may be leased by itself; none when absent. */
  readonly leases?: readonly (0 | 1 | 'unknown')[]
  readonly maxLeases?: number
  /** Of its config, beside what it leases. */
  readonly brain?: Json
  readonly patience?: Json
  readonly funds?: bigint
  readonly markets?: readonly Json[]
  /** Which models cost `perCall` and nothing else. */
  readonly byCall?: readonly (0 | 1)[]
  readonly maxRequestsPerMinute?: number
}

export async function thinker(of: Thinking = {}): Promise<Thinker> {
  const {
    store = 'sqlite',
    leases = [],
    maxLeases,
    brain: more = {},
    patience,
    funds = 10_000_000n,
    markets,
    byCall = [],
    maxRequestsPerMinute,
  } = of
  const account = privateKeyToAccount(generatePrivateKey())
  const [first, second] = [await heldModel(), await heldModel()]
  const backend = (baseUrl: string) => ({
    driver: 'openai-compat',
    baseUrl,
    model: 'up-1',
    publishers: [account.address],
  })
  const pair = [first, second]
  const autoLease = {
    resourceIds: leases.map((at) => (at === 'unknown' ? newResourceId() : pair[at]?.resourceId)),
    maxCost: lock,
    ttlMs: hour,
    ...given({ maxLeases }),
  }
  const world = await testWorld({
    home: await temporaryHome(),
    store,
    config: {
      provider: { backends: { first: backend(first.baseUrl), second: backend(second.baseUrl) } },
      brain: { enabled: true, allow: ['*'], ...(leases.length === 0 ? {} : { autoLease }), ...more },
      ...given({ markets, model: patience }),
    },
  })
  const seller = outsideWallet(world, account)
  for (const [at, { resourceId }] of pair.entries()) {
    const name = at === 0 ? 'first' : 'second'
    const prices = byCall.some((each) => each === at)
      ? [{ unit: 'request', amount: perCall, per: '1', currency: 'USDC' }]
      : undefined
    const delegation = await seller.delegation(resourceId, name)
    const policy = { allowTools: true, maxTokens: 2_000, ...given({ maxRequestsPerMinute }) }
    const terms = { backend: name, resourceId, delegation, policy, ...given({ prices }) }
    good((await seller.api('web3.resources.publish', offerOf('model', terms))).body)
  }
  if (funds > 0n) await world.fund(world.market.address, funds)
  const { brain } = world.running.web3
  return {
    world,
    models: [first, second],
    async lease({ resourceId }, more = {}) {
      const wish = { resourceId, ttlMs: hour, maxCost: lock, ...more }
      return String(good(await world.call('web3.resources.lease', wish))['leaseId'])
    },
    leases: async () => good(await world.call('web3.resources.leases'))['leases'] as Json[],
    async ask(sessionId) {
      const { baseUrl, apiKey } = await brain.open(sessionId)
      const response = await fetch(`${baseUrl}/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
        body: JSON.stringify({
          model: 'leased',
          messages: [{ role: 'user', content: 'Who?' }],
          max_tokens: 100,
          stream: true,
          stream_options: { include_usage: true },
        }),
      })
      const text = await response.text().catch(() => 'broke off')
      return { status: response.status, text, headers: response.headers }
    },
    says: async () => good(await world.call('web3.status.summary'))['brain'],
  }
}

async function heldModel(): Promise<Model> {
  const asked: Json[] = []
  let pieces: readonly string[] = ['Yes.']
  let pauseMs = 0
  let then: 'ends' | 'breaks' | 'waits' = 'ends'
  const { origin } = await upstream(async (request, response) => {
    asked.push((await bodyOf(request)) as Json)
    if (then === 'waits' && pieces.length === 0) return
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    for (const piece of pieces) {
      event(response, { choices: [{ index: 0, delta: { content: piece }, finish_reason: null }] })
      if (pauseMs > 0) await sleep(pauseMs)
    }
    if (then === 'waits') return
    if (then === 'breaks') return void request.socket.end()
    event(response, { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] })
    event(response, { choices: [], usage: { prompt_tokens: 12, completion_tokens: 3, total_tokens: 15 } })
    response.end('data: [DONE]\n\n')
  })
  return {
    resourceId: newResourceId(),
    baseUrl: `${origin}/v1`,
    asked,
    answer: (...as) => void ([pieces, then, pauseMs] = [as, 'ends', 0]),
    answerSlowly: (ms, ...as) => void ([pieces, then, pauseMs] = [as, 'ends', ms]),
    breakAfter: (...as) => void ([pieces, then] = [as, 'breaks']),
    fallSilentAfter: (...as) => void ([pieces, then] = [as, 'waits']),
  }
}

function event(response: ServerResponse, more: Json): void {
  const head = { id: 'chatcmpl-up', object: 'chat.completion.chunk', created: 1_700_000_000, model: 'up-1' }
  response.write(`data: ${JSON.stringify({ ...head, ...more })}\n\n`)
}
