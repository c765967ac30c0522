import { settlementOfLease } from '@openclaw-market/market-core'
import { isId, type LeaseId, type OrderId } from '@openclaw-market/protocol/ids'
import type { Contract } from '@openclaw-market/protocol/operation'
import { closed } from '@openclaw-market/protocol/schema/scalars'
import { capability, type Call } from '../capabilities/capability.ts'
import { runLocal } from '../capabilities/through-market.ts'
import { localName } from '../consumer/markets.ts'
import { marketOfLease } from '../consumer/of-lease.ts'
import { exampleLease } from '../resources/examples.ts'
import { OnMarket } from '../resources/market-name.ts'

export const billingStatusContract = {
  name: 'web3.billing.status',
  summary: settlementOfLease.summary,
  effect: 'read',
  scope: 'read',
  params: settlementOfLease.params,
  result: closed({ ...settlementOfLease.result.properties, market: OnMarket }),
  errors: ['E_NOT_FOUND', 'E_TIMEOUT'],
} as const satisfies Contract

export const billingStatusCapability = capability(
  billingStatusContract,
  {
    group: 'billing',
    whenToUse: 'To say where the money of one lease is, and when it comes home.',
    whenNotToUse:
      'For all money together: the summary has it. For the records behind a bill: status of the lease.',
    returns:
      'settlement: locked, and of that releasedSoFar and refundedSoFar; movesAt: when money moves next, at the latest.',
    errors: { E_NOT_FOUND: 'you are no party to such a lease', E_TIMEOUT: 'its market does not answer' },
    doors: ['gateway', 'tool', 'api'],
    actor: 'caller',
    risk: { level: 'none', reversible: true },
    pricing: { charge: 'none', units: [] },
    prerequisites: [{ is: 'wallet_proved' }, { is: 'lease_held', param: 'id' }],
    effects: [],
    next: [{ name: 'web3.resources.completeLease', when: 'it runs and is not needed any more' }],
    idempotency: 'reads-only',
    examples: { valid: { id: exampleLease }, invalid: { id: 'mine' } },
  },
  async ({ id }, call) => {
    const { name, remote } = whereOf(call, id)
    const found =
      remote === undefined
        ? await runLocal(call.web3.market(), settlementOfLease, { id }, call.who)
        : await remote.call(billingStatusContract, { id })
    return { ...found, market: name }
  },
)

/** An order is known to its own market only; of leases elsewhere the vault knows where. */
function whereOf(call: Call, id: LeaseId | OrderId) {
  return isId(id, 'lease') ? marketOfLease(call, id) : { name: localName, remote: undefined }
}
