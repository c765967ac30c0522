/** The store's errors, each with what to do next. No message carries a path, a value or a backend's own text (DESIGN §15). */
import { MarketError } from '@openclaw-market/protocol/errors'

export function closed(): MarketError {
  return new MarketError('E_UNAVAILABLE', 'the store is closed', {
    hint: 'Open the store again, then repeat the request.',
  })
}

export function busy(): MarketError {
  return new MarketError('E_UNAVAILABLE', 'too many writes are waiting for the store', {
    hint: 'Wait until some of the writes in flight have been answered, then repeat the request.',
  })
}

/** The backend could not make a batch durable, and knows that nothing of it stayed. */
export function notWritten(cause: unknown): MarketError {
  return new MarketError('E_UNAVAILABLE', 'the store could not write; nothing of this request was kept', {
    details: { outcome: 'nothing' },
    hint: 'Look at the space and the health of the disk, then repeat the request.',
    cause,
  })
}

/** The disk failed while a batch was made durable: it may be found there after a restart or not. */
export function outcomeUnknown(cause: unknown): MarketError {
  return new MarketError(
    'E_OUTCOME_UNKNOWN',
    'the disk failed during a commit: whether this write was kept is unknown',
    {
      details: { outcome: 'unknown' },
      hint: 'The store takes no more writes. Mend the disk and restart; then look whether it happened before you repeat it.',
      cause,
    },
  )
}

export function refusing(cause: unknown): MarketError {
  return new MarketError('E_UNAVAILABLE', 'the store takes no writes since the disk failed during a commit', {
    details: { outcome: 'nothing' },
    hint: 'Mend the disk and restart the market; opening the store again reads what is really on disk.',
    cause,
  })
}

/** @param else_ what to do when it is no damage after all */
export function unreadable(what: string, cause?: unknown, else_?: string): MarketError {
  const restore = 'Stop the market, keep a copy of the store directory, and restore the latest backup.'
  return new MarketError('E_UNAVAILABLE', `the store is damaged: ${what}`, {
    hint: else_ === undefined ? restore : `${restore} ${else_}`,
    ...(cause === undefined ? {} : { cause }),
  })
}

export function foreign(what: string, hint: string, cause?: unknown): MarketError {
  return new MarketError('E_UNAVAILABLE', what, { hint, ...(cause === undefined ? {} : { cause }) })
}

/** A mistake of the calling code, not of its user. */
export function misuse(what: string, hint: string): MarketError {
  return new MarketError('E_INTERNAL', what, { hint })
}

export function outgrown(maxBytes: number): MarketError {
  return new MarketError('E_UNAVAILABLE', `the file store holds all it takes: ${maxBytes} bytes of records`, {
    details: { outcome: 'nothing', maxBytes },
    hint: 'Move this market to the sqlite backend, which has no such bound.',
  })
}
