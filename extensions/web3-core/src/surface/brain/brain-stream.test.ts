/** The host's own client of OpenAI's protocol over the stream that the plugin registers, down to the upstream. */
import type { Context, Model, Options } from 'openclaw/plugin-sdk/llm'
import { expect, it, onTestFinished, vi } from 'vitest'
import { lock, owners, thinker, type Model as Upstream, type Thinker } from '../../brain/thinking.fixture.ts'
import { good } from '../../plugin/world.fixture.ts'
import { brainStream } from './brain-stream.ts'

const none = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 }
const plain = { reasoning: false, input: ['text'], cost: none, contextWindow: 128_000, maxTokens: 1_000 }
const model: Model = {
  id: 'leased',
  name: 'Leased model',
  provider: 'web3',
  api: 'openai-completions',
  baseUrl: 'http://127.0.0.1:9/leased',
  reasoning: true,
  input: ['text'],
  cost: none,
  contextWindow: 128_000,
  maxTokens: 1_000,
}
const context: Context = { messages: [{ role: 'user', content: 'Who?', timestamp: 0 }] }

/** With a model of the owner's own. */
const configOf = ({ baseUrl }: Upstream) => ({
  models: {
    providers: {
      own: {
        baseUrl,
        api: 'openai-completions',
        apiKey: 'none',
        models: [{ id: 'plain', name: 'plain', ...plain }],
      },
    },
  },
})

/** The answer of a turn, as the host shows it. */
async function turn(options: Options = {}, config: object = {}) {
  const stream = await brainStream({ provider: 'web3', modelId: 'leased', model, config })?.(model, context, {
    sessionId: 's',
    ...options,
  })
  if (stream === undefined) throw new Error('no stream')
  return stream.result()
}

async function leased(): Promise<Thinker> {
  const made = await thinker()
  await made.lease(made.models[0])
  await made.world.running.web3.brain.choose(owners)
  return made
}

it('tells the provider nothing of who asks', async () => {
  const { models } = await leased()
  const identity = {
    user: 'owner@example.com',
    metadata: { session: 's' },
    prompt_cache_key: 'key-of-owner',
    safety_identifier: 'owner',
    store: true,
  }
  const calls = vi.spyOn(globalThis, 'fetch')
  onTestFinished(() => calls.mockRestore())
  const answer = await turn({ onPayload: (payload) => ({ ...(payload as object), ...identity }) })
  expect(answer).toMatchObject({ content: [{ type: 'text', text: 'Yes.' }], stopReason: 'stop' })
  expect(models[0].asked).toHaveLength(1)
  // By the wire, since a provider that is honest passes no more on.
  const sent = calls.mock.calls.filter(
    ([to]) => typeof to === 'string' && to.endsWith('/web3/resources/model/chat'),
  )
  const bodies = sent.map(([, how]) => Buffer.from(how?.body as Uint8Array).toString())
  expect(bodies).toEqual([expect.stringContaining('Who?')])
  for (const name of Object.keys(identity)) expect(bodies[0]).not.toContain(`"${name}":`)
})

it('ends cleanly with what was received', async () => {
  const { models } = await leased()
  models[0].breakAfter('The tide')
  const { usage, ...answer } = await turn()
  expect(answer).toMatchObject({ content: [{ type: 'text', text: 'The tide' }], stopReason: 'stop' })
  // What nobody has told is our own count.
  expect([usage.input > 0, usage.output > 0]).toEqual([true, true])
})

it('what an allowance does not cover is answered by the owner’s own model, and it is said why', async () => {
  const { world, models, lease, says } = await thinker()
  const [own, rented] = models
  await lease(rented, { maxCost: lock })
  own.answer('The own', ' model.')
  good(
    await world.call('web3.billing.policy.set', {
      allow: { per: 'day', currency: 'USDC', limit: '10', above: 'refuse', whose: { agentId: 'worker' } },
    }),
  )
  const run = { ...owners, sessionKey: 'agent:worker:a', agentId: 'worker', ownModel: 'own/plain' }
  expect(await world.running.web3.brain.choose(run)).toBe(true)
  const answer = await turn({}, configOf(own))
  expect(answer).toMatchObject({ content: [{ type: 'text', text: 'The own model.' }], provider: 'own' })
  expect(rented.asked).toEqual([])
  expect(await says()).toMatchObject({
    source: 'owner',
    reason: 'the budget does not let this run use the lease',
  })
})

it('what breaks off before a word is answered by the owner’s own model, and it is said why', async () => {
  const { world, models, lease, says } = await thinker()
  const [own, rented] = models
  await lease(rented)
  own.answer('The own', ' model.')
  rented.breakAfter('')
  await world.running.web3.brain.choose({ ...owners, ownModel: 'own/plain' })
  expect(await turn({}, configOf(own))).toMatchObject({
    content: [{ type: 'text', text: 'The own model.' }],
    stopReason: 'stop',
  })
  expect(rented.asked).toHaveLength(1)
  expect(await says()).toMatchObject({ source: 'owner', reason: expect.stringContaining('broke off') })
})

it('leaves no ticket behind of a turn that its owner has stopped', async () => {
  const { world, models } = await leased()
  const opened = vi.spyOn(world.running.web3.brain, 'open')
  expect(await turn({ signal: AbortSignal.abort() })).toMatchObject({ stopReason: 'aborted' })
  const [request] = opened.mock.results
  if (request?.type !== 'return') throw new Error('nothing was opened')
  const { baseUrl, apiKey } = await request.value
  const headers = { authorization: `Bearer ${apiKey}` }
  const response = await fetch(`${baseUrl}/chat/completions`, { method: 'POST', headers, body: '{}' })
  expect([response.status, models[0].asked]).toEqual([404, []])
})

it('asks nobody in the place of a turn that its owner has stopped', async () => {
  expect(await turn({ signal: AbortSignal.abort() })).toMatchObject({ content: [], stopReason: 'aborted' })
})

it('says what is missing where there is no other model', async () => {
  const { world } = await thinker()
  await world.running.web3.brain.choose({ ...owners, ownModel: 'web3/leased' })
  expect(await turn()).toMatchObject({
    stopReason: 'error',
    errorMessage: expect.stringContaining('brain.fallbackModel'),
  })
})
