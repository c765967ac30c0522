/**
 * A running market: store and node wallet from their files, and what works over them. Knows nothing of the host; the
 * plugin opens one in the gateway, tests and tools open one by themselves.
 */
import { randomBytes, randomFillSync } from 'node:crypto'
import type { TypedDataDefinition } from 'viem'
import { allCollections } from '@openclaw-market/protocol/entities/all'
import { idSource, type IdSource } from '@openclaw-market/protocol/ids'
import type { BackendFacts, Currency, MarketRules, Prover } from '@openclaw-market/protocol/operation'
import type { ActorId } from '@openclaw-market/protocol/schema/scalars'
import { chainClients, type ChainConfig } from '../keys/chain-clients.ts'
import { openLogKey } from '../keys/log-key.ts'
import { openNodeWallet } from '../keys/node-wallet.ts'
import { openSecretBox, type SecretBox } from '../keys/secret-box.ts'
import { verifySignature } from '../keys/verify.ts'
import { AuditLog } from '../log/audit-log.ts'
import { checkpointFile } from '../log/checkpoint-file.ts'
import { openStore } from '../store/open.ts'
import type { MarketStore } from '../store/store.ts'
import { assembleMarket, type WorkingMarket } from './assemble-market.ts'

export interface MarketOptions {
  readonly backend: MarketStore['backend']
  readonly storeDirectory: string
  readonly keyDirectory: string
  readonly passphraseFile: string
  /** Where the newest checkpoint of the log is kept, outside the store. */
  readonly checkpointFile: string
  readonly chainId: number
  readonly currencies: readonly Currency[]
  readonly chains: readonly ChainConfig[]
  readonly disputeWindowMs: number
  readonly quoteTtlMs: number
  readonly answerTtlMs: number
  /** What went wrong inside and no caller may see. */
  readonly report: (what: string, error: unknown) => void
  /** Milliseconds since the epoch; the machine's clock when absent. */
  readonly now?: () => number
}

export interface Market extends Omit<WorkingMarket, 'recover'> {
  readonly backend: MarketStore['backend']
  readonly address: ActorId
  readonly chainId: number
  readonly ids: IdSource
  rules(): MarketRules
  now(): number
  readonly prover: Prover
  readonly store: MarketStore
  readonly log: AuditLog
  /** What this host's config lets resources be served by. Replaces what was announced before. */
  announceBackends(backends: readonly BackendFacts[]): void
  /** A box for secrets that live in files of their own, sealed by the passphrase file. */
  secretBox(purpose: string): Promise<SecretBox>
  close(): Promise<void>
}

/** Opens it, and settles what the last process left open, before anyone is served. */
export async function openMarket(options: MarketOptions): Promise<Market> {
  const now = options.now ?? Date.now
  const wallet = await openNodeWallet(options)
  const signer = await openLogKey(options)
  const clients = chainClients(options.chains)
  const store = await openStore(options.backend, {
    directory: options.storeDirectory,
    collections: allCollections,
  })
  let backends: ReadonlyMap<string, BackendFacts> = new Map()
  const rules = (): MarketRules => ({
    market: wallet.address,
    chainId: options.chainId,
    currencies,
    backends,
    disputeWindowMs: options.disputeWindowMs,
    quoteTtlMs: options.quoteTtlMs,
    answerTtlMs: options.answerTtlMs,
  })
  const currencies = new Map(options.currencies.map((currency) => [currency.symbol, currency]))
  const prover: Prover = {
    verify: ({ typedData, ...rest }) =>
      verifySignature({ ...rest, clients, typedData: typedData as TypedDataDefinition }),
    verifyMessage: (request) => verifySignature({ ...request, clients }),
    sign: (typedData) => wallet.signTypedData(typedData as TypedDataDefinition),
    newToken: () => `tok_${randomBytes(32).toString('base64url')}`,
  }
  const ids = idSource(now, (bytes) => void randomFillSync(bytes))
  const { report } = options
  const { recover, sweep, ...working } = assembleMarket({ store, rules, now, ids, prover, report })
  const log = new AuditLog({
    store,
    origin: `openclaw-market/${wallet.address.toLowerCase()}`,
    signer,
    file: checkpointFile(options.checkpointFile),
    now,
    report,
  })
  try {
    await log.open()
    await recover()
  } catch (error) {
    await store.close()
    throw error
  }
  const close = async (): Promise<void> => {
    // What happened last is signed while the store is open.
    await log.close().catch((error: unknown) => report('checkpoint', error))
    await store.close()
  }
  let closing: Promise<void> | undefined
  return {
    backend: options.backend,
    address: wallet.address,
    chainId: options.chainId,
    ids,
    rules,
    now,
    ...working,
    async sweep(limit, at) {
      const swept = await sweep(limit, at)
      await log.checkpoint().catch((error: unknown) => report('checkpoint', error))
      return swept
    },
    prover,
    store,
    log,
    announceBackends(announced) {
      backends = new Map(announced.map((facts) => [facts.name, facts]))
    },
    secretBox: (purpose) => openSecretBox({ passphraseFile: options.passphraseFile, purpose }),
    close: () => (closing ??= close()),
  }
}
