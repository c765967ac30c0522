/** The queue of one key: what is watched, what is on its way, what comes next; one look at the chain after the other. */
import type { ChainJob } from '@openclaw-market/protocol/entities/chain'
import { isMarketError } from '@openclaw-market/protocol/errors'
import { advance, type SentAt } from './advance.ts'
import { begin } from './begin.ts'
import type { ChainSigner, OutboxEnvironment } from './environment.ts'
import type { Look } from './look.ts'
import type { Waiting } from './outcome.ts'
import { jobsIn, watchedJobs } from './records.ts'
import { watch } from './watch.ts'

/** Queued jobs that are looked at in one round: one that waits for its fee holds up none behind it. */
const lookedAt = 32

export class SignerQueue {
  readonly #env: OutboxEnvironment
  readonly #signer: ChainSigner
  readonly #sentAt: SentAt = new Map()
  #waiting = new Map<ChainJob['jobId'], Waiting>()
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> | undefined
  #again = false
  #stopped = false
  #failures = 0

  constructor(env: OutboxEnvironment, signer: ChainSigner) {
    this.#env = env
    this.#signer = signer
  }

  waitingOf(jobId: ChainJob['jobId']): Waiting | undefined {
    return this.#waiting.get(jobId)
  }

  /** Looks now, or once more when it is looking. */
  wake(): void {
    if (this.#stopped) return
    if (this.#running !== undefined) {
      this.#again = true
      return
    }
    clearTimeout(this.#timer)
    this.#again = false
    this.#running = this.#round().finally(() => {
      this.#running = undefined
      if (this.#again) this.wake()
      else this.#rest()
    })
  }

  /** After the step that is under way. */
  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#timer)
    await this.#running
  }

  #rest(): void {
    if (this.#stopped) return
    const { pollMs, longestPauseMs } = this.#env.rules
    const pause = Math.max(pollMs, Math.min(longestPauseMs, pollMs * 2 ** Math.min(this.#failures, 16)))
    this.#timer = setTimeout(() => this.wake(), pause).unref()
  }

  async #round(): Promise<void> {
    try {
      const answered = await this.#look()
      this.#failures = answered ? 0 : this.#failures + 1
    } catch (error) {
      this.#failures++
      if (!isSilence(error)) this.#env.report('outbox', error)
    }
  }

  /** @returns false when the chain answered nothing that was asked */
  async #look(): Promise<boolean> {
    const { view, store, rules } = this.#env
    const of = { chainId: view.chainId, signer: this.#signer.address }
    const waiting = new Map<ChainJob['jobId'], Waiting>()
    const sent = await jobsIn(store, { ...of, status: 'job_sent' }, rules.inFlight + lookedAt)
    const queued = await jobsIn(store, { ...of, status: 'job_queued' }, lookedAt)
    // What was known of it holds until it has been looked at again.
    for (const { jobId } of [...sent, ...queued]) {
      const known = this.#waiting.get(jobId)
      if (known !== undefined) waiting.set(jobId, known)
    }
    if (sent.length + queued.length === 0 && (await watchedJobs(store, of, 1)).length === 0) {
      this.#waiting = waiting
      return true
    }
    let look: Look
    try {
      look = { head: await view.head(), mined: await view.count(of.signer, 'latest') }
      await watch(this.#env, of, look)
    } catch (error) {
      for (const { jobId } of [...sent, ...queued]) waiting.set(jobId, notAsked)
      this.#waiting = waiting
      throw error
    }
    let silent = 0
    const step = async (job: ChainJob, act: () => Promise<Waiting | undefined>): Promise<void> => {
      if (this.#stopped) return
      try {
        const waits = await act()
        if (waits !== undefined) waiting.set(job.jobId, waits)
      } catch (error) {
        waiting.set(job.jobId, notAsked)
        if (isSilence(error)) silent++
        else this.#env.report(`outbox, job ${job.jobId}`, error)
      }
    }
    for (const job of sent) await step(job, () => advance(this.#env, this.#signer, job, look, this.#sentAt))
    this.#waiting = waiting
    let room = rules.inFlight - sent.length
    const [halted] = await jobsIn(store, { ...of, status: 'job_undone' }, 1)
    for (const job of queued) {
      if (room <= 0 || halted !== undefined) break
      await step(job, () => begin(this.#env, this.#signer, job, look))
      if (waiting.get(job.jobId)?.for === 'mined') room--
    }
    if (halted !== undefined)
      for (const { jobId } of queued) waiting.set(jobId, { for: 'person', message: haltedBy(halted) })
    return silent === 0
  }
}

const notAsked: Waiting = { for: 'chain', message: 'the chain could not be asked' }

function haltedBy({ jobId }: ChainJob): string {
  return `nothing new is sent while nobody has looked at job ${jobId}, which the chain has gone back behind`
}

/** The chain, or the store, did not answer: nothing has happened, and it is asked again. */
function isSilence(error: unknown): boolean {
  return isMarketError(error) && error.code === 'E_UNAVAILABLE'
}
