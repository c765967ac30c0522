import { describe, expect, it } from 'vitest'
import { toFailure } from '@openclaw-market/protocol/errors'
import { foreignFailure, unrepeated } from './foreign-failure.ts'

const read = (answer: unknown, who?: string) => {
  const failure = foreignFailure(answer, who)
  return failure === undefined ? undefined : toFailure(failure)
}

describe('a failure that another machine states', () => {
  it('is taken by its code, with its words marked as its own', () => {
    const details = { missing: '5' }
    const stated = { ok: false, error: 'E_CONFLICT', message: 'no', details, hint: 'wait', stack: 'at x' }
    expect(read(stated, 'market a')).toEqual({
      ok: false,
      error: 'E_CONFLICT',
      message: 'market a: no',
      details,
      hint: 'wait',
    })
  })

  it('has our names for our capabilities put in, and no templates of its own', () => {
    const stated = {
      error: 'E_CONFLICT',
      message: 'see web3.resources.list.',
      hint: 'Or {{web3.evil.name}} or {{x}}.',
    }
    expect(read(stated)).toMatchObject({
      message: 'see {{web3.resources.list}}.',
      hint: 'Or {{web3.evil.name}} or x.',
    })
  })

  it.each([
    { error: 'E_RATE_LIMITED', message: 'tok_abc comes too often' },
    { error: 'E_RATE_LIMITED', message: 'no', hint: 'Not with tok_abc.' },
    { error: 'E_RATE_LIMITED', message: 'no', details: { tok_abc: 1 } },
  ])('keeps nothing but its code when it repeats what we must not show: %j', (stated) => {
    const failure = read(unrepeated(stated, 'tok_abc'))
    expect(failure).toEqual({ ok: false, error: 'E_RATE_LIMITED', message: 'E_RATE_LIMITED' })
    expect(unrepeated(stated, 'tok_other')).toBe(stated)
  })

  it('is bounded', () => {
    const stated = {
      error: 'E_CONFLICT',
      message: 'm'.repeat(9_999),
      hint: 'h'.repeat(9_999),
      details: { d: 'd'.repeat(9_999) },
    }
    expect(read(stated)).toEqual({
      ok: false,
      error: 'E_CONFLICT',
      message: 'm'.repeat(400),
      hint: 'h'.repeat(400),
    })
  })

  it.each([undefined, null, 'E_CONFLICT', [], {}, { error: 'E_NEW' }, { error: 'toString' }, { error: 7 }])(
    'is none in %j',
    (answer) => {
      expect(read(answer)).toBeUndefined()
    },
  )

  it('needs no message, and takes only objects for details', () => {
    for (const details of [[1], 'x', null, 5]) {
      expect(read({ error: 'E_EXPIRED', details })).toEqual({
        ok: false,
        error: 'E_EXPIRED',
        message: 'E_EXPIRED',
      })
    }
  })
})
