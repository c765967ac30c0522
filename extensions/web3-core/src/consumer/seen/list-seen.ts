/** A page of what a market has offered when it was last heard, chosen as the market itself would choose. */
import type { Static } from '@sinclair/typebox'
import { fits, type listResources } from '@openclaw-market/market-core'
import type { Web3 } from '../../plugin/web3.ts'
import type { Listed } from '../across.ts'
import type { RemoteMarket } from '../remote-market.ts'
import type { SeenResource } from './seen-resource.ts'

export type Filter = Omit<Static<typeof listResources.params>, 'limit' | 'cursor'>

export interface SeenPage extends Listed<SeenResource['resource']> {
  /** When the oldest of them was seen. */
  readonly seenAt: number
}

/** No cursor of a market looks so. */
const cursorForm = /^seen:(res_[0-9A-Za-z]{1,40})$/

/** @returns undefined when nothing is known of that market, or the cursor is one of its own. */
export function listSeen(
  { seen }: Web3,
  market: RemoteMarket,
  filter: Filter,
  { limit, cursor }: { readonly limit: number; readonly cursor?: string },
): SeenPage | undefined {
  const known = seen.of(market)
  const after = cursor === undefined ? undefined : cursorForm.exec(cursor)?.[1]
  if (known.length === 0 || (cursor !== undefined && after === undefined)) return undefined
  const fitting = known.filter(({ resource }) => isWanted(resource, filter))
  const start = after === undefined ? 0 : fitting.findIndex((each) => each.resource.resourceId === after) + 1
  const page = fitting.slice(start, start + limit)
  seen.showing(page)
  const last = page.at(-1)
  return {
    items: page.map(({ resource }) => resource),
    seenAt: Math.min(...(page.length === 0 ? known : page).map(({ seenAt }) => seenAt)),
    ...(last === undefined || start + limit >= fitting.length
      ? {}
      : { nextCursor: `seen:${last.resource.resourceId}` }),
  }
}

export function isSeenCursor(cursor: string | undefined): boolean {
  return cursor !== undefined && cursorForm.test(cursor)
}

function isWanted(resource: SeenResource['resource'], filter: Filter): boolean {
  const { kind, providerActorId, status, tag } = filter
  return (
    (kind === undefined || resource.kind === kind) &&
    (providerActorId === undefined || resource.providerActorId === providerActorId) &&
    (status === undefined || resource.status === status) &&
    (tag === undefined || resource.tags.includes(tag)) &&
    fits(filter)(resource)
  )
}
