/**
 * Looks for a while longer whether the chain keeps what was believed. Going back further than was waited for is never mended
 * silently: what rests on it stands in the books already, and a person must hear of it.
 */
import type { ChainJob } from '@openclaw-market/protocol/entities/chain'
import type { OutboxEnvironment } from './environment.ts'
import { undone, unwatched } from './job.ts'
import type { Look } from './look.ts'
import { watchedJobs, writeJob, writeQuietly } from './records.ts'

/** More than come to their end within the blocks that are watched. */
const most = 1_000

type Placed = ChainJob & { readonly place: NonNullable<ChainJob['place']> }

export async function watch(
  env: OutboxEnvironment,
  of: Pick<ChainJob, 'chainId' | 'signer'>,
  look: Look,
): Promise<void> {
  const jobs = await watchedJobs(env.store, of, most)
  const placed = jobs
    .filter((job): job is Placed => job.place !== undefined)
    .toSorted((a, b) => b.place.blockNumber - a.place.blockNumber)
  // Each block names the one before it: when the newest is there, all are.
  for (const [n, job] of placed.entries()) {
    const there = await env.view.block(job.place.blockNumber)
    // An RPC that lags behind has not gone back.
    if (there === undefined || there.hash === job.place.blockHash) {
      await letGo(env, placed.slice(n), look)
      return
    }
    await writeJob(env, undone(job))
    env.alert({
      kind: 'deep-reorganisation',
      jobId: job.jobId,
      message: `the chain has gone back behind block ${job.place.blockNumber}, further than ${env.rules.confirmations} blocks`,
    })
  }
}

async function letGo(
  { store, rules }: OutboxEnvironment,
  jobs: readonly Placed[],
  { head }: Look,
): Promise<void> {
  const kept = jobs.filter(
    ({ place }) => head.number - place.blockNumber >= rules.confirmations + rules.watchBlocks,
  )
  if (kept.length > 0) await writeQuietly(store, kept.map(unwatched))
}
