/** A gate that cannot find anything proves nothing: each form is planted, and found. */
import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { searchFor, secretOf } from './canary.ts'

const text = 'a/secret+"of" ünusual letters?'
const search = searchFor([
  secretOf('words', text, 'words'),
  secretOf('letters', 'jklmnozü', 'words'),
  secretOf('token', 'tok_QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY', 'key'),
  secretOf('key', '00ff17'.repeat(10), 'key', Buffer.from('00ff17'.repeat(10), 'hex')),
])

/** Written out by hand, or by another program than the one under test. */
const planted: readonly (readonly [form: string, name: string, what: string | Buffer])[] = [
  ['plain', 'words', text],
  ['base64', 'words', 'YS9zZWNyZXQrIm9mIiDDvG51c3VhbCBsZXR0ZXJzPw=='],
  ['base64 without padding', 'words', 'YS9zZWNyZXQrIm9mIiDDvG51c3VhbCBsZXR0ZXJzPw'],
  ['hex', 'words', '612f7365637265742b226f662220c3bc6e757375616c206c6574746572733f'],
  ['hex of a number', 'words', '0x612F7365637265742B226F662220C3BC6E757375616C206C6574746572733F'],
  ['a URL component', 'words', 'a%2Fsecret%2B%22of%22%20%C3%BCnusual%20letters%3F'],
  ['a URL', 'words', 'a/secret+%22of%22%20%C3%BCnusual%20letters?'],
  ['JSON', 'words', String.raw`a/secret+\"of\" ünusual letters?`],
  ['JSON with escaped slashes', 'words', String.raw`a\/secret+\"of\" ünusual letters?`],
  ['JSON in JSON', 'words', String.raw`a/secret+\\\"of\\\" ünusual letters?`],
  ['a key', 'token', 'tok_QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY'],
  ['the beginning of a key', 'token', 'tok_QUJDREVGR0hJSktMTU5PUFF…'],
  ['the end of a key', 'token', '…PUFFSU1RVVldYWVphYmNkZWY'],
  ['the bytes of a key', 'key', Buffer.from('00ff17'.repeat(10), 'hex')],
  ['the bytes of a key in base64', 'key', 'AP8XAP8XAP8XAP8XAP8XAP8XAP8XAP8XAP8XAP8X'],
  ['every byte of a URL', 'key', '%30%30%66%66%31%37'.repeat(10)],
  ['every letter of JSON', 'key', String.raw`\u0030\u0030\u0066\u0066\u0031\u0037`.repeat(10)],
  ['every letter in capitals', 'letters', String.raw`\u006A\u006B\u006C\u006D\u006E\u006F\u007A\u00FC`],
]

describe.each(planted)('%s', (_form, name, what) => {
  it.each([0, 1, 2, 3, 61])('is found %i bytes into something else', (before) => {
    expect(search(Buffer.concat([randomBytes(before), Buffer.from(what), randomBytes(9)]))).toEqual([name])
    expect(search(Buffer.concat([randomBytes(before), Buffer.from(what)]))).toEqual([name])
  })
})

it.each([0, 1, 2, 3, 4, 5])('is found in base64 of a longer text, after %i letters', (before) => {
  const whole = Buffer.from(`${'x'.repeat(before)}${text} and more`)
  expect(search(Buffer.from(whole.toString('base64')))).toEqual(['words'])
  expect(search(Buffer.from(whole.toString('base64url')))).toEqual(['words'])
})

it('several are all found, and in noise, in others and in halves that are too short none is', () => {
  expect(
    search(Buffer.from(planted.map(([, , what]) => what.toString('latin1')).join(' '), 'latin1')),
  ).toHaveLength(4)
  const others = 'a/secret+"of" ünusual lettersz tok_QUJDREVGR0hJSktM 00ff1700ff17 tok_ ses_'
  expect(search(Buffer.concat([Buffer.from(others), randomBytes(1_000_000)]))).toEqual([])
})

it('what is too short to be told from chance is refused', () => {
  expect(() => secretOf('short', 'abc', 'key')).toThrow(RangeError)
})
