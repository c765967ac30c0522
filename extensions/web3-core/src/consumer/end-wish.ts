/** The owner's wish to end a lease on another market, until that market has confirmed it: kept beside the lease's token. */
import { Type, type Static } from '@sinclair/typebox'
import { errorCodes, type ErrorCode } from '@openclaw-market/protocol/errors'
import { closed, line, literals, Timestamp } from '@openclaw-market/protocol/schema/scalars'

const codes = Object.keys(errorCodes) as readonly ErrorCode[]

export const EndWish = closed({
  verb: literals(['complete', 'revoke']),
  reason: Type.Optional(line(0, 200)),
  wishedAt: Timestamp,
  /** Tries that have ended without an answer of its market. */
  tries: Type.Integer({ minimum: 0 }),
  /** Not before. */
  nextAt: Timestamp,
  /** What the last try ended in. */
  lastError: Type.Optional(literals(codes)),
})
export type EndWish = Readonly<Static<typeof EndWish>>

const firstPauseMs = 30_000
const longestPauseMs = 3_600_000

export function newWish({ verb, reason }: Pick<EndWish, 'verb' | 'reason'>, now: number): EndWish {
  const pause = { tries: 0, nextAt: now + firstPauseMs }
  return { verb, ...(reason === undefined ? {} : { reason }), wishedAt: now, ...pause }
}

/** After one more try that has brought nothing: twice the pause, up to an hour. */
export function triedInVain(wish: EndWish, lastError: ErrorCode, now: number): EndWish {
  const tries = wish.tries + 1
  const pause = Math.min(firstPauseMs * 2 ** Math.min(tries - 1, 10), longestPauseMs)
  return { ...wish, tries, lastError, nextAt: now + pause }
}

/** By then the lease has ended by itself, wherever its market is: nothing is left to be wished. */
export function isMoot(expiresAt: number | undefined, now: number): boolean {
  return expiresAt !== undefined && now > expiresAt + moreThanClocksDifferMs
}

const moreThanClocksDifferMs = 86_400_000
