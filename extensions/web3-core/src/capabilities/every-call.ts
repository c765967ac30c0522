/** The codes that a call of any capability may end in, whatever it does: said once in a document. */
import { universalErrors, type ErrorCode } from '@openclaw-market/protocol/errors'
import type { Door } from './capability.ts'

type Meanings = { readonly [K in ErrorCode]?: string }

const throughAnyDoor: Meanings = {
  E_INVALID_ARGUMENT: 'the parameters break the schema: details has pointer and rule; nothing was done',
  E_FORBIDDEN: 'not for this caller: not through this door, not without the owner, or not to this object',
  E_UNAVAILABLE: 'the market is not running or not reachable now; nothing was done',
  E_NOT_CONFIGURED: 'the operator has not configured what this needs; the message names it',
  E_OUTCOME_UNKNOWN: 'cut off in the middle; it may have been done: look before repeating',
  E_INTERNAL: 'a defect of the market; the operator finds it in the log',
}

/** Before a request to the API is understood as a call. */
const throughApi: Meanings = {
  E_AUTH_REQUIRED: 'no wallet is proved, the session is over, or the signature is wrong: sign in or sign',
  E_RATE_LIMITED: 'too many requests from this address; details.retryAfterSeconds',
  E_PAYLOAD_TOO_LARGE: 'the body of the request is too large',
  E_UNSUPPORTED_MEDIA: 'the body of the request is not application/json, or is compressed',
  E_TIMEOUT: 'the body of the request did not arrive in time; nothing was done',
}

export const everyCall = { anyDoor: throughAnyDoor, api: throughApi }

export function meaningOfEveryCall(code: ErrorCode): string | undefined {
  return throughAnyDoor[code] ?? throughApi[code]
}

/** @param doors of a capability */
export function codesOfEveryCall(doors: readonly Door[]): readonly ErrorCode[] {
  const words = { ...throughAnyDoor, ...(doors.includes('api') ? throughApi : {}) }
  return [...new Set([...universalErrors, ...(Object.keys(words) as ErrorCode[])])]
}
