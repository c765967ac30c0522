/** Jobs as they are made and as they move on. Pure. */
import type { ChainFailure, ChainJob, ChainPlace } from '@openclaw-market/protocol/entities/chain'
import type { IdSource } from '@openclaw-market/protocol/ids'
import { transition } from '@openclaw-market/protocol/states/machine'
import { chainJobMachine, type ChainJobStatus } from '@openclaw-market/protocol/states/tables'

/** What is to be done on the chain. */
export type ChainWish = Pick<
  ChainJob,
  'signer' | 'to' | 'data' | 'value' | 'gasCeiling' | 'purpose' | 'effect' | 'mark'
>

export function newJob(wish: ChainWish, chainId: number, ids: IdSource, now: number): ChainJob {
  return {
    rev: 0,
    jobId: ids.next('job'),
    chainId,
    ...wish,
    status: 'job_queued',
    watched: false,
    createdAt: now,
  }
}

export function sent(job: ChainJob): ChainJob {
  return { ...job, status: become(job, 'job_sent') }
}

/** The chain has done it, at this place. It is looked at for a while longer. */
export function confirmed(job: ChainJob, place: ChainPlace, now: number): ChainJob {
  return { ...job, status: become(job, 'job_confirmed'), place, watched: true, settledAt: now }
}

/** It has not happened, and by this job never will. @param place of what says so; what was never signed has none */
export function failed(job: ChainJob, failure: ChainFailure, now: number, place?: ChainPlace): ChainJob {
  const where = place === undefined ? {} : { place, watched: true }
  return { ...job, status: become(job, 'job_failed'), failure, ...where, settledAt: now }
}

/** The chain has gone back behind it, further than was waited for. */
export function undone(job: ChainJob): ChainJob {
  return { ...job, status: become(job, 'job_undone'), watched: false }
}

/** By a person's word: what was signed is sent again, and looked for; what never was is begun again. */
export function takenUpAgain(job: ChainJob, signed: boolean): ChainJob {
  const { place: _place, failure: _failure, settledAt: _settledAt, ...rest } = job
  return { ...rest, status: become(job, signed ? 'job_sent' : 'job_queued') }
}

/** The chain keeps it. */
export function unwatched(job: ChainJob): ChainJob {
  return { ...job, watched: false }
}

function become(job: ChainJob, status: ChainJobStatus): ChainJobStatus {
  return transition(chainJobMachine, job.status, status, `job ${job.jobId}`)
}
