/** Operations over a store that is given, with a clock, ids and a prover of the gate's own: the same again from the same seed. */
import { generateKeyPairSync, sign } from 'node:crypto'
import { idSource } from '@openclaw-market/protocol/ids'
import type { MarketRules, Prover } from '@openclaw-market/protocol/operation'
import type { Principal } from '@openclaw-market/protocol/principal'
import { codec } from '@openclaw-market/protocol/schema/codec'
import { ActorId } from '@openclaw-market/protocol/schema/scalars'
import { assembleMarket } from '../../extensions/market-core/src/plugin/assemble-market.ts'
import type { Market } from '../../extensions/market-core/src/plugin/open-market.ts'
import type { MarketStore } from '../../extensions/market-core/src/store/store.ts'
import { AuditLog } from '../../extensions/market-core/src/log/audit-log.ts'
import { diceOf } from '../run.ts'

export const answerTtlMs = 60_000
export const windowMs = 600_000
export const startsAt = Date.parse('2026-03-01T12:00:00.000Z')
export const market = codec(ActorId).decode(`0x${'9'.repeat(40)}`)
export const operator: Principal = { kind: 'operator', actorId: market }
export const node: Principal = { kind: 'node', actorId: market, owner: true }

export interface BareMarket extends Market {
  readonly clock: { now: number }
}

/** Believes every signature: who signed is not what is searched here. */
const prover: Prover = {
  verify: async () => true,
  verifyMessage: async () => true,
  sign: async () => `0x${'5'.repeat(130)}`,
  newToken: () => `tok_${'t'.repeat(43)}`,
}

const pair = generateKeyPairSync('ed25519')
const signer = {
  publicKey: pair.publicKey.export({ format: 'der', type: 'spki' }).subarray(-32),
  sign: (message: Uint8Array) => sign(null, message, pair.privateKey),
}
const nowhere = { read: () => undefined, write: () => undefined }

const kinds = { llm: 'model', web: 'search', disk: 'storage', worker: 'agent' } as const

/** @param publishers who, besides the market, may publish over each backend */
export function bareMarket(store: MarketStore, seed = 1, publishers: readonly ActorId[] = []): BareMarket {
  const clock = { now: startsAt }
  const dice = diceOf(seed)
  const ids = idSource(
    () => clock.now,
    (bytes) => {
      for (let i = 0; i < bytes.length; i++) bytes[i] = dice.below(256)
    },
  )
  const currencies = ['USDC', 'EURC'].map((symbol) => [symbol, { symbol, decimals: 6 }] as const)
  const backends = Object.entries(kinds).map(([name, kind]) => [name, { name, kind, publishers }] as const)
  const rules: MarketRules = {
    market,
    chainId: 31_337,
    currencies: new Map(currencies),
    backends: new Map(backends),
    disputeWindowMs: windowMs,
    quoteTtlMs: 300_000,
    answerTtlMs,
  }
  const report = (what: string, error: unknown): void => {
    throw new Error(`the market reports a defect of ${what}`, { cause: error })
  }
  const now = (): number => clock.now
  const { recover: _recover, ...working } = assembleMarket({
    store,
    rules: () => rules,
    now,
    ids,
    prover,
    report,
  })
  return {
    ...working,
    backend: store.backend,
    address: market,
    chainId: rules.chainId,
    ids,
    rules: () => rules,
    now,
    prover,
    store,
    log: new AuditLog({ store, origin: 'a.market/log', signer, file: nowhere, now, report }),
    announceBackends: () => undefined,
    secretBox: () => Promise.reject(new Error('there is no passphrase here')),
    close: () => store.close(),
    clock,
  }
}
