import { getResource } from '@openclaw-market/market-core'
import { isMarketError, MarketError } from '@openclaw-market/protocol/errors'
import type { ResourceId } from '@openclaw-market/protocol/ids'
import type { ResourceDetail } from '@openclaw-market/protocol/views/resource'
import type { Call } from '../capabilities/capability.ts'
import { runLocal } from '../capabilities/through-market.ts'
import { getContract } from '../resources/get-contract.ts'
import { chooseMarkets, type Where } from './markets.ts'

export interface Located {
  readonly where: Where
  readonly resource: ResourceDetail
}

/** Finds a resource on the named market, or on the first that has it. */
export async function locate(
  call: Call,
  resourceId: ResourceId,
  named: string | undefined,
): Promise<Located> {
  const { web3, who } = call
  // A market that did not answer may have it: its failure is the answer when no other has.
  const silent: MarketError[] = []
  for (const where of chooseMarkets(call, named)) {
    try {
      const { resource } =
        where.remote === undefined
          ? await runLocal(web3.market(), getResource, { resourceId }, who)
          : await where.remote.call(getContract, { resourceId })
      // One that names another has nothing to do with what was asked.
      if (resource.resourceId === resourceId) return { where, resource }
    } catch (error) {
      if (!isMarketError(error)) throw error
      if (error.code !== 'E_NOT_FOUND') silent.push(error)
      else if (where.remote !== undefined) web3.seen.forget(where.remote, resourceId)
    }
  }
  const [first] = silent
  if (first !== undefined) throw first
  throw new MarketError('E_NOT_FOUND', `there is no resource ${resourceId}`, {
    hint: 'List what there is with {{web3.resources.list}}.',
  })
}
