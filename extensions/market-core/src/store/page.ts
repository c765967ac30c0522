import { MarketError } from '@openclaw-market/protocol/errors'

/** A cursor names the key after which the next page starts. Opaque outside, bound to nothing but order. */
export function writeCursor(key: string): string {
  return Buffer.from(key, 'utf8').toString('base64url')
}

/** @throws MarketError E_INVALID_ARGUMENT for a cursor that no list gave out. */
export function readCursor(cursor: string): string {
  const key = Buffer.from(cursor, 'base64url').toString('utf8')
  if (key === '' || writeCursor(key) !== cursor || !/^[\x21-\x7e]+$/.test(key)) {
    throw new MarketError('E_INVALID_ARGUMENT', '/cursor: is not a cursor of this list', {
      details: { pointer: '/cursor', rule: 'cursor' },
      hint: 'Pass the nextCursor of the page before, or leave cursor out to start at the newest.',
    })
  }
  return key
}
