/** What a conversation has used of each lease: all of those that were opened for it, of others what its own calls came to. */
import { ConsumerReceipts, type ConsumerReceipt } from '@openclaw-market/protocol/entities/records'
import type { SessionStatement, StatementLine } from '@openclaw-market/protocol/entities/session-statement'
import { LeaseId } from '@openclaw-market/protocol/ids'
import { toTotals, toUsage } from '@openclaw-market/protocol/money/price'
import { addTotals, type UnitTotals } from '@openclaw-market/protocol/money/units'
import { codec } from '@openclaw-market/protocol/schema/codec'
import type { LeaseView } from '@openclaw-market/protocol/views/lease'
import type { VaultEntry } from '../consumer/vault.ts'
import type { Web3 } from '../plugin/web3.ts'

export type Period = Pick<SessionStatement, 'sessionKey' | 'since' | 'until'>

export type OwnLease = VaultEntry & { readonly leaseId: LeaseId }

/** Leases that were opened for the conversation in that time. */
export function openedIn(web3: Web3, { sessionKey, since, until }: Period): readonly OwnLease[] {
  return web3
    .vault()
    .list({ sessionKey })
    .flatMap((entry) =>
      entry.leaseId !== undefined && entry.createdAt > since && entry.createdAt <= until
        ? [{ ...entry, leaseId: entry.leaseId }]
        : [],
    )
}

const pageSize = 500

/** Calls that were made for the conversation in that time. */
export async function callsIn(
  web3: Web3,
  { sessionKey, since, until }: Period,
): Promise<readonly ConsumerReceipt[]> {
  const made = await receipts(web3, { sessionKey })
  return made.filter(({ createdAt }) => createdAt > since && createdAt <= until)
}

/** Calls on a lease, whatever they were made for. */
export function callsOn(web3: Web3, leaseId: LeaseId): Promise<readonly ConsumerReceipt[]> {
  return receipts(web3, { leaseId })
}

async function receipts(
  web3: Web3,
  where: Partial<Pick<ConsumerReceipt, 'sessionKey' | 'leaseId'>>,
): Promise<readonly ConsumerReceipt[]> {
  const made: ConsumerReceipt[] = []
  let cursor: string | undefined
  do {
    const page = await web3.market().store.read({ as: 'market' }, (tx) =>
      tx.list(ConsumerReceipts, {
        where,
        limit: pageSize,
        ...(cursor === undefined ? {} : { cursor }),
      }),
    )
    made.push(...page.items)
    cursor = page.nextCursor
  } while (cursor !== undefined)
  return made
}

/** @param lease as its market has it; undefined when nobody can tell any more: then our own books stand for it */
export function ownLine(
  entry: OwnLease,
  lease: LeaseView | undefined,
  calls: readonly ConsumerReceipt[],
): StatementLine {
  const line = sumOf(entry.leaseId, entry.market, calls)
  const { currency } = entry
  return {
    ...line,
    opened: true,
    ...(currency === undefined ? {} : { currency }),
    ...(lease === undefined
      ? {}
      : { unpriced: 0, usage: [...lease.usage], cost: lease.metered, currency: lease.currency }),
  }
}

/** Leases that serve the conversation and others too. */
export function sharedLines(
  web3: Web3,
  own: readonly OwnLease[],
  calls: readonly ConsumerReceipt[],
): readonly StatementLine[] {
  const ids = new Set<string>(own.map(({ leaseId }) => leaseId))
  const shared = Map.groupBy(
    calls.filter(({ leaseId }) => !ids.has(leaseId)),
    ({ leaseId }) => leaseId,
  )
  return [...shared].map(([id, made]) => {
    const leaseId = codec(LeaseId).decode(id)
    const currency = web3.vault().byLease(leaseId)?.currency
    const line = sumOf(leaseId, made[0]?.market ?? '', made)
    return { ...line, opened: false, ...(currency === undefined ? {} : { currency }) }
  })
}

type Sum = Omit<StatementLine, 'opened' | 'currency'>

function sumOf(leaseId: LeaseId, market: string, calls: readonly ConsumerReceipt[]): Sum {
  const own = calls.filter((call) => call.leaseId === leaseId)
  const usage = own.reduce<UnitTotals>((sum, { stated }) => addTotals(sum, toTotals(stated)), {})
  return {
    leaseId,
    market,
    calls: own.length,
    unpriced: own.filter(({ statedCost }) => statedCost === undefined).length,
    usage: toUsage(usage),
    cost: own.reduce((sum, { statedCost = 0n }) => sum + statedCost, 0n),
  }
}
