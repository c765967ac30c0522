import { MarketError } from '@openclaw-market/protocol/errors'
import type { Currency, MarketRules } from '@openclaw-market/protocol/operation'

/** @throws MarketError E_INVALID_ARGUMENT when this market does not deal in it. */
export function knownCurrency(rules: MarketRules, symbol: string, pointer: string): Currency {
  const currency = rules.currencies.get(symbol)
  if (currency !== undefined) return currency
  throw new MarketError('E_INVALID_ARGUMENT', `${pointer}: this market does not deal in ${symbol}`, {
    details: { pointer, rule: 'currency', known: [...rules.currencies.keys()] },
    hint: `Use one of: ${[...rules.currencies.keys()].join(', ')}.`,
  })
}
