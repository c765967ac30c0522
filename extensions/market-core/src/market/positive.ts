import { MarketError } from '@openclaw-market/protocol/errors'

/** @throws MarketError E_INVALID_ARGUMENT for zero. (Below zero no amount can be written.) */
export function positive(amount: bigint, pointer: string): void {
  if (amount > 0n) return
  throw new MarketError('E_INVALID_ARGUMENT', `${pointer}: must be above zero`, {
    details: { pointer, rule: 'minimum' },
    hint: 'Give an amount of at least 1 base unit.',
  })
}
