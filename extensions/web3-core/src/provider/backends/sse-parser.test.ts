import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SseParser, SseTooLong } from './sse-parser.ts'

function eventsOf(parts: readonly Uint8Array[], maxEvent = 10_000): string[] {
  const parser = new SseParser({ maxEvent })
  return [...parts.flatMap((part) => parser.push(part)), ...parser.finish()]
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

describe('SseParser', () => {
  it.each([
    ['LF', 'data: a\n\ndata: b\n\n', ['a', 'b']],
    ['CRLF', 'data: a\r\n\r\ndata: b\r\n\r\n', ['a', 'b']],
    ['CR', 'data: a\r\rdata: b\r\r', ['a', 'b']],
    ['comments and other fields', ': ping\n\nevent: x\nid: 7\nretry: 10\ndata: a\n\n:\n\n', ['a']],
    ['several data lines', 'data: a\ndata:b\ndata\ndata:  c\n\n', ['a\nb\n\n c']],
    ['a byte order mark', '\ufeffdata: a\n\n', ['a']],
    ['an event without its empty line at the end', 'data: a\n\ndata: [DONE]', ['a', '[DONE]']],
    ['no data', 'event: x\n\n\n\n', []],
    ['a field that only begins like data', 'database: a\n\n', []],
  ])('reads %s', (_name, text, expected) => {
    expect(eventsOf([bytes(text)])).toEqual(expected)
  })

  it('gives the same events however the bytes are split', () => {
    const piece = fc.constantFrom(
      'data: ',
      'data:',
      ': c',
      'ä€😀',
      '\n',
      '\r\n',
      '\r',
      '\n\n',
      '\r\n\r\n',
      'x',
      '{"a":1}',
    )
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 30 }),
        fc.array(fc.nat(200), { maxLength: 20 }),
        (pieces, cuts) => {
          const all = bytes(pieces.join(''))
          const at = [...new Set([0, ...cuts.filter((c) => c < all.length), all.length])].sort(
            (a, b) => a - b,
          )
          const parts = at.slice(1).map((end, i) => all.subarray(at[i], end))
          expect(eventsOf(parts)).toEqual(eventsOf([all]))
          expect(eventsOf([...all].map((byte) => Uint8Array.of(byte)))).toEqual(eventsOf([all]))
        },
      ),
    )
  })

  it.each(['data: ä\r\ndata: 😀\r\n\r\ndata: c\r\n\r\n', 'data: a\rdata: b\r\rdata: c\n\r\n'])(
    'reads %j split anywhere',
    (text) => {
      const all = bytes(text)
      const expected = eventsOf([all])
      expect(expected).toHaveLength(2)
      for (let a = 0; a <= all.length; a++) {
        for (let b = a; b <= all.length; b++) {
          expect(eventsOf([all.subarray(0, a), all.subarray(a, b), all.subarray(b)])).toEqual(expected)
        }
      }
    },
  )

  it('refuses an endless line and an endless event before they fill the memory', () => {
    const parser = new SseParser({ maxEvent: 1_000 })
    expect(() => {
      for (let i = 0; i < 100; i++) parser.push(bytes('x'.repeat(100)))
    }).toThrow(SseTooLong)
    const many = new SseParser({ maxEvent: 1_000 })
    expect(() => {
      for (let i = 0; i < 200; i++) many.push(bytes('data: 12345678\n'))
    }).toThrow(SseTooLong)
  })
})
