/**
 * Prices as a person writes them, in whole units of the currency: a model `IN/OUT` per million tokens, a search per query,
 * a disk per gigabyte and day.
 */
import type { Currency } from '@openclaw-market/protocol/operation'
import { currencyOf, type PriceComponent, type Prices } from '@openclaw-market/protocol/money/price'
import { decimalText } from '@openclaw-market/protocol/money/show'
import type { Unit } from '@openclaw-market/protocol/money/units'

export const shareableKinds = ['model', 'search', 'storage'] as const
export type ShareableKind = (typeof shareableKinds)[number]

const million = 1_000_000n

/** What one figure prices, for each place of a figure. */
const places = {
  model: [
    { unit: 'input_token', per: million },
    { unit: 'output_token', per: million },
  ],
  search: [{ unit: 'query', per: 1n }],
  storage: [{ unit: 'gb_day', per: 1n }],
} as const satisfies Record<ShareableKind, readonly { unit: Unit; per: bigint }[]>

const meanings: Record<ShareableKind, string> = {
  model: 'per million tokens in/out',
  search: 'per query',
  storage: 'per GB and day',
}

export function figureMeans(kind: ShareableKind): string {
  return meanings[kind]
}

const oneFigure = /^(\d{1,12})(?:\.(\d{1,9}))?$/

/** @returns undefined when the text is not figures for this kind */
export function parseFigure(kind: ShareableKind, text: string, currency: Currency): Prices | undefined {
  const figures = text.trim().split('/')
  const wanted = places[kind]
  if (figures.length !== wanted.length) return undefined
  const prices: PriceComponent[] = []
  for (const [i, { unit, per }] of wanted.entries()) {
    const found = oneFigure.exec(figures[i]?.trim() ?? '')
    if (found === null) return undefined
    const [, whole = '', fraction = ''] = found
    prices.push({ unit, ...exactly(BigInt(whole + fraction), fraction.length, per, currency) })
  }
  return prices
}

/** digits / 10^places of the currency for each `per`, with the smallest `per` that says it in whole base units. */
function exactly(digits: bigint, fraction: number, per: bigint, { symbol, decimals }: Currency) {
  let amount = digits * 10n ** BigInt(decimals)
  let units = per * 10n ** BigInt(fraction)
  while (units > per && amount % 10n === 0n) {
    amount /= 10n
    units /= 10n
  }
  return { amount, per: units, currency: symbol }
}

/** As `parseFigure` reads it; in full where the prices are of another form. */
export function figureOf(kind: ShareableKind, prices: Prices, currency: Currency): string {
  const wanted = places[kind]
  const fits =
    prices.length === wanted.length &&
    wanted.every(({ unit, per }, i) => prices[i]?.unit === unit && isDecimal(prices[i]?.per ?? 0n, per))
  if (!fits)
    return prices
      .map(({ unit, amount, per }) => `${decimalText(amount, currency.decimals)} per ${per} ${unit}`)
      .join(', ')
  return prices
    .map(({ amount, per }, i) => {
      const times = per / (wanted[i]?.per ?? 1n)
      return decimalText(amount, currency.decimals + times.toString().length - 1)
    })
    .join('/')
}

/** Whether `per` is the plain one, or ten, a hundred … times that. */
function isDecimal(per: bigint, plain: bigint): boolean {
  return per % plain === 0n && /^10*$/.test((per / plain).toString())
}

/** Of these prices, as the market knows it. */
export function currencyIn(currencies: readonly Currency[], prices: Prices): Currency {
  const symbol = currencyOf(prices)
  return currencies.find((each) => each.symbol === symbol) ?? { symbol, decimals: 0 }
}
