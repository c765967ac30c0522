import { isMarketError } from '@openclaw-market/protocol/errors'
import type { Capability, Door } from '../capabilities/capability.ts'
import type { Web3 } from './web3.ts'

/** Use tokens that this gateway keeps. (An outside wallet leases without: it keeps its own.) */
const withVault = /^web3\.(model|search|storage)\./

/**
 * Why a capability cannot be used now. Everyone may read it, so it says nothing of the config: that is for the owner, in the
 * answer to a call and in the log.
 */
export function unavailable({ contract, facts }: Capability, door: Door, web3: Web3): string | undefined {
  if (facts.offline === true || ownServes(facts, web3) || seenServes(facts, door, web3)) return undefined
  const off = reason(() => web3.market())
  if (off !== undefined) return off
  if (withVault.test(contract.name)) {
    const closed = reason(() => web3.vault())
    if (closed !== undefined) return 'the vault of lease tokens is not open'
  }
  if (contract.name === 'web3.resources.publish' && web3.backends.size === 0)
    return 'no backend is configured'
  return undefined
}

/** The owner's own backend does, whatever becomes of the market. */
function ownServes({ fallback }: Capability['facts'], { backends, fallback: own }: Web3): boolean {
  return fallback !== undefined && backends.get(own[fallback] ?? '')?.kind === fallback
}

/** An outside wallet deals with this market only, and does not learn which others there are. */
function seenServes({ fromSeen }: Capability['facts'], door: Door, { markets, seen }: Web3): boolean {
  return fromSeen === true && door !== 'api' && markets.remotes.some((market) => seen.of(market).length > 0)
}

function reason(need: () => unknown): string | undefined {
  try {
    need()
    return undefined
  } catch (error) {
    const misconfigured = isMarketError(error) && error.code === 'E_NOT_CONFIGURED'
    return misconfigured
      ? 'the market is not configured; its operator finds why in the log'
      : 'the market is not running'
  }
}
