/**
 * The brain of one running web3-core: chooses for each turn, and carries out the requests of the turns that it got. Whatever
 * goes wrong in here ends in the owner's own choice: a failure of ours never breaks the conversation (DESIGN §12).
 */
import { randomUUID } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { isMarketError } from '@openclaw-market/protocol/errors'
import { takeCallSpend } from '../consumer/budget.ts'
import type { Web3 } from '../plugin/web3.ts'
import { estimateTokens } from '../provider/backends/count-tokens.ts'
import { callOf } from './auto-lease.ts'
import { demandOf, keepBill, type Made } from './bill.ts'
import type { BrainConfig } from './brain-config.ts'
import { fellBackStatus, firstStatus, servedStatus, statusOf, type BrainStatus } from './brain-status.ts'
import { choosing, type Decision } from './choosing.ts'
import type { RunBegun } from './choice.ts'
import { passOn, tryLease, type Failed } from './leased-call.ts'
import { relay, type Relayed, type Ticket } from './relay.ts'
import { senders } from './senders.ts'
import { endSession, type SessionEnd } from './session-end.ts'
import { tap, type Tap } from './tap.ts'

/** Plain data and functions only: the host's hooks and its stream run in another instance of this module. */
export interface Brain {
  readonly config: BrainConfig | undefined
  /** Whether the leased model answers this turn. Within its deadline, and never rejects. */
  choose(run: RunBegun): Promise<boolean>
  /** What the host proves of a run when it is about to reach the model. */
  proved(run: Pick<RunBegun, 'runId' | 'sessionKey' | 'channel' | 'senderId'>, owner: boolean): void
  /** The turn that was last chosen for in this session of the host. */
  turn(sessionId: string): RunBegun | undefined
  /** For one request of the model client. */
  open(sessionId: string): Promise<LeasedRequest>
  /** A conversation is over, in the host's words. */
  sessionEnded(end: SessionEnd): Promise<void>
  /** The leased model did not answer; the owner's has. */
  fellBack(): void
  status(): BrainStatus
  close(): Promise<void>
}

export interface LeasedRequest extends Ticket {
  /** What has passed so far, by our own count. */
  counted(): { readonly input: number; readonly output: number }
}

export interface BrainOptions {
  readonly config: BrainConfig | undefined
  /** Whether the host asks us before a turn. */
  readonly asked: boolean
  readonly stopping: AbortSignal
  /** Something has been written down that is to be carried out. */
  readonly soon: () => void
}

const deadlineMs = 2_000
const mostTurns = 5_000
/** A provider whose answer broke off is not begun with for a while. */
const brokenRestMs = 60_000
const tooLate: Decision = { choice: { source: 'owner', reason: 'unreachable' } }

export function openBrain(web3: () => Web3, { config, asked, stopping, soon }: BrainOptions): Brain {
  const known = senders()
  const turns = new Map<string, RunBegun>()
  const chooses = choosing(web3, config, known)
  const door = relay((what, error) => web3().report(what, error))
  const billing = new Set<Promise<void>>()
  let last = firstStatus(config?.enabled === true, asked)

  /** Tries one lease after the other until one has answered. */
  const carryOut =
    (run: RunBegun | undefined, reading: Tap, asked: (bytes: number) => void): Relayed =>
    async (body, response, left) => {
      asked(body.byteLength)
      const signal = AbortSignal.any([left, stopping])
      const inBackground = (doing: Promise<void>): void => {
        const work = doing
          .catch((error: unknown) => web3().report('the bill of a leased call', error))
          .then(() => void billing.delete(work))
        billing.add(work)
      }
      const bill = (made: Pick<Made, 'entry' | 'requestId' | 'passed' | 'spend'>): void =>
        inBackground(keepBill(web3(), { ...made, body, run }, stopping))
      if (run === undefined) return unserved(response)
      const decision = await chooses.answering(run)
      let failed: Failed | undefined
      let overBudget = false
      for (const entry of decision.entries) {
        const requestId = randomUUID()
        const spend = await takeCallSpend(callOf(web3(), run), entry, requestId, demandOf(body)).catch(
          noBudget,
        )
        if (spend === undefined) {
          overBudget = true
          continue
        }
        const answer = await tryLease(web3(), entry, requestId, body, signal)
        if ('standing' in answer) {
          if (answer.unknown) bill({ ...answer, spend, passed: tap().end() })
          else if (answer.claimed === undefined) await spend.settle(0n)
          else inBackground(spend.refused(answer.claimed))
          if (signal.aborted) return unserved(response)
          chooses.stands.rest(entry.leaseId, answer.restMs, answer.standing)
          failed = answer
          continue
        }
        last = servedStatus(entry)
        const { silenceMs } = web3().patience
        const passed = await passOn(answer, response, { reading, silenceMs }, signal)
        if (!passed.whole && !signal.aborted) chooses.stands.rest(entry.leaseId, brokenRestMs, 'unreachable')
        bill({ ...answer, spend, passed })
        return
      }
      const reason = failed?.standing ?? (overBudget ? 'budget' : undefined)
      last = statusOf(reason === undefined ? decision : { choice: { source: 'owner', reason } }, run)
      unserved(response)
    }

  return {
    config,
    async choose(run) {
      turns.delete(run.sessionId)
      turns.set(run.sessionId, run)
      const [oldest] = turns.keys()
      if (turns.size > mostTurns && oldest !== undefined) turns.delete(oldest)
      const decision = await within(deadlineMs, chooses.decide(run), tooLate).catch((error: unknown) => {
        web3().report('choosing a brain', error)
        return tooLate
      })
      last = statusOf(decision, run)
      return decision.choice.source === 'leased'
    },
    proved: (run, owner) => known.proved(run, owner),
    turn: (sessionId) => turns.get(sessionId),
    async open(sessionId) {
      const reading = tap()
      let asked = 0
      const work = carryOut(turns.get(sessionId), reading, (bytes) => (asked = bytes))
      const ticket = await door.issue(work)
      const counted = () => ({ input: estimateTokens(asked), output: estimateTokens(reading.delivered()) })
      return { ...ticket, counted }
    },
    async sessionEnded(end) {
      if (await endSession(web3(), end)) soon()
    },
    fellBack: () => void (last = fellBackStatus(last)),
    status: () => last,
    async close() {
      await door.close()
      await Promise.all(billing)
    },
  }
}

async function within<T>(ms: number, work: Promise<T>, otherwise: T): Promise<T> {
  const early = new AbortController()
  // What comes too late still counts for the next turn; that it fails then is nobody's trouble.
  work.catch(() => undefined)
  const late = sleep(ms, otherwise, { signal: early.signal })
  late.catch(() => undefined)
  try {
    return await Promise.race([work, late])
  } finally {
    early.abort()
  }
}

/** What its budget does not let it spend, a run does not spend; all else is not expected here. */
function noBudget(error: unknown): undefined {
  if (!isMarketError(error)) throw error
  return undefined
}

function unserved(response: ServerResponse): void {
  if (response.destroyed) return
  response.writeHead(503, { 'content-type': 'application/json', 'x-should-retry': 'false' })
  response.end(JSON.stringify({ error: { message: 'no lease serves', code: 'E_UNAVAILABLE' } }))
}
