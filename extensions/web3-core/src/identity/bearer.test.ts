import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { hashBearer, newBearer, readBearer, sameHash } from './bearer.ts'

describe('a session bearer', () => {
  it('is 32 random bytes, of which the hash is kept', () => {
    const { bearer, bearerHash } = newBearer()
    expect(bearer).toMatch(/^ses_[A-Za-z0-9_-]{43}$/)
    expect(Buffer.from(bearer.slice(4), 'base64url')).toHaveLength(32)
    expect(bearerHash).toBe(createHash('sha256').update(bearer).digest('hex'))
    expect(hashBearer(bearer)).toBe(bearerHash)
    expect(newBearer().bearer).not.toBe(bearer)
  })

  it('is read from an Authorization header', () => {
    const { bearer } = newBearer()
    expect(readBearer(`Bearer ${bearer}`)).toBe(bearer)
    expect(readBearer(`bearer ${bearer}`)).toBe(bearer)
  })

  const { bearer } = newBearer()
  it.each([
    undefined,
    '',
    'Bearer',
    'Bearer ',
    bearer,
    `Basic ${bearer}`,
    `Bearer  ${bearer}`,
    `Bearer ${bearer} `,
    `Bearer ${bearer}x`,
    `Bearer ${bearer}, Bearer ${bearer}`,
    `Bearer ${bearer.replace('ses_', 'tok_')}`,
    `Bearer ses_${'A'.repeat(42)}`,
    `Bearer ses_${'A'.repeat(100_000)}`,
    `Bearer ses_${'A'.repeat(42)}é`,
  ])('is not in header %#', (header) => {
    expect(readBearer(header)).toBeUndefined()
  })

  it('is compared by its hash', () => {
    const hash = hashBearer('ses_a')
    expect(sameHash(hash, hashBearer('ses_a'))).toBe(true)
    expect(sameHash(hash, hashBearer('ses_b'))).toBe(false)
    expect(sameHash(hash, hash.slice(1))).toBe(false)
    expect(sameHash('', '')).toBe(true)
  })
})
