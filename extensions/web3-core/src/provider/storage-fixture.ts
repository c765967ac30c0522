/** Leased storage in a folder of its own. */
import { newRoot, storageAt } from './backends/filesystem-fixture.ts'
import {
  door,
  fundedConsumer,
  lease,
  publish,
  testMarket,
  type Offered,
  type StoreKind,
} from './provider-fixture.ts'

export const prices = [
  ['put', 10],
  ['get', 3],
  ['byte', 1],
] as const

export async function storing(
  offered: Partial<Offered> & { readonly store?: StoreKind; readonly maxCost?: bigint } = {},
) {
  const { store, maxCost, ...rest } = offered
  const test = await testMarket(store)
  const root = newRoot()
  const backend = storageAt(root)
  const at = await door(test, { main: backend })
  const consumer = await fundedConsumer(test)
  const resourceId = await publish(test, { kind: 'storage', prices, ...rest })
  const leased = await lease(test, consumer, resourceId, maxCost === undefined ? {} : { maxCost })
  return { test, root, backend, at, consumer, resourceId, leased }
}

export const base64 = (text: string | Uint8Array): string => Buffer.from(text).toString('base64')
export const file = (path: string, text: string | Uint8Array, mime?: string) => ({
  path,
  bytesBase64: base64(text),
  ...(mime === undefined ? {} : { mime }),
})
