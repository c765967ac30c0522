/** The consumer's side of the books: what we counted ourselves, beside what the provider says (DESIGN §8.4). */
import { Type, type Static } from '@sinclair/typebox'
import { sha256Hex } from '@openclaw-market/protocol/canonical'
import { ConsumerReceipts } from '@openclaw-market/protocol/entities/records'
import { UsageOrNone, toUsage } from '@openclaw-market/protocol/money/price'
import { totalsBetween, totalEntries, type UnitTotals } from '@openclaw-market/protocol/money/units'
import { Amount, closed, CurrencySymbol, literals } from '@openclaw-market/protocol/schema/scalars'
import type { Web3 } from '../plugin/web3.ts'
import type { LeaseAnswer } from './call-lease.ts'
import { claimedIn } from './claimed.ts'

const whyLocal = ['no-lease', 'lease-over', 'not-reached', 'vault-closed', 'market-off', 'newer'] as const
/**
 * - `not-reached`: a lease there is, and its provider does not serve now.
 * - `newer`: the lease has an older file of this path, or none.
 */
export type WhyLocal = (typeof whyLocal)[number]

/** Whom an answer came from and what it cost. */
export const ServedBy = closed({
  source: Type.Union([Type.Literal('lease'), Type.Literal('local')], {
    description: "local: the owner's own backend, free of charge",
  }),
  why: Type.Optional(literals(whyLocal, 'why no lease did')),
  leaseId: Type.Optional(Type.String()),
  market: Type.Optional(Type.String()),
  requestId: Type.Optional(Type.String()),
  cost: Type.Optional(Amount),
  currency: Type.Optional(CurrencySymbol),
  usage: Type.Optional(UsageOrNone),
  agrees: Type.Optional(Type.Boolean({ description: 'whether the stated usage agrees with our own count' })),
})
export type ServedBy = Static<typeof ServedBy>

export function servedLocally(why?: WhyLocal): ServedBy {
  return { source: 'local', ...(why === undefined ? {} : { why }) }
}

/** Whether stated usage can be true, given what we counted. Exact where the unit is exact. */
export type Agreement = (stated: UnitTotals) => boolean

export function exactly(counted: UnitTotals): Agreement {
  return (stated) => {
    const more = totalsBetween(counted, stated)
    return more !== undefined && totalEntries(more).every(([, quantity]) => quantity === 0n)
  }
}

/** What a call came to, on our side. */
export interface Bill {
  readonly entry: Pick<LeaseAnswer['entry'], 'leaseId' | 'market'>
  readonly requestId: string
  readonly counted: UnitTotals
  /** Undefined where nobody has said it. */
  readonly stated: UnitTotals | undefined
  readonly cost: bigint | undefined
  readonly responseHash: string
  readonly agrees: boolean
  /** The conversation and the run that it was made for. */
  readonly sessionKey?: string
  readonly runId?: string
}

/** Never rejects: the answer is here and paid for, and that our copy of the bill could not be kept does not take it away. */
export async function writeReceipt(
  web3: Web3,
  { entry, stated, counted, cost, ...bill }: Bill,
): Promise<void> {
  const { leaseId, market } = entry
  try {
    await web3.market().store.write((tx) =>
      tx.insert(ConsumerReceipts, {
        rev: 0,
        receiptKey: `${leaseId}/${bill.requestId}`,
        leaseId,
        market,
        counted: toUsage(counted),
        stated: toUsage(stated ?? {}),
        ...(cost === undefined ? {} : { statedCost: cost }),
        ...bill,
        createdAt: web3.now(),
      }),
    )
  } catch (error) {
    web3.report('keeping the receipt of a leased call', error)
  }
}

export async function keepReceipt(
  web3: Web3,
  { entry, requestId, body, headers, spend, sessionKey }: LeaseAnswer,
  counted: UnitTotals,
  agreement: Agreement,
) {
  const { cost, used: totals } = claimedIn(headers)
  const agrees = totals !== undefined && agreement(totals)
  const responseHash = sha256Hex(body)
  // Of a bill that we do not agree with we do not know what it comes to.
  await spend.settle(agrees ? cost : undefined, totals)
  await writeReceipt(web3, {
    entry,
    requestId,
    counted,
    stated: totals,
    cost,
    responseHash,
    agrees,
    ...(sessionKey === undefined ? {} : { sessionKey }),
  })
  return {
    source: 'lease' as const,
    leaseId: entry.leaseId,
    market: entry.market,
    requestId,
    ...(cost === undefined ? {} : { cost }),
    ...(entry.currency === undefined ? {} : { currency: entry.currency }),
    ...(totals === undefined ? {} : { usage: toUsage(totals) }),
    agrees,
  }
}
