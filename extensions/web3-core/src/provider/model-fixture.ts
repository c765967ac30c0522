/** A leased model in front of an upstream that behaves as the test says. */
import { onTestFinished } from 'vitest'
import { openAiCompatBackend } from './backends/openai-compat.ts'
import { upstream, type Handler } from './backends/upstream-fixture.ts'
import type { ProviderEnvironment } from './environment.ts'
import {
  door,
  fundedConsumer,
  lease,
  publish,
  testMarket,
  type Offered,
  type StoreKind,
  type TestMarket,
} from './provider-fixture.ts'

export interface Renting {
  readonly store?: StoreKind
  readonly test?: TestMarket
  readonly prices?: Offered['prices']
  readonly policy?: Offered['policy']
  readonly maxCost?: bigint
  readonly env?: Partial<ProviderEnvironment>
  readonly idleTimeoutMs?: number
}

/** 5 a request, 2 an input token, 10 an output token. */
export const modelPrices = [
  ['request', 5],
  ['input_token', 2],
  ['output_token', 10],
] as const

export async function rentedModel(handler: Handler, renting: Renting = {}) {
  const { store, prices = modelPrices, policy, maxCost, env, idleTimeoutMs } = renting
  const test = renting.test ?? (await testMarket(store))
  const { origin } = await upstream(handler)
  const config = {
    baseUrl: `${origin}/v1`,
    model: 'upstream-model',
    ...(idleTimeoutMs === undefined ? {} : { idleTimeoutMs }),
  }
  const backend = openAiCompatBackend({ config, apiKey: 'key-SECRET', now: () => 1_700_000_000_000 })
  onTestFinished(() => backend.close())
  const at = await door(test, { main: backend }, env)
  const consumer = await fundedConsumer(test)
  const resourceId = await publish(test, {
    kind: 'model',
    prices,
    ...(policy === undefined ? {} : { policy }),
  })
  const leased = await lease(test, consumer, resourceId, maxCost === undefined ? {} : { maxCost })
  return { test, at, consumer, resourceId, leased, backend }
}

export const hello = { messages: [{ role: 'user', content: 'hi' }] }
