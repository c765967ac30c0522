/** What time does for things that are being stopped: they leave the market, and go for good when nobody needs them. */
import { getResource, unpublishResource } from '@openclaw-market/market-core'
import { isMarketError } from '@openclaw-market/protocol/errors'
import type { Principal } from '@openclaw-market/protocol/principal'
import type { ResourceView } from '@openclaw-market/protocol/views/resource'
import { runLocal } from '../capabilities/through-market.ts'
import type { Web3 } from '../plugin/web3.ts'
import { isNeeded } from './needed.ts'
import type { SharedThing } from './shared-file.ts'

export async function tendShared(web3: Web3): Promise<void> {
  await web3.sharing.inTurn(async () => {
    // A list that cannot be read is told to whoever asks for it.
    const stopping = attempt(() => web3.sharing.list())?.filter(({ status }) => status === 'stopping') ?? []
    for (const thing of stopping) await finishStopping(web3, thing)
  })
}

/** Goes as far as it can now; again later it goes on. @returns whether it is gone */
export async function finishStopping(web3: Web3, { name, resourceId }: SharedThing): Promise<boolean> {
  const market = web3.market()
  const who: Principal = { kind: 'node', actorId: market.address, owner: true }
  const resource = await resourceOf(web3, resourceId, who)
  if (resource?.status === 'resource_published')
    await runLocal(market, unpublishResource, { resourceId }, who)
  // What has lost its name to the config serves nobody.
  const overridden = web3.sharing.trouble(name)?.overridden === true
  if (!overridden && (await isNeeded(market, name, web3.backends.get(name)))) return false
  await web3.sharing.drop(name)
  return true
}

/** Undefined: it was never published. */
export async function resourceOf(
  web3: Web3,
  resourceId: SharedThing['resourceId'],
  who: Principal,
): Promise<ResourceView | undefined> {
  try {
    return (await runLocal(web3.market(), getResource, { resourceId }, who)).resource
  } catch (error) {
    if (isMarketError(error) && error.code === 'E_NOT_FOUND') return undefined
    throw error
  }
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}
