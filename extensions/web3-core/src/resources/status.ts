import { getLease, listUsage } from '@openclaw-market/market-core'
import { capability } from '../capabilities/capability.ts'
import { runLocal } from '../capabilities/through-market.ts'
import { correctSpends } from '../consumer/correct-spends.ts'
import { marketOfLease } from '../consumer/of-lease.ts'
import { ownCount } from '../consumer/own-count.ts'
import { exampleLease } from './examples.ts'
import { leaseStatusContract } from './status-contract.ts'

export const statusCapability = capability(
  leaseStatusContract,
  {
    group: 'resources',
    whenToUse: 'To check a bill, record by record, against your own count.',
    whenNotToUse: 'For an overview: leases, billing.',
    returns: 'ownCount.disagreeing: calls whose usage is not what arrived here.',
    errors: { E_NOT_FOUND: 'you are no party to such a lease', E_TIMEOUT: 'its market does not answer' },
    doors: ['gateway', 'tool', 'api'],
    actor: 'caller',
    risk: { level: 'none', reversible: true },
    pricing: { charge: 'none', units: [] },
    prerequisites: [{ is: 'wallet_proved' }, { is: 'lease_held', param: 'leaseId' }],
    effects: [],
    next: [
      { name: 'web3.resources.completeLease', when: 'they are right and the work is done' },
      { name: 'web3.resources.revokeLease', when: 'they are not' },
    ],
    idempotency: 'reads-only',
    examples: { valid: { leaseId: exampleLease }, invalid: { leaseId: 7 } },
  },
  async ({ leaseId }, call) => {
    const { name, remote } = marketOfLease(call, leaseId)
    if (remote !== undefined) {
      const { lease, records } = await remote.call(leaseStatusContract, { leaseId })
      await correctSpends(call, leaseId, records)
      return { lease, records, market: name, ownCount: await ownCount(call, leaseId, records) }
    }
    const market = call.web3.market()
    const { lease } = await runLocal(market, getLease, { leaseId }, call.who)
    const { entries } = await runLocal(market, listUsage, { leaseId }, call.who)
    await correctSpends(call, leaseId, entries)
    return { lease, records: entries, market: name, ownCount: await ownCount(call, leaseId, entries) }
  },
)
