/**
 * The error vocabulary of the market (DESIGN §14). A code is a promise: its HTTP status and its retry class are the
 * same on every surface, and an operation can only end in the codes that it declares.
 */

/**
 * What a caller may do after an error.
 * - `never`: the same wish will not be granted; change the plan.
 * - `same-request`: nothing happened; the same request may be sent again.
 * - `after-fix`: nothing happened; mend what the message names, then send again.
 * - `unknown-outcome`: it may have happened; repeat only with the same idempotency key or request id.
 */
export type RetryClass = 'never' | 'same-request' | 'after-fix' | 'unknown-outcome'

export const errorCodes = {
  E_INVALID_ARGUMENT: { http: 400, retry: 'after-fix' },
  E_AUTH_REQUIRED: { http: 401, retry: 'after-fix' },
  E_INSUFFICIENT_FUNDS: { http: 402, retry: 'after-fix' },
  E_QUOTA_EXCEEDED: { http: 402, retry: 'never' },
  E_FORBIDDEN: { http: 403, retry: 'never' },
  E_APPROVAL_REQUIRED: { http: 403, retry: 'after-fix' },
  E_NOT_FOUND: { http: 404, retry: 'never' },
  E_CONFLICT: { http: 409, retry: 'never' },
  E_EXPIRED: { http: 410, retry: 'never' },
  E_REVOKED: { http: 410, retry: 'never' },
  E_PAYLOAD_TOO_LARGE: { http: 413, retry: 'after-fix' },
  E_UNSUPPORTED_MEDIA: { http: 415, retry: 'after-fix' },
  E_RATE_LIMITED: { http: 429, retry: 'same-request' },
  E_INTERNAL: { http: 500, retry: 'unknown-outcome' },
  E_OUTCOME_UNKNOWN: { http: 500, retry: 'unknown-outcome' },
  E_UNAVAILABLE: { http: 503, retry: 'same-request' },
  E_NOT_CONFIGURED: { http: 503, retry: 'after-fix' },
  E_TIMEOUT: { http: 504, retry: 'same-request' },
} as const satisfies Record<string, { http: number; retry: RetryClass }>

export type ErrorCode = keyof typeof errorCodes

/** Codes that any operation may end in, whatever it does; descriptors list them with the operation's own. */
export const universalErrors = [
  'E_INVALID_ARGUMENT',
  'E_UNAVAILABLE',
  'E_NOT_CONFIGURED',
  'E_OUTCOME_UNKNOWN',
  'E_INTERNAL',
] as const

export type ErrorDetails = Readonly<Record<string, unknown>>

export interface Failure {
  readonly ok: false
  readonly error: ErrorCode
  readonly message: string
  readonly details?: ErrorDetails
  readonly hint?: string
}

export type Success<R extends object> = { readonly ok: true } & R

/** What every operation answers with: the result's own fields beside `ok: true`, or a failure. */
export type Envelope<R extends object = Record<string, unknown>> = Success<R> | Failure

export interface MarketErrorOptions {
  readonly details?: ErrorDetails
  /** The next thing to do, as a sentence a butler or a person can act on. */
  readonly hint?: string
  /** Kept for the log of this process; never leaves it. */
  readonly cause?: unknown
}

export class MarketError extends Error {
  override readonly name = 'MarketError'
  readonly code: ErrorCode
  readonly details: ErrorDetails | undefined
  readonly hint: string | undefined

  constructor(code: ErrorCode, message: string, options: MarketErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.details = options.details
    this.hint = options.hint
  }
}

export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(errorCodes, value)
}

/**
 * A market error made by any instance of this module. A plugin is evaluated more than once in one process, so
 * `instanceof` cannot tell; the code can.
 */
export function isMarketError(value: unknown): value is MarketError {
  return value instanceof Error && value.name === 'MarketError' && 'code' in value && isErrorCode(value.code)
}

export function toFailure(error: MarketError): Failure {
  return {
    ok: false,
    error: error.code,
    message: error.message,
    ...(error.details === undefined ? {} : { details: error.details }),
    ...(error.hint === undefined ? {} : { hint: error.hint }),
  }
}

export function fromFailure(failure: Failure): MarketError {
  return new MarketError(failure.error, failure.message, {
    ...(failure.details === undefined ? {} : { details: failure.details }),
    ...(failure.hint === undefined ? {} : { hint: failure.hint }),
  })
}
