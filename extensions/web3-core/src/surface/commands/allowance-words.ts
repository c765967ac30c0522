/** What the owner says after /allowance, read strictly: what is not understood changes nothing. */
import type { AllowancePeriod, Whose } from '@openclaw-market/protocol/entities/policy'
import { allowancePeriods } from '@openclaw-market/protocol/entities/policy'
import { MarketError } from '@openclaw-market/protocol/errors'
import { readAmount } from '@openclaw-market/protocol/money/show'

export interface KnownCurrency {
  readonly currency: string
  readonly decimals: number
}

export interface Heard {
  readonly currencies: readonly KnownCurrency[]
  /** Where it was said: senders are of that channel unless another is named. */
  readonly channel: string | undefined
}

export type Said =
  | { readonly is: 'show' }
  | { readonly is: 'remove'; readonly number: number }
  | { readonly is: 'approve' | 'deny'; readonly approvalId: string }
  | {
      readonly is: 'topUp'
      readonly number: number | undefined
      readonly currency: string
      readonly amount: bigint
      readonly forMs: number
    }
  | {
      readonly is: 'allow'
      readonly per: AllowancePeriod
      readonly whose: Whose
      readonly currency: string
      readonly limit: bigint
      readonly above?: 'ask' | 'refuse'
    }

/** @throws MarketError E_INVALID_ARGUMENT */
export function readAllowance(words: string, heard: Heard): Said {
  const tokens = words.split(/\s+/).filter((token) => token !== '')
  const [first = '', ...rest] = tokens
  switch (first) {
    case '':
      return { is: 'show' }
    case 'off':
      return { is: 'remove', number: numberOf(only(rest, 'off', 'the number of an allowance')) }
    case 'approve':
    case 'deny':
      return { is: first, approvalId: only(rest, first, 'the id of a request') }
  }
  return first.startsWith('+') ? topUp(tokens, heard) : allowance(tokens, heard)
}

function topUp(tokens: readonly string[], heard: Heard): Said {
  const [first = '', ...rest] = tokens
  const money = moneyOf([first.slice(1), ...rest], heard.currencies)
  const [word, span = '', to, number, ...more] = money.rest
  if (word !== 'for' || more.length > 0 || (to !== undefined && to !== 'to')) {
    throw wrong('a top-up is for a time', '+5 USDC for 2h, and to 1 where there are several allowances')
  }
  return {
    is: 'topUp',
    currency: money.currency,
    amount: money.amount,
    forMs: spanOf(span),
    number: to === undefined ? undefined : numberOf(number ?? ''),
  }
}

function allowance(tokens: readonly string[], { currencies, channel }: Heard): Said {
  const { whose, rest } = whoseOf(tokens, channel)
  const text = rest.join(' ')
  const match = /^(.+?) ?\/ ?([a-z]+)(?: (ask|refuse))?$/.exec(text)
  const [, sum = '', period, above] = match ?? []
  const per = allowancePeriods.find((each) => each === period)
  if (per === undefined) {
    throw wrong(
      `an allowance is so much per ${allowancePeriods.join(', ')}`,
      `$20/day, or 5 USDC/call refuse${text === '' ? '' : `; "${shown(text)}" is not`}`,
    )
  }
  const { amount: limit, currency, rest: more } = moneyOf(sum.split(' '), currencies)
  if (more.length > 0) throw wrong(`"${shown(more.join(' '))}" is not understood`, '5 USDC/call')
  return {
    is: 'allow',
    per,
    whose,
    currency,
    limit,
    ...(above === undefined ? {} : { above: above === 'ask' ? ('ask' as const) : ('refuse' as const) }),
  }
}

function whoseOf(
  tokens: readonly string[],
  here: string | undefined,
): { readonly whose: Whose; readonly rest: readonly string[] } {
  const whose: { -readonly [K in keyof Whose]: Whose[K] } = {}
  let rest = tokens
  for (;;) {
    const [word = '', value = ''] = rest
    if (word.startsWith('@') && word.length > 1 && whose.sender === undefined) {
      const named = value === 'on'
      const channel = named ? rest[2] : here
      if (channel === undefined || channel === '') {
        throw wrong('a sender is of a channel', `${shown(word)} on telegram 2 USDC/day`)
      }
      whose.sender = { channel, id: word.slice(1) }
      rest = rest.slice(named ? 3 : 1)
    } else if (word === 'agent' && value !== '' && whose.agentId === undefined) {
      whose.agentId = value
      rest = rest.slice(2)
    } else if (word === 'session' && value !== '' && whose.sessionKey === undefined) {
      whose.sessionKey = value
      rest = rest.slice(2)
    } else return { whose, rest }
  }
}

/** `$20`, `20 USDC`, or `20` where there is one currency only. */
function moneyOf(tokens: readonly string[], currencies: readonly KnownCurrency[]) {
  const [first = '', second = '', ...others] = tokens
  const dollars = first.startsWith('$')
  const named = dollars ? undefined : currencies.find(({ currency }) => currency === second.toUpperCase())
  const of = named ?? (dollars ? dollar(currencies) : sole(currencies, second))
  const amount = readAmount(dollars ? first.slice(1) : first, of.decimals)
  if (amount === undefined) {
    throw wrong(
      `"${shown(first)}" is no amount of ${of.currency}`,
      `20 ${of.currency}, with at most ${of.decimals} digits after the point`,
    )
  }
  const rest = [...(named === undefined ? [second] : []), ...others].filter((token) => token !== '')
  return { amount, currency: of.currency, rest }
}

/** The one whose symbol begins with USD. */
function dollar(currencies: readonly KnownCurrency[]): KnownCurrency {
  const [one, another] = currencies.filter(({ currency }) => currency.startsWith('USD'))
  if (one !== undefined && another === undefined) return one
  throw wrong(
    one === undefined ? 'no currency of this market is a dollar' : '$ may be more than one currency here',
    `20 ${(one ?? currencies[0])?.currency ?? 'USDC'}/day`,
  )
}

function sole(currencies: readonly KnownCurrency[], said: string): KnownCurrency {
  const [one, another] = currencies
  const isWord = /^[A-Za-z]/.test(said) && said !== 'for'
  if (one !== undefined && another === undefined && !isWord) return one
  const known = currencies.map(({ currency }) => currency).join(', ')
  throw wrong(
    isWord ? `this market does not deal in ${shown(said)}` : 'say which currency',
    `20 ${one?.currency ?? 'USDC'}/day; there is ${known}`,
  )
}

const spans: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 }
const longest = 30 * 86_400_000

function spanOf(text: string): number {
  const [, count = '', unit = ''] = /^(\d{1,5})(m|h|d)$/.exec(text) ?? []
  const ms = Number(count) * (spans[unit] ?? 0)
  if (ms > 0 && ms <= longest) return ms
  throw wrong(`"${shown(text)}" is no time of at most 30 days`, 'for 30m, for 2h or for 1d')
}

function numberOf(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text)
  throw wrong(`"${shown(text)}" is no number of an allowance`, 'off 1: /allowance shows the numbers')
}

function only(rest: readonly string[], verb: string, what: string): string {
  const [one, another] = rest
  if (one !== undefined && another === undefined) return one
  throw wrong(`${verb} takes ${what}, and nothing more`, `${verb} ${verb === 'off' ? '1' : 'apr_…'}`)
}

/** What somebody typed may be anything. */
function shown(text: string): string {
  return text.length > 30 ? `${text.slice(0, 30)}…` : text
}

function wrong(what: string, example: string): MarketError {
  return new MarketError('E_INVALID_ARGUMENT', what, {
    details: { pointer: '', rule: 'allowance' },
    hint: `E.g. /allowance ${example}`,
  })
}
