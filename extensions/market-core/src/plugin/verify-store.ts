/** `market.store.verify` as operators call it: what is on disk is what was written, and what was written holds together. */
import { codec } from '@openclaw-market/protocol/schema/codec'
import { mostFindings } from '../market/verify/findings.ts'
import { verifyStore } from '../market/verify/verify-store.ts'
import type { MarketMethod } from './method.ts'

export const verifyStoreMethod: MarketMethod = {
  contract: verifyStore,
  async call(market, json, who) {
    const answer = await market.run(verifyStore, json, who)
    if (!answer.ok) return answer
    const damage = await market.store.findDamage()
    if (damage === undefined) return answer
    const { findings, more, checked } = codec(verifyStore.result).revive(answer)
    const all = [{ rule: 'store.damage', object: market.backend, message: damage }, ...findings]
    const kept = all.slice(0, mostFindings)
    return { ok: true, holds: false, checked, findings: kept, more: more + all.length - kept.length }
  },
}
