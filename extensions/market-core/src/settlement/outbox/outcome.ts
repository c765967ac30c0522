/** What a caller may know of a job: it is done, it failed and never happens, or nobody knows yet. */
import type { ChainJob, ChainPlace } from '@openclaw-market/protocol/entities/chain'
import { MarketError } from '@openclaw-market/protocol/errors'

/**
 * What a job waits for.
 * - `turn`: for jobs of its key before it
 * - `blocks`: it is mined, and waits until it is deep enough
 * - `mined`: it was sent
 * - `fees`: its ceiling does not reach for what being mined costs now
 * - `funds`: its key has too little of the chain's own coin
 * - `chain`: no RPC answers, or what it answers contradicts itself
 * - `nonce`: a transaction of its key is missing on the chain, or one too many is there
 * - `person`: the chain went back further than this market waits
 */
export type WaitsFor = 'turn' | 'blocks' | 'mined' | 'fees' | 'funds' | 'chain' | 'nonce' | 'person'

export interface Waiting {
  readonly for: WaitsFor
  readonly message: string
}

export type Outcome =
  | { readonly outcome: 'done'; readonly place: ChainPlace }
  | { readonly outcome: 'failed'; readonly error: MarketError }
  | { readonly outcome: 'unknown'; readonly waiting: Waiting }

export function outcomeOf(job: ChainJob, waiting: Waiting = turn): Outcome {
  switch (job.status) {
    case 'job_queued':
    case 'job_sent':
      return { outcome: 'unknown', waiting }
    case 'job_undone':
      return {
        outcome: 'unknown',
        waiting: { for: 'person', message: 'the chain has gone back behind it, further than was waited for' },
      }
    case 'job_confirmed':
      return job.place === undefined ? broken(job) : { outcome: 'done', place: job.place }
    case 'job_failed':
      return { outcome: 'failed', error: failureOf(job) }
  }
}

const turn: Waiting = { for: 'turn', message: 'jobs of the same key come before it' }

function broken(job: ChainJob): never {
  throw new MarketError('E_INTERNAL', `job ${job.jobId} is confirmed, and nowhere`, {
    hint: 'Have the store verified.',
  })
}

function failureOf({ jobId, failure }: ChainJob): MarketError {
  const error = failure?.error ?? 'nobody knows why'
  const details = { jobId, reason: failure?.reason, error }
  switch (failure?.reason) {
    case 'refused':
      return new MarketError('E_CONFLICT', `the chain would not carry it out: ${error}`, {
        details,
        hint: 'Nothing was sent and no money moved. Mend what it names, then ask for it anew.',
      })
    case 'replaced':
      return new MarketError('E_CONFLICT', `its place was taken: ${error}`, {
        details,
        hint: 'It never happens. Let nothing else use this key, then ask for it anew.',
      })
    case 'reverted':
    case undefined:
      return new MarketError('E_CONFLICT', `the contract has refused it: ${error}`, {
        details,
        hint: 'Only its fee was paid. Mend what it names, then ask for it anew.',
      })
  }
}
