import type { LeaseId } from '@openclaw-market/protocol/ids'
import type { Call } from '../capabilities/capability.ts'
import { actsAsNode, localName } from './markets.ts'
import { notNamedAnyMore } from './find-lease.ts'
import type { RemoteMarket } from './remote-market.ts'

/**
 * The market of a lease: what the vault says of our own ones, else this market.
 * @throws MarketError E_NOT_CONFIGURED when the config does not name that market any more.
 */
export function marketOfLease(
  { web3, who }: Call,
  leaseId: LeaseId,
): { name: string; remote?: RemoteMarket } {
  const entry = actsAsNode(who) ? web3.vault().byLease(leaseId) : undefined
  if (entry === undefined || entry.market === localName) return { name: localName }
  const remote = web3.markets.remotes.find(({ name }) => name === entry.market)
  if (remote === undefined) throw notNamedAnyMore(entry.market)
  return { name: remote.name, remote }
}

/**
 * The lease has ended: its token is not used again. Leases that we do not hold are none of the vault's business. Where the
 * vault cannot be written, its entry stays until a call finds the lease ended: the market's answer stands all the same.
 */
export async function closeInVault({ web3, who }: Call, leaseId: LeaseId): Promise<void> {
  if (!actsAsNode(who)) return
  try {
    if (web3.vault().byLease(leaseId) !== undefined) await web3.vault().close(leaseId)
  } catch (error) {
    web3.report('closing the vault entry of an ended lease', error)
  }
}
