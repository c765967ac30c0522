/** One lease of each kind: taken, used through the provider's routes, completed, and read back. */
import { modelWork } from './model-work.mjs'
import { searchWork } from './search-work.mjs'
import { storageWork } from './storage-work.mjs'
import { takeLease } from './take-lease.mjs'

const ttlMs = 600_000
/** How each kind is used: what it may come to at most, and the calls. */
const works = { search: searchWork, storage: storageWork, model: modelWork }

export async function loop(market, say) {
  const { resources } = await market.call('web3.resources.list', { limit: 50 })
  const leases = []
  for (const [kind, { estimate, use }] of Object.entries(works)) {
    const resource = resources.find((each) => each.kind === kind)
    if (resource === undefined) throw new Error(`this market offers no ${kind}`)
    const { token, ...lease } = await takeLease(market, resource, { ttlMs, estimate })
    say(
      `consumer: leased ${kind} "${lease.label}" for at most ${lease.locked} ${lease.currency} (base units)`,
    )
    const calls = []
    const { says, ...seen } = await use({ base: market.base, token, record: (call) => calls.push(call) })
    for (const { what, cost } of calls) say(`consumer:   ${what}: ${cost} ${lease.currency}`)
    say(`consumer:   ${says}`)
    const { lease: ended } = await market.call('web3.resources.completeLease', { leaseId: lease.leaseId })
    say(`consumer: completed ${kind}: ${ended.metered} ${lease.currency} of ${lease.locked}`)
    leases.push({ ...lease, calls, received: totalOf(calls), ...seen })
  }
  for (const lease of leases) Object.assign(lease, await readBack(market, lease))
  const { currencies } = await market.call('web3.billing.summary')
  return { address: market.account.address, leases, billing: currencies }
}

/** What this side counted, by unit. */
function totalOf(calls) {
  const totals = {}
  for (const { usage } of calls) {
    for (const [unit, quantity] of Object.entries(usage)) {
      totals[unit] = String(BigInt(totals[unit] ?? 0) + BigInt(quantity))
    }
  }
  return totals
}

async function readBack(market, { leaseId }) {
  const { lease, records } = await market.call('web3.resources.status', { leaseId })
  const { status, metered, settlementStatus, usage } = lease
  return { status, metered, settlement: settlementStatus, usage, records: records.length }
}
