/** An answer as it goes out, and errors in the two shapes that callers expect: ours, and OpenAI's on `/web3/v1/*`. */
import { errorCodes, toFailure, type ErrorCode, type MarketError } from '@openclaw-market/protocol/errors'

export type Dialect = 'envelope' | 'openai'

export interface Answer {
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

export const jsonType = 'application/json; charset=utf-8'

export function jsonAnswer(status: number, value: unknown, headers: Answer['headers'] = {}): Answer {
  return {
    status,
    headers: { 'content-type': jsonType, ...headers },
    body: Buffer.from(JSON.stringify(value)),
  }
}

/** DESIGN §14, with its two places where one code has two statuses. */
export function statusOf({ code, details }: MarketError): number {
  if (code === 'E_UNAVAILABLE' && details?.['upstream'] !== undefined) return 502
  if (code === 'E_NOT_FOUND' && details?.['allow'] !== undefined) return 405
  return errorCodes[code].http
}

/**
 * @param kept The call behind it was opened under a request id that the caller chose: sending the same again brings the
 *   same answer, so nobody should.
 */
export function errorAnswer(error: MarketError, dialect: Dialect, kept = false): Answer {
  const { code, details } = error
  const headers: Record<string, string> = {}
  if (code === 'E_AUTH_REQUIRED') headers['www-authenticate'] = 'Bearer'
  if (typeof details?.['allow'] === 'string') headers['allow'] = details['allow']
  const wait = details?.['retryAfterSeconds']
  if (typeof wait === 'number') headers['retry-after'] = String(wait)
  if (dialect === 'envelope') return jsonAnswer(statusOf(error), toFailure(error), headers)
  // OpenAI's client repeats by itself on 409, 429 and 5xx.
  if (kept || errorCodes[code].retry !== 'same-request') headers['x-should-retry'] = 'false'
  return jsonAnswer(statusOf(error), { error: openAiError(error) }, headers)
}

export interface OpenAiError {
  readonly message: string
  readonly type: string
  readonly code: ErrorCode
  readonly param: string | null
}

const types: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  402: 'insufficient_quota',
  403: 'permission_error',
  404: 'not_found_error',
  409: 'conflict_error',
  429: 'rate_limit_error',
  504: 'timeout_error',
}

/** The message carries the hint too: it is all that such a client shows. */
export function openAiError(error: MarketError): OpenAiError {
  const { code, message, hint, details } = error
  const status = statusOf(error)
  const pointer = details?.['pointer']
  return {
    message: hint === undefined ? message : `${message}. ${hint}`,
    type: types[status] ?? (status >= 500 ? 'server_error' : 'invalid_request_error'),
    code,
    param: typeof pointer === 'string' && pointer !== '' ? paramOf(pointer) : null,
  }
}

/** `/messages/0/role` → `messages[0].role` */
function paramOf(pointer: string): string {
  return pointer
    .slice(1)
    .split('/')
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce((at, step) => (/^\d+$/.test(step) ? `${at}[${step}]` : at === '' ? step : `${at}.${step}`), '')
}
