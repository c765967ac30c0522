/**
 * The outbox that sends to a chain (DESIGN §9). A job enters it in the write that wants it; from there on this process, or
 * the next, asks the chain, signs, writes down what it signed, sends it, and waits until the chain keeps it.
 */
import { ChainJobs, ChainJobSchema, type ChainJob } from '@openclaw-market/protocol/entities/chain'
import { MarketError } from '@openclaw-market/protocol/errors'
import { codec, type SchemaProblem } from '@openclaw-market/protocol/schema/codec'
import type { ActorId } from '@openclaw-market/protocol/schema/scalars'
import type { WriteTx } from '../../store/store.ts'
import type { ChainSigner, OutboxEnvironment } from './environment.ts'
import { newJob, takenUpAgain, type ChainWish } from './job.ts'
import { outcomeOf, type Outcome } from './outcome.ts'
import { SignerQueue } from './queue.ts'
import { formsOf, jobBy } from './records.ts'

export interface Outbox {
  /**
   * Takes a job in, as part of the write that wants it. `wake` when that write is done.
   * @throws MarketError E_NOT_CONFIGURED when this market has no such key, E_INVALID_ARGUMENT when it is no job, E_CONFLICT
   * when there is one for that purpose.
   */
  enqueue(tx: WriteTx, wish: ChainWish): Promise<ChainJob>
  /** Looks at the chain now instead of a little later. */
  wake(): void
  /** @throws MarketError E_NOT_FOUND */
  outcome(jobId: ChainJob['jobId']): Promise<Outcome>
  /**
   * A person's word on a job that the chain has gone back behind: the very bytes that were signed are sent again, and other
   * jobs of its key go on. @throws MarketError E_CONFLICT when it is not undone
   */
  sendAgain(jobId: ChainJob['jobId']): Promise<void>
  /** Ends after the step that is under way. What is queued or sent is taken up by the next process. */
  stop(): Promise<void>
}

/** Begins at once with what the store has. */
export function openOutbox(env: OutboxEnvironment, signers: readonly ChainSigner[]): Outbox {
  const queues = new Map<ActorId, SignerQueue>()
  for (const signer of signers) queues.set(signer.address, new SignerQueue(env, signer))
  const wake = (): void => {
    for (const queue of queues.values()) queue.wake()
  }
  const existing = async (jobId: ChainJob['jobId']): Promise<ChainJob> => {
    const job = await jobBy(env.store, jobId)
    if (job === undefined) throw unknownJob(jobId)
    return job
  }
  wake()
  return {
    async enqueue(tx, wish) {
      if (!queues.has(wish.signer)) throw noSigner(wish.signer)
      const job = newJob(wish, env.view.chainId, env.ids, env.now())
      const problem = codec(ChainJobSchema).problem(codec(ChainJobSchema).encode(job))
      if (problem !== undefined) throw unfit(problem)
      await tx.insert(ChainJobs, job)
      return job
    },
    wake,
    async outcome(jobId) {
      const job = await existing(jobId)
      return outcomeOf(job, queues.get(job.signer)?.waitingOf(jobId))
    },
    async sendAgain(jobId) {
      const forms = await formsOf(env.store, await existing(jobId))
      await env.store.write(async (tx) => {
        const job = await tx.get(ChainJobs, jobId)
        if (job === undefined) throw unknownJob(jobId)
        const again = takenUpAgain(job, forms.length > 0)
        await tx.update(ChainJobs, again)
        await env.record?.(tx, again)
      })
      wake()
    },
    async stop() {
      await Promise.all([...queues.values()].map((queue) => queue.stop()))
    },
  }
}

function noSigner(signer: ActorId): MarketError {
  return new MarketError('E_NOT_CONFIGURED', `this market has no key for ${signer}`, {
    details: { signer },
    hint: 'Only what this market has a key for can be sent from here.',
  })
}

function unfit({ pointer, rule, message }: SchemaProblem): MarketError {
  return new MarketError('E_INVALID_ARGUMENT', `${pointer}: ${message}`, {
    details: { pointer, rule },
    hint: `Correct ${pointer} of the job.`,
  })
}

function unknownJob(jobId: ChainJob['jobId']): MarketError {
  return new MarketError('E_NOT_FOUND', `there is no job ${jobId}`, { hint: 'Look at its id.' })
}
