/** A failure that another machine states: its code is taken, its words are bounded and marked as its own. */
import {
  fromFailure,
  isErrorCode,
  type ErrorCode,
  type ErrorDetails,
  type MarketError,
} from '@openclaw-market/protocol/errors'

const longestText = 400
const longestDetails = 2_000

/** @returns undefined when it states none that we know. */
export function foreignFailure(answer: unknown, who?: string): MarketError | undefined {
  if (answer === null || typeof answer !== 'object') return undefined
  const { error, message, details, hint } = answer as Readonly<Record<string, unknown>>
  if (!isErrorCode(error)) return undefined
  const said = typeof message === 'string' ? foreignText(message) : error
  return fromFailure({
    ok: false,
    error,
    message: who === undefined ? said : `${who}: ${said}`,
    ...(isSmallObject(details) ? { details } : {}),
    ...(typeof hint === 'string' ? { hint: foreignText(hint) } : {}),
  })
}

/** The codes that another machine can mean. To approve is for the owner of this gateway: nobody else can ask for it. */
export function foreignCodes(declared: readonly ErrorCode[]): readonly ErrorCode[] {
  return declared.filter((code) => code !== 'E_APPROVAL_REQUIRED')
}

/** What another machine answered, without its words where they repeat a secret that we have sent. */
export function unrepeated(answer: unknown, secret: string): unknown {
  if (answer === null || typeof answer !== 'object' || !JSON.stringify(answer).includes(secret)) return answer
  return 'error' in answer ? { error: answer.error } : undefined
}

/** It knows our capabilities by the protocol's names; ours may be shown by others. */
function foreignText(text: string): string {
  return text
    .slice(0, longestText)
    .replaceAll(/[{}]/g, '')
    .replaceAll(/\bweb3\.[a-z]{1,30}\.[A-Za-z]{1,30}\b/g, '{{$&}}')
}

function isSmallObject(value: unknown): value is ErrorDetails {
  return (
    value !== null &&
    typeof value === 'object' &&
    !Array.isArray(value) &&
    JSON.stringify(value).length <= longestDetails
  )
}
