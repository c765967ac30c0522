import { describe, expect, it } from 'vitest'
import {
  errorCodes,
  fromFailure,
  isErrorCode,
  isMarketError,
  MarketError,
  toFailure,
  universalErrors,
  type ErrorCode,
} from './errors.ts'
import { actorOf, scopeOf } from './principal.ts'
import { codec } from './schema/codec.ts'
import { ActorId } from './schema/scalars.ts'

const codes = Object.keys(errorCodes).filter(isErrorCode)

describe('an error', () => {
  it.each(codes)('%s goes over the wire and comes back the same', (code: ErrorCode) => {
    const error = new MarketError(code, 'what happened', {
      details: { n: 1 },
      hint: 'do this',
      cause: new Error('a secret path'),
    })
    const failure = toFailure(error)
    expect(failure).toEqual({
      ok: false,
      error: code,
      message: 'what happened',
      details: { n: 1 },
      hint: 'do this',
    })
    expect(toFailure(fromFailure(failure))).toEqual(failure)
  })

  it('is told by its code, whoever made it', () => {
    const foreign = Object.assign(new Error('x'), { name: 'MarketError', code: 'E_CONFLICT' })
    expect(isMarketError(foreign)).toBe(true)
    expect(isMarketError(Object.assign(new Error('x'), { code: 'E_CONFLICT' }))).toBe(false)
    expect(isMarketError(Object.assign(new Error('x'), { name: 'MarketError', code: 'toString' }))).toBe(
      false,
    )
    expect(isMarketError({ name: 'MarketError', code: 'E_CONFLICT' })).toBe(false)
    expect(isErrorCode('constructor')).toBe(false)
  })

  it('leaves out what it does not have', () => {
    expect(toFailure(new MarketError('E_TIMEOUT', 'late'))).toEqual({
      ok: false,
      error: 'E_TIMEOUT',
      message: 'late',
    })
  })

  it('has an HTTP status of an error, and the universal ones exist', () => {
    for (const code of codes) expect(errorCodes[code].http).toBeGreaterThanOrEqual(400)
    for (const code of universalErrors) expect(codes).toContain(code)
  })
})

describe('a principal', () => {
  const actorId = codec(ActorId).decode(`0x${'11'.repeat(20)}`)
  const other = codec(ActorId).decode(`0x${'22'.repeat(20)}`)

  it('acts as itself; an operator for someone else acts as that one', () => {
    expect(actorOf({ kind: 'wallet', actorId })).toBe(actorId)
    expect(actorOf({ kind: 'operator', actorId })).toBe(actorId)
    expect(actorOf({ kind: 'operator', actorId, onBehalfOf: { actorId: other, reason: 'asked' } })).toBe(
      other,
    )
    expect(() => actorOf({ kind: 'anyone' })).toThrow(expect.objectContaining({ code: 'E_AUTH_REQUIRED' }))
  })

  it('sees what is its own; operators and the market see all; anyone sees what is public', () => {
    expect(scopeOf({ kind: 'wallet', actorId })).toEqual({ as: 'actor', actorId })
    expect(scopeOf({ kind: 'node', actorId, owner: false })).toEqual({ as: 'actor', actorId })
    expect(scopeOf({ kind: 'operator', actorId })).toEqual({ as: 'market' })
    expect(scopeOf({ kind: 'market', actorId })).toEqual({ as: 'market' })
    expect(scopeOf({ kind: 'anyone' })).toEqual({ as: 'nobody' })
  })
})
