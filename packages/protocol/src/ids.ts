/**
 * Ids are a type's prefix and a ULID: 48 bits of milliseconds, 80 bits of randomness, in Crockford base32. Their text
 * order is the order of creation, so that "newest first" needs no second column. Pure: time and randomness are given.
 */
import { Type, type TUnsafe } from '@sinclair/typebox'

declare const kind: unique symbol
export type Id<P extends string> = `${P}_${string}` & { readonly [kind]: P }

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

function idSchema<P extends string>(prefix: P): TUnsafe<Id<P>> {
  return Type.Unsafe<Id<P>>(
    Type.String({ pattern: `^${prefix}_[0-9A-HJKMNP-TV-Z]{26}$`, description: `id, ${prefix}_…` }),
  )
}

export const idPrefixes = [
  'res',
  'offer',
  'ord',
  'cons',
  'dlv',
  'lease',
  'call',
  'use',
  'stl',
  'line',
  'xfer',
  'pay',
  'dep',
  'quo',
  'ses',
  'evt',
  'alw',
  'spend',
  'apr',
  'stm',
  'job',
] as const
export type IdPrefix = (typeof idPrefixes)[number]

export type ResourceId = Id<'res'>
export const ResourceId = idSchema('res')
export type OfferId = Id<'offer'>
export const OfferId = idSchema('offer')
export type OrderId = Id<'ord'>
export const OrderId = idSchema('ord')
export type ConsentId = Id<'cons'>
export const ConsentId = idSchema('cons')
export type DeliveryId = Id<'dlv'>
export const DeliveryId = idSchema('dlv')
export type LeaseId = Id<'lease'>
export const LeaseId = idSchema('lease')
export type CallId = Id<'call'>
export const CallId = idSchema('call')
export type LedgerId = Id<'use'>
export const LedgerId = idSchema('use')
export type SettlementId = Id<'stl'>
export const SettlementId = idSchema('stl')
export type CreditLineId = Id<'line'>
export const CreditLineId = idSchema('line')
export type TransferId = Id<'xfer'>
export const TransferId = idSchema('xfer')
export type PayoutId = Id<'pay'>
export const PayoutId = idSchema('pay')
export type DepositId = Id<'dep'>
export const DepositId = idSchema('dep')
export type QuoteId = Id<'quo'>
export const QuoteId = idSchema('quo')
export type SessionId = Id<'ses'>
export const SessionId = idSchema('ses')
export type AllowanceId = Id<'alw'>
export const AllowanceId = idSchema('alw')
export type SpendId = Id<'spend'>
export const SpendId = idSchema('spend')
export type ApprovalId = Id<'apr'>
export const ApprovalId = idSchema('apr')
export type EventId = Id<'evt'>
export const EventId = idSchema('evt')
export type StatementId = Id<'stm'>
export const StatementId = idSchema('stm')
export type ChainJobId = Id<'job'>
export const ChainJobId = idSchema('job')

/** Gives ids in rising order. `decide` gets one, so that the same source gives the same ids again on replay. */
export interface IdSource {
  next<P extends IdPrefix>(prefix: P): Id<P>
  /**
   * Ids come after this one from now on, too: the last that is known of a source that was here before. They go on from the
   * next millisecond with a random part of their own, because that source may have given more than is known.
   */
  startAfter(id: Id<IdPrefix>): void
}

/**
 * A source over a clock and a random source. Within one millisecond, and when the clock steps back, the random part
 * counts up, so that order never breaks.
 * @param random fills the array with 10 fresh random bytes.
 */
export function idSource(now: () => number, random: (bytes: Uint8Array) => void): IdSource {
  let lastTime = -1
  const tail = new Uint8Array(10)
  const begin = (time: number): void => {
    lastTime = time
    random(tail)
    tail[0] = (tail[0] ?? 0) & 0x7f // leaves room to count up within a millisecond
  }
  return {
    next<P extends IdPrefix>(prefix: P): Id<P> {
      const time = now()
      if (time > lastTime) begin(time)
      else increment(tail)
      return `${prefix}_${encodeTime(lastTime)}${encodeTail(tail)}` as Id<P>
    },
    startAfter(id) {
      if (timeOf(id) >= lastTime) begin(timeOf(id) + 1)
    },
  }
}

/** Of which of several kinds an id is. */
export function isId<P extends IdPrefix>(id: string, prefix: P): id is Id<P> {
  return id.startsWith(`${prefix}_`)
}

/** When an id says it was made, in milliseconds since the epoch. */
export function timeOf(id: Id<IdPrefix>): number {
  const at = id.indexOf('_') + 1
  let time = 0
  for (const letter of id.slice(at, at + 10)) time = time * 32 + alphabet.indexOf(letter)
  return time
}

function increment(bytes: Uint8Array): void {
  for (let i = bytes.length - 1; i >= 0; i--) {
    const next = (bytes[i] ?? 0) + 1
    bytes[i] = next & 0xff
    if (next <= 0xff) return
  }
}

function encodeTime(time: number): string {
  let rest = time
  let text = ''
  for (let i = 0; i < 10; i++) {
    text = alphabet.charAt(rest % 32) + text
    rest = Math.floor(rest / 32)
  }
  return text
}

function encodeTail(bytes: Uint8Array): string {
  let text = ''
  let buffer = 0
  let bits = 0
  for (const byte of bytes) {
    buffer = (buffer << 8) | byte
    bits += 8
    while (bits >= 5) {
      bits -= 5
      text += alphabet.charAt((buffer >> bits) & 31)
    }
    buffer &= (1 << bits) - 1
  }
  return text
}
