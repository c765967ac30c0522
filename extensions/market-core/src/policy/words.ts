/** Budgets in words: what an allowance says, and why something is not covered, with figure, limit and way out. */
import type { Allowance, AllowancePeriod, Approval, Whose } from '@openclaw-market/protocol/entities/policy'
import { MarketError } from '@openclaw-market/protocol/errors'
import { showAmount } from '@openclaw-market/protocol/money/show'
import type { Currency } from '@openclaw-market/protocol/operation'
import { leftOf, limitAt, type Counted, type Wish } from './judge.ts'
import type { Spender } from './run.ts'

export type Currencies = ReadonlyMap<string, Currency>

/** Of a currency that this market does not deal in nobody here knows the decimals. */
export function show(amount: bigint | undefined, symbol: string, currencies: Currencies): string {
  if (amount === undefined) return `an unknown amount of ${symbol}`
  const known = currencies.get(symbol)
  return known === undefined
    ? `${amount} base units of ${symbol}`
    : showAmount(amount, symbol, known.decimals)
}

const periods: Readonly<Record<AllowancePeriod, string>> = {
  call: 'a call',
  session: 'a session',
  day: 'in 24 hours',
}

/** E.g. `allowance 2 (20 USDC in 24 hours, agent worker)` */
function ruleWords(allowance: Allowance, currencies: Currencies, now: number): string {
  const { number, per, whose, currency } = allowance
  const limit = show(limitAt(allowance, now), currency, currencies)
  return `allowance ${number} (${[`${limit} ${periods[per]}`, ...whoseWords(whose)].join(', ')})`
}

function whoseWords({ sender, agentId, sessionKey }: Whose): string[] {
  return [
    ...(sender === undefined ? [] : [`sender ${sender.id} on ${sender.channel}`]),
    ...(agentId === undefined ? [] : [`agent ${agentId}`]),
    ...(sessionKey === undefined ? [] : [`session ${sessionKey}`]),
  ]
}

interface Situation {
  readonly currencies: Currencies
  readonly now: number
}

/** Why it is not covered, in figures. */
export function shortfall(by: Counted, wish: Wish, { currencies, now }: Situation) {
  const { allowance, used, unknown } = by
  const { currency, per } = allowance
  const limit = limitAt(allowance, now)
  const left = leftOf(by, now)
  const rule = ruleWords(allowance, currencies, now)
  const asked = show(wish.amount, currency, currencies)
  const spent =
    unknown > 0
      ? `nobody knows yet what ${unknown} of the spends under it come to`
      : `${show(used, currency, currencies)} of it ${per === 'call' ? 'are' : 'is'} used`
  return {
    rule,
    message: `${rule} does not cover ${asked}${per === 'call' ? '' : `: ${spent}`}`,
    details: {
      allowanceId: allowance.allowanceId,
      rule,
      currency,
      amount: wish.amount?.toString() ?? 'unknown',
      used: unknown > 0 ? 'unknown' : used.toString(),
      limit: limit.toString(),
      left: left?.toString() ?? 'unknown',
    },
  }
}

/** @returns E_QUOTA_EXCEEDED */
export function refusal(by: Counted, wish: Wish, situation: Situation): MarketError {
  const { message, details } = shortfall(by, wish, situation)
  return new MarketError('E_QUOTA_EXCEEDED', message, {
    details,
    hint: wayOut(by, wish, situation),
  })
}

function wayOut(by: Counted, { amount }: Wish, { currencies, now }: Situation): string {
  const { currency, number, per } = by.allowance
  const left = leftOf(by, now)
  const ways = [
    ...(left === undefined || left === 0n ? [] : [`spend at most ${show(left, currency, currencies)}`]),
    ...(per === 'day' ? ['wait until earlier spends are 24 hours old'] : []),
    ...(amount === undefined || left === undefined
      ? [`have the owner see to it with /allowance`]
      : [
          `have the owner add to it: /allowance +${show(amount - left, currency, currencies)} for 1h to ${number}`,
        ]),
  ]
  return sentence(ways)
}

function sentence(ways: readonly string[]): string {
  const text = ways.join(', or ')
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
}

/** @returns E_FORBIDDEN */
export function ownerOnly({ run }: Spender, wish: Wish, currencies: Currencies): MarketError {
  const asked = show(wish.amount, wish.currency, currencies)
  const who = run.sender === undefined ? 'a sender whom the host does not prove' : 'this sender'
  return new MarketError('E_FORBIDDEN', `only the owner may spend ${asked}: ${who} has no allowance`, {
    details: {
      rule: 'owner-only',
      effect: 'money',
      currency: wish.currency,
      amount: wish.amount?.toString() ?? 'unknown',
      limit: '0',
    },
    hint:
      run.sender === undefined
        ? 'The owner has to ask for it, from its own session.'
        : `The owner asks for it itself, or gives an allowance: /allowance @${run.sender.id} on ${run.sender.channel} 1 ${wish.currency}/day.`,
  })
}

/** @param last what became of the approval that was asked for last, for this very request */
export function approvalNeeded(
  by: Counted,
  wish: Wish,
  situation: Situation,
  last: Approval | undefined,
): MarketError {
  const { message, details } = shortfall(by, wish, situation)
  if (last?.status === 'approval_denied' && last.expiresAt > situation.now) return denied(last)
  const was = last === undefined ? '' : ` (${becameOf(last, situation.now)})`
  return new MarketError('E_APPROVAL_REQUIRED', `${message}; the owner has to approve it${was}`, {
    details,
    hint: wayOut(by, wish, situation),
  })
}

function becameOf({ approvalId, status, expiresAt }: Approval, now: number): string {
  if (status === 'approval_used') return `${approvalId} was used, and is good for once`
  if (expiresAt <= now) return `${approvalId} has expired`
  return status === 'approval_pending' ? `${approvalId} waits for the owner` : `${approvalId} is for less`
}

/** @returns E_FORBIDDEN */
export function denied({ approvalId, expiresAt }: Approval): MarketError {
  return new MarketError('E_FORBIDDEN', `the owner has denied this: ${approvalId}`, {
    details: { approvalId, rule: 'denied' },
    hint: `Do without it. The same can be asked for again after ${new Date(expiresAt).toISOString()}.`,
  })
}
