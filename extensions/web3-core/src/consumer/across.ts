/** Lists over several markets: one after the other, each newest first, with a cursor that names the market it stands in. */
import { isMarketError, MarketError } from '@openclaw-market/protocol/errors'
import type { Where } from './markets.ts'
import type { RemoteMarket } from './remote-market.ts'

export interface Listed<T> {
  readonly items: readonly T[]
  readonly nextCursor?: string
}

/** A page as it was when the market was last heard. */
export interface Remembered<T> extends Listed<T> {
  readonly seenAt: number
}

export interface Across<T> extends Listed<T & { readonly market: string }> {
  /** Markets that did not answer. Their items are missing. */
  readonly unreachable: readonly string[]
  /** Markets that did not answer, whose items are as they were then. */
  readonly cached: readonly { readonly market: string; readonly seenAt: number }[]
}

export async function listAcross<T extends object>(
  markets: readonly Where[],
  { limit, cursor }: { readonly limit: number; readonly cursor?: string },
  list: (where: Where, page: { limit: number; cursor?: string }) => Promise<Listed<T>>,
  remembered?: (market: RemoteMarket, page: { limit: number; cursor?: string }) => Remembered<T> | undefined,
): Promise<Across<T>> {
  const start = cursor === undefined ? undefined : readCursor(cursor, markets)
  const items: (T & { market: string })[] = []
  const unreachable: string[] = []
  const cached: { market: string; seenAt: number }[] = []
  for (const [i, where] of markets.entries()) {
    if (start !== undefined && i < start.index) continue
    const within = start !== undefined && i === start.index ? start.cursor : undefined
    const room = limit - items.length
    const ask = { limit: room, ...(within === undefined ? {} : { cursor: within }) }
    const instead = (error: unknown): Listed<T> => {
      const { remote } = where
      const known = remote === undefined || !isSilence(error) ? undefined : remembered?.(remote, ask)
      if (known === undefined) throw error
      cached.push({ market: where.name, seenAt: known.seenAt })
      return known
    }
    try {
      const page = await list(where, ask).catch(instead)
      if (page.items.length > room) throw tooMany(where.name)
      items.push(...page.items.map((item) => ({ ...item, market: where.name })))
      if (page.nextCursor !== undefined) {
        return { items, unreachable, cached, nextCursor: writeCursor(where.name, page.nextCursor) }
      }
    } catch (error) {
      if (markets.length === 1 || (where.remote === undefined && !isSilence(error))) throw error
      // A cursor is the caller's; all else that another market refuses or does not know is that market's trouble.
      if (within !== undefined && !isSilence(error)) throw error
      if (!isMarketError(error)) throw error
      unreachable.push(where.name)
    }
    const following = markets[i + 1]
    if (items.length >= limit && following !== undefined) {
      return { items, unreachable, cached, nextCursor: writeCursor(following.name, '') }
    }
  }
  return { items, unreachable, cached }
}

export function isSilence(error: unknown): boolean {
  return isMarketError(error) && (error.code === 'E_UNAVAILABLE' || error.code === 'E_TIMEOUT')
}

function tooMany(market: string): MarketError {
  return new MarketError('E_UNAVAILABLE', `the market ${market} answers with more than was asked for`, {
    hint: 'Leave it out by naming another market.',
  })
}

function writeCursor(market: string, cursor: string): string {
  return Buffer.from(JSON.stringify([market, cursor])).toString('base64url')
}

function readCursor(text: string, markets: readonly Where[]): { index: number; cursor?: string } {
  const [name, cursor] = parse(text)
  const index = markets.findIndex((where) => where.name === name)
  if (index < 0) {
    throw new MarketError('E_INVALID_ARGUMENT', '/cursor: is not a cursor of this list', {
      details: { pointer: '/cursor', rule: 'cursor' },
      hint: 'Pass the nextCursor of the page before, or leave cursor out.',
    })
  }
  return cursor === undefined || cursor === '' ? { index } : { index, cursor }
}

function parse(text: string): readonly (string | undefined)[] {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))
    return Array.isArray(value) && value.every((part) => typeof part === 'string') ? value : []
  } catch {
    return []
  }
}
