/** What a decision to spend needs to know: the allowances, what of them is used, and what the owner has approved. */
import { canonicalHash, sha256Hex } from '@openclaw-market/protocol/canonical'
import {
  Allowances,
  Approvals,
  mostAllowances,
  Spends,
  type Allowance,
  type Approval,
  type Run,
  type Spend,
} from '@openclaw-market/protocol/entities/policy'
import { Settlements } from '@openclaw-market/protocol/entities/money'
import { actorOf, type Principal } from '@openclaw-market/protocol/principal'
import type { ReadTx } from '@openclaw-market/protocol/reading'
import type { ActorId } from '@openclaw-market/protocol/schema/scalars'
import { concerned, isNamed, type Counted, type Wish } from '../../policy/judge.ts'
import { isAbout, sessionOf, spenderOf, type Spender } from '../../policy/run.ts'
import { spendsSince } from './spends-since.ts'

export const dayMs = 86_400_000
/** A session that goes on for longer is counted for so long. */
export const sessionMs = 30 * dayMs

export interface Budget {
  readonly spender: Spender
  readonly actorId: ActorId
  readonly allowances: readonly Allowance[]
  /** The allowances that must cover the wish. */
  readonly counted: readonly Counted[]
  readonly taker?: Run
  /** Of this very request; absent where nobody could approve it. */
  readonly requestHash?: string
  /** Those asked for it before, newest first. */
  readonly approvals: readonly Approval[]
}

/** The spend of a lease is found by the token that the lease was taken with. */
export function leaseSpendKey(tokenHash: string): string {
  return sha256Hex(`lease/${tokenHash}`)
}

export function callSpendKey(leaseId: string, requestId: string): string {
  return sha256Hex(`call/${leaseId}/${requestId}`)
}

/**
 * @param leaseKey of a call: the spend of its lease
 * @returns undefined for whoever has no share in this budget
 */
export async function loadBudget(
  tx: ReadTx,
  who: Principal,
  { currency, leaseKey }: { readonly currency: string; readonly leaseKey?: string },
  now: number,
): Promise<Budget | undefined> {
  const spender = spenderOf(who)
  if (spender === undefined) return undefined
  const actorId = actorOf(who)
  const allowances = await allowancesOf(tx, actorId)
  const lease = leaseKey === undefined ? undefined : await tx.find(Spends, 'spendKey', leaseKey)
  const taken = lease === undefined ? {} : { taker: lease.run }
  const requestHash = requestHashOf(who, spender)
  return {
    spender,
    actorId,
    allowances,
    counted: await count(
      tx,
      actorId,
      concerned(allowances, spender, { currency, ...taken }),
      spender.run,
      now,
    ),
    ...taken,
    ...(requestHash === undefined
      ? { approvals: [] }
      : { requestHash, approvals: await asked(tx, requestHash) }),
  }
}

/** Whether some allowance names the sender of this run, in whatever currency. */
export async function hasAllowance(tx: ReadTx, who: Principal): Promise<boolean> {
  const spender = spenderOf(who)
  if (spender === undefined) return false
  const allowances = await allowancesOf(tx, actorOf(who))
  return allowances.some(({ currency }) => isNamed(allowances, spender, currency))
}

/** Whether a call on this lease has anything to do with a budget; for the owner who has set none it has not. */
export async function concernsCall(
  tx: ReadTx,
  who: Principal,
  { currency, leaseKey }: { readonly currency: string; readonly leaseKey: string },
): Promise<boolean> {
  const spender = spenderOf(who)
  if (spender === undefined) return false
  if (!spender.owner) return true
  const allowances = await allowancesOf(tx, actorOf(who))
  if (allowances.length === 0) return false
  const lease = await tx.find(Spends, 'spendKey', leaseKey)
  const wish = { currency, ...(lease === undefined ? {} : { taker: lease.run }) }
  return concerned(allowances, spender, wish).length > 0
}

/** By rising number. */
export async function allowancesOf(tx: ReadTx, actorId: ActorId): Promise<readonly Allowance[]> {
  const { items } = await tx.list(Allowances, { where: { actorId }, limit: mostAllowances })
  return [...items].sort((a, b) => a.number - b.number)
}

/** Another session's request, or another sender's, is another request. */
function requestHashOf(who: Principal, { run }: Spender): string | undefined {
  return who.kind === 'node' && who.request !== undefined ? canonicalHash({ ...who.request, run }) : undefined
}

async function asked(tx: ReadTx, requestHash: string): Promise<readonly Approval[]> {
  return (await tx.list(Approvals, { where: { requestHash }, limit: 10 })).items
}

/** What of these allowances is used, as seen from this run. */
export async function count(
  tx: ReadTx,
  actorId: ActorId,
  allowances: readonly Allowance[],
  run: Run,
  now: number,
): Promise<readonly Counted[]> {
  const counts = new Map(allowances.map((each) => [each.allowanceId, { used: 0n, unknown: 0 }]))
  const add = async (per: Allowance['per'], spends: AsyncIterable<Spend>): Promise<void> => {
    const of = allowances.filter((each) => each.per === per)
    for await (const spend of spends) {
      const paying = of.filter((each) => paysFor(each, spend))
      if (paying.length === 0) continue
      const cost = await costOf(tx, spend)
      for (const { allowanceId } of paying) {
        const so = counts.get(allowanceId)
        if (so === undefined) continue
        if (cost === undefined) so.unknown += 1
        else so.used += cost
      }
    }
  }
  const has = (period: Allowance['per']): boolean => allowances.some(({ per }) => per === period)
  if (has('day')) await add('day', spendsSince(tx, { actorId }, now - dayMs + 1))
  if (has('session'))
    await add('session', spendsSince(tx, { actorId, session: sessionOf(run) }, now - sessionMs + 1))
  return allowances.map((allowance) => ({
    allowance,
    ...(counts.get(allowance.allowanceId) ?? { used: 0n, unknown: 0 }),
  }))
}

function paysFor({ currency, whose }: Allowance, spend: Spend): boolean {
  if (currency !== spend.currency || !isAbout(whose, spend.run)) return false
  return spend.taker === undefined || !isAbout(whose, spend.taker)
}

/** What came back is free again; until that is known, the most that it can come to. Undefined: nobody knows. */
async function costOf(tx: ReadTx, { settlementId, amount, cost }: Spend): Promise<bigint | undefined> {
  if (cost !== undefined || settlementId === undefined) return cost ?? amount
  const settlement = await tx.get(Settlements, settlementId)
  return settlement === undefined ? amount : settlement.locked - settlement.refundedSoFar
}

export function wishOf({ taker }: Budget, currency: string, amount: bigint | undefined): Wish {
  return { currency, amount, ...(taker === undefined ? {} : { taker }) }
}
