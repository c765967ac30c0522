/** What the outbox reads from the store and writes to it. */
import {
  ChainJobs,
  ChainNonces,
  ChainTransactions,
  type ChainJob,
  type ChainTransaction,
} from '@openclaw-market/protocol/entities/chain'
import type { ActorId } from '@openclaw-market/protocol/schema/scalars'
import type { ChainJobStatus } from '@openclaw-market/protocol/states/tables'
import type { MarketStore } from '../../store/store.ts'
import type { OutboxEnvironment } from './environment.ts'

const market = { as: 'market' } as const

export function nonceKey(chainId: number, signer: ActorId): string {
  return `${chainId}/${signer}`
}

/** Oldest first. */
export async function jobsIn(
  store: MarketStore,
  where: Pick<ChainJob, 'chainId' | 'signer'> & { readonly status: ChainJobStatus },
  limit: number,
): Promise<readonly ChainJob[]> {
  const page = await store.read(market, (tx) => tx.list(ChainJobs, { where, order: 'oldest', limit }))
  return page.items
}

export async function watchedJobs(
  store: MarketStore,
  where: Pick<ChainJob, 'chainId' | 'signer'>,
  limit: number,
): Promise<readonly ChainJob[]> {
  const page = await store.read(market, (tx) =>
    tx.list(ChainJobs, { where: { ...where, watched: true }, limit }),
  )
  return page.items
}

export function jobBy(store: MarketStore, jobId: ChainJob['jobId']): Promise<ChainJob | undefined> {
  return store.read(market, (tx) => tx.get(ChainJobs, jobId))
}

/** All signed forms of a job, the newest last. There are few: each offers an eighth more, up to a ceiling. */
export async function formsOf(store: MarketStore, { jobId }: ChainJob): Promise<readonly ChainTransaction[]> {
  const page = await store.read(market, (tx) =>
    tx.list(ChainTransactions, { where: { jobId }, limit: 1_000 }),
  )
  return page.items.toSorted((a, b) => a.attempt - b.attempt)
}

export async function nextNonce(store: MarketStore, chainId: number, signer: ActorId): Promise<number> {
  const kept = await store.read(market, (tx) => tx.get(ChainNonces, nonceKey(chainId, signer)))
  return kept?.next ?? 0
}

/** The first form of a job. When this resolves the bytes are on disk, and the nonce is nobody else's. */
export async function writeFirst(store: MarketStore, job: ChainJob, form: ChainTransaction): Promise<void> {
  const key = nonceKey(job.chainId, job.signer)
  await store.write(async (tx) => {
    const kept = await tx.get(ChainNonces, key)
    if (kept === undefined) await tx.insert(ChainNonces, { rev: 0, nonceKey: key, next: form.nonce + 1 })
    else if (form.nonce < kept.next) throw new Error(`nonce ${form.nonce} was given away already`)
    else await tx.update(ChainNonces, { ...kept, next: form.nonce + 1 })
    await tx.insert(ChainTransactions, form)
    await tx.update(ChainJobs, job)
  })
}

/** A further form of a job that is out already. */
export async function writeForm(store: MarketStore, form: ChainTransaction): Promise<void> {
  await store.write((tx) => tx.insert(ChainTransactions, form))
}

/** The job, and what the books say of it, in one write. */
export async function writeJob({ store, record }: OutboxEnvironment, job: ChainJob): Promise<void> {
  await store.write(async (tx) => {
    await tx.update(ChainJobs, job)
    await record?.(tx, job)
  })
}

/** No change that the books need to know of. */
export async function writeQuietly(store: MarketStore, jobs: readonly ChainJob[]): Promise<void> {
  await store.write(async (tx) => {
    for (const job of jobs) await tx.update(ChainJobs, job)
  })
}
