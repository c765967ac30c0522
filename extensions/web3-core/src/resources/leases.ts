import { given, listLeases } from '@openclaw-market/market-core'
import { capability } from '../capabilities/capability.ts'
import { runLocal } from '../capabilities/through-market.ts'
import { listAcross } from '../consumer/across.ts'
import { chooseMarkets } from '../consumer/markets.ts'
import { leasesContract } from './leases-contract.ts'

export const leasesCapability = capability(
  leasesContract,
  {
    group: 'resources',
    whenToUse: 'To see what you hold, who uses yours, and what is left.',
    whenNotToUse: 'For the records behind one: status.',
    returns: 'remaining: what it can still spend.',
    errors: {
      E_INVALID_ARGUMENT: 'not a cursor of this list',
      E_NOT_FOUND: 'the named market is not in the config',
      E_TIMEOUT: 'the named market does not answer',
    },
    doors: ['gateway', 'tool', 'api'],
    actor: 'caller',
    risk: { level: 'none', reversible: true },
    pricing: { charge: 'none', units: [] },
    prerequisites: [{ is: 'wallet_proved' }],
    effects: [],
    finds: [{ is: 'lease_held', field: 'leases/*/leaseId', kindField: 'leases/*/kind' }],
    next: [
      { name: 'web3.resources.status', when: 'to see its records' },
      { name: 'web3.resources.completeLease', when: 'one is not needed any more' },
    ],
    idempotency: 'reads-only',
    examples: { valid: { status: 'lease_active' }, invalid: { status: 'active' } },
  },
  async ({ market, limit, cursor, ...filter }, call) => {
    const { items, unreachable, nextCursor } = await listAcross(
      chooseMarkets(call, market),
      { limit: limit ?? 50, ...given({ cursor }) },
      async ({ remote }, page) => {
        const listed =
          remote === undefined
            ? await runLocal(call.web3.market(), listLeases, { ...filter, ...page }, call.who)
            : await remote.call(leasesContract, { ...filter, ...page })
        return { items: listed.leases, ...given({ nextCursor: listed.nextCursor }) }
      },
    )
    return { leases: [...items], unreachable: [...unreachable], ...given({ nextCursor }) }
  },
)
