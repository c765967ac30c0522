/** What a run has come to: counted from the chain's own logs and balances, and compared with what the outbox believes. */
import { parseEventLogs, type Hex } from 'viem'
import { marketEscrow } from '@openclaw-market/contracts/market-escrow'
import { allCollections } from '@openclaw-market/protocol/entities/all'
import { ChainJobs } from '@openclaw-market/protocol/entities/chain'
import { verifyRecords } from '../../extensions/market-core/src/market/verify/verify-records.ts'
import type { LocalChain } from '../../extensions/market-core/src/settlement/outbox/local-chain.fixture.ts'
import { openStore } from '../../extensions/market-core/src/store/open.ts'
import type { MarketStore } from '../../extensions/market-core/src/store/store.ts'
import { purposeOf, receiverOf, type Plan, type PlannedOrder } from './plan.ts'

export interface Tally {
  readonly payments: number
  readonly doublePayments: number
  readonly wrong: readonly string[]
}

const { abi } = marketEscrow

export async function tallyOf(
  chain: LocalChain,
  plan: Plan,
  backend: MarketStore['backend'],
  directory: string,
  fromBlock: bigint,
): Promise<Tally> {
  const wrong: string[] = []
  const logs = parseEventLogs({ abi, logs: await chain.client.getLogs({ address: plan.escrow, fromBlock }) })
  const of = (id: Hex, name: 'Locked' | 'Paid' | 'Refunded') =>
    logs.filter((log) => log.eventName === name && log.args.id === id)
  const paidIn = (id: Hex): readonly bigint[] =>
    of(id, 'Paid').map((log) => (log.eventName === 'Paid' ? log.args.amount : 0n))
  const returnedIn = (id: Hex): readonly bigint[] =>
    of(id, 'Refunded').map((log) => (log.eventName === 'Refunded' ? log.args.amount : 0n))
  let [payments, doublePayments] = [0, 0]
  const believed = await outcomesIn(backend, directory, wrong)
  const expect = (what: string, is: unknown, should: unknown): void => {
    if (is !== should) wrong.push(`${what}: ${String(is)}, should be ${String(should)}`)
  }

  for (const [n, order] of plan.orders.entries()) {
    const [paid, returned] = [paidIn(order.id), returnedIn(order.id)]
    payments += of(order.id, 'Locked').length + paid.length + returned.length
    doublePayments += Math.max(0, of(order.id, 'Locked').length - 1)
    doublePayments += Math.max(0, paid.length - 1) + Math.max(0, returned.length - 1)
    expect(`order ${n}, locked`, of(order.id, 'Locked').length, 1)
    const released = believed.get(purposeOf('release', plan.run, n))
    const [toPayee, toPayer] = sharesOf(order, released)
    expect(`order ${n} (${order.kind}), to its payee`, sum(paid), toPayee)
    expect(`order ${n} (${order.kind}), to its payer`, sum(returned), toPayer)
    expect(
      `order ${n}, the lock as it is believed`,
      believed.get(purposeOf('lock', plan.run, n)),
      'job_confirmed',
    )
    if (order.kind === 'contest') continue
    for (const what of ['release', 'refund']) {
      const status = believed.get(purposeOf(what, plan.run, n))
      if (status !== undefined) expect(`order ${n}, the ${what} as it is believed`, status, 'job_confirmed')
    }
  }
  for (const [n, amount] of plan.transfers.entries()) {
    const balance = await chain.client.getBalance({ address: receiverOf(plan.run, n) })
    payments += Number(balance / BigInt(amount))
    doublePayments += Math.max(0, Number(balance / BigInt(amount)) - 1)
    expect(`transfer ${n}`, balance, BigInt(amount))
    expect(
      `transfer ${n} as it is believed`,
      believed.get(purposeOf('transfer', plan.run, n)),
      'job_confirmed',
    )
  }
  return { payments, doublePayments, wrong }
}

/** A contest ends as one of the two would have it, whole; which one, the payer's side must know. */
function sharesOf(
  { kind, amount, part }: PlannedOrder,
  released: string | undefined,
): readonly [toPayee: bigint, toPayer: bigint] {
  const all = BigInt(amount)
  switch (kind) {
    case 'whole':
      return [all, 0n]
    case 'part':
      return [BigInt(part), all - BigInt(part)]
    case 'back':
      return [0n, all]
    case 'contest':
      return released === 'job_confirmed' ? [all, 0n] : [0n, all]
  }
}

/** How each job has ended by its purpose; that the store is whole, too. */
async function outcomesIn(
  backend: MarketStore['backend'],
  directory: string,
  wrong: string[],
): Promise<ReadonlyMap<string, string>> {
  const store = await openStore(backend, { directory, collections: allCollections })
  try {
    const { findings } = await store.read({ as: 'market' }, (tx) => verifyRecords(tx))
    for (const { rule, message } of findings) wrong.push(`${rule}: ${message}`)
    const page = await store.read({ as: 'market' }, (tx) => tx.list(ChainJobs, { limit: 100 }))
    return new Map(page.items.map(({ purpose, status }) => [purpose, status]))
  } finally {
    await store.close()
  }
}

function sum(amounts: readonly bigint[]): bigint {
  return amounts.reduce((total, amount) => total + amount, 0n)
}
