import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { codec } from './codec.ts'
import { ActorId, Amount, line, mostAmount, RequestId, Signature, Timestamp } from './scalars.ts'

describe('an amount', () => {
  it('is exact up to 39 digits', () => {
    expect(codec(Amount).decode('9007199254740993')).toBe(9_007_199_254_740_993n)
    expect(codec(Amount).decode(mostAmount.toString())).toBe(mostAmount)
  })

  it.each([
    '',
    ' 1',
    '1 ',
    '1\n',
    '+1',
    '-0',
    '00',
    '1e3',
    '0x1',
    '1_000',
    '١',
    (mostAmount + 1n).toString(),
  ])('is not %j', (text) => {
    expect(codec(Amount).problem(text)).toMatchObject({ rule: 'format' })
  })
})

describe('a time', () => {
  it('is milliseconds inside and ISO 8601 UTC outside', () => {
    expect(codec(Timestamp).decode('2026-01-31T12:00:00Z')).toBe(Date.UTC(2026, 0, 31, 12))
    expect(codec(Timestamp).encode(Date.UTC(2026, 0, 31, 12))).toBe('2026-01-31T12:00:00.000Z')
    expect(codec(Timestamp).decode('2028-02-29T23:59:59.9Z')).toBe(Date.UTC(2028, 1, 29, 23, 59, 59, 900))
  })

  it.each([
    '2026-02-30T00:00:00Z',
    '2026-02-29T00:00:00.000Z',
    '2026-04-31T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-01-01T24:00:00Z',
    '2026-01-01T23:59:60Z',
    '2026-01-01',
    '2026-01-01T00:00:00',
    '2026-01-01T00:00:00+00:00',
    '2026-01-01 00:00:00Z',
    '2026-01-01T00:00:00.0000Z',
    '+012026-01-01T00:00:00Z',
  ])('is not %s', (text) => {
    expect(codec(Timestamp).problem(text)).toMatchObject({ rule: 'format' })
  })
})

describe('an actor', () => {
  const checksummed = '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed' // EIP-55's own example

  it('is not remembered when it is none, however long: a stranger could fill the memory with such', () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const held = (): number => {
      collect()
      return process.memoryUsage().heapUsed
    }
    const before = held()
    for (let i = 0; i < 100; i++)
      expect(codec(ActorId).problem(Buffer.alloc(1_000_000, `${i} `).toString('latin1'))).toBeDefined()
    expect(held() - before).toBeLessThan(20_000_000)
  })

  it('is read in any case that is no wrong checksum, and is one value inside', () => {
    for (const text of [checksummed, checksummed.toLowerCase()])
      expect(codec(ActorId).decode(text)).toBe(checksummed)
  })

  it.each([
    checksummed.replace('aA', 'Aa'),
    checksummed.slice(0, -1),
    checksummed.slice(2),
    `${checksummed}\n`,
    'name.eth',
  ])('is not %j', (text) => {
    expect(codec(ActorId).problem(text)).toMatchObject({ rule: 'format' })
  })
})

describe('a line of text', () => {
  const { problem } = codec(line(1, 10))

  it.each(['a', 'ü 😀 𝕏', 'a'.repeat(10), '😀'.repeat(10), ' '])('may be %j', (text) =>
    expect(problem(text)).toBeUndefined(),
  )

  it.each([
    ['', 'minLength'],
    ['a'.repeat(11), 'maxLength'],
    ['😀'.repeat(11), 'maxLength'],
    ['a\nb', 'pattern'],
    ['a\tb', 'pattern'],
    ['a\u0000', 'pattern'],
    ['a\u007f', 'pattern'],
    ['a\u0085b', 'pattern'],
    ['a\u2028b', 'pattern'],
    ['\udc00\ud800', 'format'],
  ])('is not %j (%s)', (text, rule) => expect(problem(text)).toMatchObject({ rule }))

  it('of any length is refused, not choked on', () => {
    expect(problem(`${'a'.repeat(20_000_000)}\u0001`)).toMatchObject({ rule: 'maxLength' })
  })
})

it('a request id and a signature have their bounds', () => {
  expect(codec(RequestId).problem('a'.repeat(7))).toMatchObject({ rule: 'pattern' })
  expect(codec(RequestId).problem('a'.repeat(129))).toMatchObject({ rule: 'pattern' })
  expect(codec(RequestId).problem('A-z.0_:9')).toBeUndefined()
  expect(codec(Signature).problem(`0x${'ab'.repeat(65)}`)).toBeUndefined()
  expect(codec(Signature).problem('0x')).toMatchObject({ rule: 'format' })
  expect(codec(Signature).problem('0xabc')).toMatchObject({ rule: 'format' })
  expect(codec(Signature).problem(`0x${'ab'.repeat(4_097)}`)).toBeDefined()
})
