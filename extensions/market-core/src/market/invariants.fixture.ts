/** What must hold of a market whatever has happened to it: the rules are those of `market.store.verify`. */
import { expect } from 'vitest'
import type { MarketStore } from '../store/store.ts'
import { verifyRecords } from './verify/verify-records.ts'

/** @throws an assertion that lists each rule that does not hold and the object that breaks it */
export async function checkInvariants(store: MarketStore): Promise<void> {
  const { findings } = await store.read({ as: 'market' }, (tx) => verifyRecords(tx))
  expect(findings.map(({ rule, object, message }) => `${rule} of ${object}: ${message}`)).toEqual([])
}
