import { isMarketError } from '@openclaw-market/protocol/errors'
import type { ResourceId } from '@openclaw-market/protocol/ids'
import type { Call } from '../../capabilities/capability.ts'
import { isSilence } from '../across.ts'
import { locate, type Located } from '../locate.ts'
import { chooseMarkets, type Where } from '../markets.ts'
import type { Web3 } from '../../plugin/web3.ts'

/** With `seenAt`: as it was when its market, which does not answer now, was last heard. */
export type LocatedOrSeen = Located & { readonly seenAt?: number }

/** Finds a resource where `locate` does, and when a market is silent, among what that one has offered before. */
export async function locateOrSeen(
  call: Call,
  resourceId: ResourceId,
  named: string | undefined,
): Promise<LocatedOrSeen> {
  const { seen } = call.web3
  try {
    const located = await locate(call, resourceId, named)
    if (located.where.remote !== undefined) seen.keep(located.where.remote, [located.resource])
    return located
  } catch (error) {
    if (!isMarketError(error) || !isSilence(error)) throw error
    const found = findSeen(call.web3, chooseMarkets(call, named), resourceId)
    if (found === undefined) throw error
    return found
  }
}

/** As the first of these markets that has offered it did when it was last heard. */
export function findSeen(
  { seen }: Web3,
  markets: readonly Where[],
  resourceId: ResourceId,
): (Located & { readonly seenAt: number }) | undefined {
  for (const where of markets) {
    const known = where.remote === undefined ? [] : seen.of(where.remote)
    const found = known.find(({ resource }) => resource.resourceId === resourceId)
    if (found === undefined) continue
    seen.showing([found])
    return { where, resource: found.resource, seenAt: found.seenAt }
  }
  return undefined
}
