/** An outbox over a real store and a real chain, with what it said. For tests. */
import { randomFillSync } from 'node:crypto'
import { onTestFinished } from 'vitest'
import { marketEscrow } from '@openclaw-market/contracts/market-escrow'
import { allCollections } from '@openclaw-market/protocol/entities/all'
import type { ChainJob } from '@openclaw-market/protocol/entities/chain'
import { idSource } from '@openclaw-market/protocol/ids'
import { newDirectory, opened, type Backend } from '../../store/conformance/shelf.ts'
import type { MarketStore } from '../../store/store.ts'
import { openRpc } from '../chain/rpc.ts'
import { chainView } from '../chain/view.ts'
import type { ChainAlert, ChainSigner, OutboxEnvironment, OutboxRules } from './environment.ts'
import type { ChainWish } from './job.ts'
import { localChainId } from './local-chain.fixture.ts'
import { openOutbox, type Outbox } from './outbox.ts'

export const quickRules: OutboxRules = {
  confirmations: 3,
  watchBlocks: 8,
  pollMs: 10,
  longestPauseMs: 100,
  resendMs: 40,
  raiseMs: 60_000,
  inFlight: 8,
}

export interface Running {
  readonly outbox: Outbox
  readonly store: MarketStore
  readonly alerts: ChainAlert[]
  readonly reports: string[]
  /** Statuses of each job, as the books were told. */
  readonly recorded: Map<ChainJob['jobId'], ChainJob['status'][]>
  /** One write, and away with it. */
  want(wish: ChainWish): Promise<ChainJob['jobId']>
}

export interface Setting {
  readonly rpcUrls: readonly string[]
  readonly signers: readonly ChainSigner[]
  readonly rules?: Partial<OutboxRules>
  readonly backend?: Backend
  readonly store?: MarketStore
  readonly now?: () => number
  readonly around?: (env: OutboxEnvironment) => OutboxEnvironment
}

export async function runOutbox(setting: Setting): Promise<Running> {
  const { rpcUrls, signers, now = Date.now } = setting
  const store =
    setting.store ??
    (await opened(setting.backend ?? 'sqlite', { directory: newDirectory(), collections: allCollections }))
  const rpc = openRpc({ chainId: localChainId, rpcUrls, timeoutMs: 2_000 })
  const alerts: ChainAlert[] = []
  const reports: string[] = []
  const recorded: Running['recorded'] = new Map()
  const env: OutboxEnvironment = {
    view: chainView(localChainId, rpc),
    store,
    ids: idSource(Date.now, (bytes) => void randomFillSync(bytes)),
    now,
    rules: { ...quickRules, ...setting.rules },
    abis: [marketEscrow.abi],
    record: async (_tx, { jobId, status }) => {
      recorded.set(jobId, [...(recorded.get(jobId) ?? []), status])
    },
    alert: (alert) => void alerts.push(alert),
    report: (what, error) => void reports.push(`${what}: ${String(error)}`),
  }
  const outbox = openOutbox(setting.around?.(env) ?? env, signers)
  onTestFinished(async () => {
    rpc.close()
    await outbox.stop()
  })
  return {
    outbox,
    store,
    alerts,
    reports,
    recorded,
    async want(wish) {
      const { jobId } = await store.write((tx) => outbox.enqueue(tx, wish))
      outbox.wake()
      return jobId
    },
  }
}
