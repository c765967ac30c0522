import { Leases } from '@openclaw-market/protocol/entities/lease'
import { MarketError } from '@openclaw-market/protocol/errors'
import type { Web3 } from '../plugin/web3.ts'
import { localName } from './markets.ts'
import type { LeaseInfo, VaultEntry } from './vault.ts'

/**
 * The lease of a pending entry exists. No two markets come to one id by chance: one that names a lease of this market would
 * have us ask it about that one from then on, and keep its provider here from ending it.
 * @throws MarketError E_CONFLICT
 */
export async function activateEntry(
  web3: Web3,
  { market, tokenHash }: VaultEntry,
  lease: LeaseInfo,
): Promise<VaultEntry> {
  const here = await web3.market().store.read({ as: 'market' }, (tx) => tx.get(Leases, lease.leaseId))
  if (market !== localName && here !== undefined) {
    throw new MarketError(
      'E_CONFLICT',
      `the market ${market} calls its lease by the id of one of this market`,
      {
        details: { market },
        hint: 'Do not use this market; ask its operator what became of the lease.',
      },
    )
  }
  return web3.vault().activate(tokenHash, lease)
}
