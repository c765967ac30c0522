/** The lease of a vault entry, as its market knows it: found by the token's hash. */
import { listLeases } from '@openclaw-market/market-core'
import { MarketError } from '@openclaw-market/protocol/errors'
import { runLocal } from '../capabilities/through-market.ts'
import { leasesContract } from '../resources/leases-contract.ts'
import type { Web3 } from '../plugin/web3.ts'
import { localName } from './markets.ts'
import { nodePrincipal } from './node-principal.ts'
import type { VaultEntry } from './vault.ts'

/** Undefined when there is none. @throws MarketError when nobody can tell */
export async function findLease(web3: Web3, { market, tokenHash }: VaultEntry) {
  const ask = { tokenHash, limit: 1 }
  if (market === localName) {
    const here = web3.market()
    return (await runLocal(here, listLeases, ask, nodePrincipal(here))).leases[0]
  }
  const remote = web3.markets.remotes.find(({ name }) => name === market)
  if (remote === undefined) throw notNamedAnyMore(market)
  return (await remote.call(leasesContract, ask)).leases[0]
}

export function notNamedAnyMore(market: string): MarketError {
  return new MarketError('E_NOT_CONFIGURED', `the market ${market} is not in the config any more`, {
    hint: 'Name it again under markets: the lease and its money are there.',
  })
}
