/** Errors as they may leave: our own pass, everything else becomes E_INTERNAL and is named in the log without its text. */
import path from 'node:path'
import { isMarketError, MarketError, type ErrorCode } from '@openclaw-market/protocol/errors'

export type Report = (what: string, error: unknown) => void

export function publicError(error: unknown, what: string, report: Report): MarketError {
  if (isMarketError(error)) return error
  report(what, new MarketError('E_INTERNAL', describeDefect(error)))
  return new MarketError('E_INTERNAL', 'the provider failed for a reason of its own', {
    hint: 'If this goes on, tell the provider which request it was.',
  })
}

/**
 * A defect without what it says: messages and stacks of Node carry addresses, paths and data. Its kind, its code and the
 * line of ours nearest to it are enough to find it.
 */
export function describeDefect(error: unknown): string {
  if (!(error instanceof Error)) return `threw a ${typeof error}`
  const code =
    'code' in error && typeof error.code === 'string' && /^\w{1,64}$/.test(error.code) ? ` ${error.code}` : ''
  const kind = /^\w{1,64}$/.test(error.constructor.name) ? error.constructor.name : 'Error'
  const line = /\(?(?:file:\/\/)?([^\s()]+\.ts):(\d+):\d+\)?/.exec(
    error.stack?.replace(error.message, '') ?? '',
  )
  return `${kind}${code}${line === null ? '' : ` at ${path.basename(line[1] ?? '')}:${line[2]}`}`
}

/** What the market says to a leaseholder. All else (a store that does not write, a delegation that is over) is not its business. */
const saidToCallers: ReadonlySet<ErrorCode> = new Set([
  'E_CONFLICT',
  'E_EXPIRED',
  'E_REVOKED',
  'E_QUOTA_EXCEEDED',
  'E_RATE_LIMITED',
])

/** Why the market did not admit or open a call, as its caller sees it. */
export function refusedByMarket(error: unknown, report: Report): MarketError {
  if (isMarketError(error) && saidToCallers.has(error.code)) return error
  const why = isMarketError(error) ? error.code : describeDefect(error)
  report('admission of a leased call', new MarketError('E_UNAVAILABLE', `the market refused: ${why}`))
  return cannotServe()
}

export function cannotServe(): MarketError {
  return new MarketError('E_UNAVAILABLE', 'the provider cannot serve this lease at present', {
    hint: 'Nothing was billed. Try again in a while, or end the lease; the unused part returns.',
  })
}

/** What became of the call could not be written down: it may have been billed, and it is not repeated. */
export function outcomeUnknown(): MarketError {
  return new MarketError('E_OUTCOME_UNKNOWN', 'the call was made, and its outcome could not be recorded', {
    hint: 'It is settled for what was surely delivered, at the latest when the lease ends or the market restarts. Look at the usage of the lease.',
  })
}
