/**
 * A call with a whole answer: admitted, opened, worked, billed, and only then sent. Whatever happens on the way, the call
 * is finished exactly once, or what could not be written down is said to be unknown.
 *
 * A caller that leaves: work that changes something runs to its end; so does work whose request id the caller chose, since
 * it can come back for the answer. Any other is stopped, and billed nothing, for nothing was delivered.
 */
import { createHash } from 'node:crypto'
import type { AdmittedCall, Demand, FinishedCall } from '@openclaw-market/market-core'
import { errorCodes, isMarketError, MarketError } from '@openclaw-market/protocol/errors'
import { errorAnswer, type Answer } from './answer.ts'
import { billingHeaders } from './billing-headers.ts'
import { callerLeft, callStop, type CallStop } from './call-stop.ts'
import type { Serving } from './environment.ts'
import type { Exchange, Made, WholeJob } from './exchange.ts'
import { describeDefect, outcomeUnknown, publicError, refusedByMarket } from './faults.ts'

/** @throws MarketError when the call was not opened, or its outcome is unknown. */
export async function serveWhole(serving: Serving, exchange: Exchange, job: WholeJob): Promise<Answer> {
  const call = await admit(serving, exchange, job.demand)
  const stop = callStop(exchange.policy.maxCallMs)
  const left = (): void => stop.abort(callerLeft())
  if (!job.changes && !exchange.chosen) {
    exchange.response.once('close', left)
    if (exchange.response.destroyed) left()
  }
  try {
    const running = job.changes ? undefined : attempt(job, call, stop)
    await opened(serving, call, stop, running)
    const settle = async (): Promise<Answer> => {
      const made = await (running ?? attempt(job, call, stop))
      return made instanceof Error
        ? failed(serving, exchange, call, made)
        : done(serving, exchange, call, made)
    }
    const answer = await (job.inTurn?.(settle) ?? settle())
    if (exchange.chosen)
      serving.replays.keep(exchange.lease.leaseId, exchange.requestId, exchange.bodyHash, answer)
    return answer
  } finally {
    exchange.response.off('close', left)
    stop.over()
  }
}

export async function admit({ report }: Serving, exchange: Exchange, demand: Demand): Promise<AdmittedCall> {
  const { market, lease, requestId, chosen, bodyHash } = exchange
  try {
    return await market.gate.admit({ leaseId: lease.leaseId, requestId, mayRepeat: chosen, bodyHash, demand })
  } catch (error) {
    throw refusedByMarket(error, report)
  }
}

/** @throws when the call was not opened: what runs is stopped, and there is nothing to finish. */
export async function opened(
  { report }: Serving,
  call: AdmittedCall,
  stop: CallStop,
  running?: Promise<unknown>,
): Promise<void> {
  try {
    await call.opened
  } catch (error) {
    stop.abort(
      new MarketError('E_UNAVAILABLE', 'the call was not opened', {
        hint: 'Nothing was billed. Send it again.',
      }),
    )
    await running
    throw refusedByMarket(error, report)
  }
}

/** Never rejects, since it may fail while nobody waits for it yet. */
async function attempt(job: WholeJob, call: AdmittedCall, { signal }: CallStop): Promise<Made | Error> {
  try {
    return await job.run(call, signal)
  } catch (error) {
    return error instanceof Error ? error : new Error('thrown')
  }
}

async function done(serving: Serving, exchange: Exchange, call: AdmittedCall, made: Made): Promise<Answer> {
  const { answer, usage, storedBytes } = made
  const responseHash = createHash('sha256').update(answer.body).digest('hex')
  const bill = await finish(serving, call, {
    usage,
    outcome: 'done',
    responseHash,
    ...(storedBytes === undefined ? {} : { storedBytes }),
  })
  return { ...answer, headers: { ...answer.headers, ...billingHeaders(exchange.lease, bill, usage) } }
}

/** The answer of a call that delivered nothing, and so is billed nothing. */
export async function failed(
  serving: Serving,
  exchange: Exchange,
  call: AdmittedCall,
  error: Error,
): Promise<Answer> {
  const failure = publicError(error, 'a leased call', serving.report)
  const bill = await finish(serving, call, { usage: {}, outcome: 'failed' })
  const answer = errorAnswer(
    exchange.chosen ? keptFailure(failure) : failure,
    exchange.dialect,
    exchange.chosen,
  )
  return { ...answer, headers: { ...answer.headers, ...billingHeaders(exchange.lease, bill, {}) } }
}

/** The same request again brings this answer again, so the way on is another. */
function keptFailure(error: MarketError): MarketError {
  if (errorCodes[error.code].retry !== 'same-request') return error
  return new MarketError(error.code, error.message, {
    ...(error.details === undefined ? {} : { details: error.details }),
    hint: 'Nothing was billed. This request id keeps this answer: to try again, use a new one.',
  })
}

/** @throws MarketError E_OUTCOME_UNKNOWN: the call stays open in the store, and is settled when the market next starts. */
export async function finish(
  serving: Serving,
  call: AdmittedCall,
  end: FinishedCall,
): Promise<{ readonly cost: bigint; readonly seq: number }> {
  try {
    return await call.finish(end)
  } catch (error) {
    const why = isMarketError(error) ? error.code : describeDefect(error)
    serving.report(
      'the end of a leased call',
      new MarketError('E_OUTCOME_UNKNOWN', `call ${call.callId}: ${why}`),
    )
    throw outcomeUnknown()
  }
}
