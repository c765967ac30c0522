/**
 * Whether something may be spent: allow, ask or refuse (DESIGN §4). Pure. Every allowance that is about the run must cover
 * the wish. The owner needs none; anybody else spends only by an allowance that names the sender.
 */
import type { Allowance, Run } from '@openclaw-market/protocol/entities/policy'
import { isAbout, type Spender } from './run.ts'

export interface Wish {
  readonly currency: string
  /** The most that it can come to. Undefined: nobody can tell, which is never nothing. */
  readonly amount: bigint | undefined
  /** Of a call: the run that took its lease. What an allowance has paid for with the lease it does not pay for again. */
  readonly taker?: Run
}

/** An allowance, and what of it is used by the run that asks. */
export interface Counted {
  readonly allowance: Allowance
  readonly used: bigint
  /** Spends under it of which nobody knows what they come to. */
  readonly unknown: number
}

export type Verdict =
  | { readonly is: 'allow' }
  | { readonly is: 'ask'; readonly by: Counted }
  /** `owner-only`: it is not the owner, and no allowance names the sender. */
  | { readonly is: 'refuse'; readonly by: Counted | 'owner-only' }

/** Those that must cover it. */
export function concerned(
  allowances: readonly Allowance[],
  { run }: Spender,
  { currency, taker }: Omit<Wish, 'amount'>,
): readonly Allowance[] {
  return allowances.filter(
    (each) =>
      each.currency === currency &&
      isAbout(each.whose, run) &&
      (taker === undefined || !isAbout(each.whose, taker)),
  )
}

/** Whether some allowance names the sender, so that one who is not the owner may spend at all. */
export function isNamed(allowances: readonly Allowance[], { run }: Spender, currency: string): boolean {
  return allowances.some(
    ({ whose, currency: of }) => of === currency && whose.sender !== undefined && isAbout(whose, run),
  )
}

/** The limit with the top-ups of now. */
export function limitAt({ limit, topUps }: Allowance, now: number): bigint {
  return topUps.reduce((sum, { amount, expiresAt }) => (expiresAt > now ? sum + amount : sum), limit)
}

/** What is left now; undefined when nobody knows. Never below zero: a top-up that is over may have been spent. */
export function leftOf({ allowance, used, unknown }: Counted, now: number): bigint | undefined {
  if (unknown > 0) return undefined
  const left = limitAt(allowance, now) - used
  return left > 0n ? left : 0n
}

export function judge(
  spender: Spender,
  allowances: readonly Allowance[],
  counted: readonly Counted[],
  wish: Wish,
  now: number,
): Verdict {
  if (!spender.owner && !isNamed(allowances, spender, wish.currency)) {
    return { is: 'refuse', by: 'owner-only' }
  }
  const exceeded = counted.filter((each) => !covers(each, wish.amount, now))
  // One that refuses is not softened by one that asks.
  const refusing = exceeded.find(({ allowance }) => allowance.above === 'refuse')
  if (refusing !== undefined) return { is: 'refuse', by: refusing }
  const [asking] = exceeded
  return asking === undefined ? { is: 'allow' } : { is: 'ask', by: asking }
}

function covers(counted: Counted, amount: bigint | undefined, now: number): boolean {
  const left = leftOf(counted, now)
  return amount !== undefined && left !== undefined && amount <= left
}
