/** What other markets have offered, as it was last heard: in memory, with a copy on disk for the next start. */
import { sha256Hex } from '@openclaw-market/protocol/canonical'
import type { ResourceId } from '@openclaw-market/protocol/ids'
import type { ResourceDetail } from '@openclaw-market/protocol/views/resource'
import type { RemoteMarket } from '../remote-market.ts'
import { loadSeen, seenWriter } from './seen-file.ts'
import { pruned, type SeenResource } from './seen-resource.ts'

export interface SeenResources {
  /** The market has just said so, and so the caller hears. */
  keep(market: RemoteMarket, resources: readonly ResourceDetail[]): void
  /** The market has just said that it offers these and no others. */
  keepAll(market: RemoteMarket, resources: readonly ResourceDetail[]): void
  /** The market has just said that it has no such resource. */
  forget(market: RemoteMarket, resourceId: ResourceId): void
  /** Newest resource first. */
  of(market: RemoteMarket): readonly SeenResource[]
  /** These terms are shown to the caller from here. */
  showing(seen: readonly SeenResource[]): void
  /** What the caller was last shown from here and has other terms by now. Said once: then the present ones are kept. */
  outdated(market: RemoteMarket, present: ResourceDetail): SeenResource | undefined
  /** When the last change is on disk. */
  stop(): Promise<void>
}

export interface SeenOptions {
  readonly file: string
  readonly now: () => number
  readonly report: (what: string, error: unknown) => void
}

export async function seenResources({ file, now, report }: SeenOptions): Promise<SeenResources> {
  let all = new Map(
    pruned(await loadSeen(file, report), now()).map((each) => [keyOf(each.market, each.resource), each]),
  )
  const writer = seenWriter(file, () => [...all.values()], report)

  const isOf = ({ name, url }: RemoteMarket, { market, place }: SeenResource): boolean =>
    market === name && place === sha256Hex(url)

  const put = (market: RemoteMarket, resource: ResourceDetail): void => {
    const key = keyOf(market.name, resource)
    const before = all.get(key)?.resource
    // A list says less of a resource than what was read of it before.
    const known = before?.offerHash === resource.offerHash ? before : {}
    all.set(key, {
      market: market.name,
      place: sha256Hex(market.url),
      resource: { ...known, ...resource },
      seenAt: now(),
    })
  }

  const changed = (): void => {
    all = new Map(pruned([...all.values()], now()).map((each) => [keyOf(each.market, each.resource), each]))
    writer.save()
  }

  return {
    keep(market, resources) {
      for (const resource of resources) put(market, resource)
      if (resources.length > 0) changed()
    },
    keepAll(market, resources) {
      const offered = new Set(resources.map((resource) => keyOf(market.name, resource)))
      for (const [key, each] of all) if (each.market === market.name && !offered.has(key)) all.delete(key)
      for (const resource of resources) put(market, resource)
      changed()
    },
    forget(market, resourceId) {
      if (all.delete(keyOf(market.name, { resourceId }))) changed()
    },
    of: (market) =>
      [...all.values()]
        .filter((each) => isOf(market, each))
        .sort((a, b) => b.resource.createdAt - a.resource.createdAt),
    showing(seen) {
      for (const each of seen) {
        all.set(keyOf(each.market, each.resource), { ...each, shown: each.resource.offerHash })
      }
      if (seen.length > 0) changed()
    },
    outdated(market, present) {
      const seen = all.get(keyOf(market.name, present))
      put(market, present)
      changed()
      const outdated = seen?.shown !== undefined && seen.shown !== present.offerHash && isOf(market, seen)
      return outdated ? seen : undefined
    },
    stop: writer.stop,
  }
}

function keyOf(market: string, { resourceId }: Pick<ResourceDetail, 'resourceId'>): string {
  return `${market} ${resourceId}`
}
