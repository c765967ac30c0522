import type { Static } from '@sinclair/typebox'
import { MarketError } from '@openclaw-market/protocol/errors'
import { toTotals, type UsageOrNone } from '@openclaw-market/protocol/money/price'
import { unitsOf, type ResourceKind, type UnitTotals } from '@openclaw-market/protocol/money/units'

/** So that totals, however many records add to them, and their costs stay within what an answer can say. */
const mostOfOneRecord = 10n ** 18n - 1n

/** gb_day is counted by the market itself (DESIGN §5); whoever serves says what is stored, not for how long. */
export const accruedUnit = 'gb_day'

/**
 * Usage as its schema cannot say it: units of this kind, each once, none beyond bound.
 * @param accrued whether gb_day may stand in it (an estimate) or not (usage that someone states)
 * @throws MarketError E_INVALID_ARGUMENT with the place under `pointer`
 */
export function checkUsage(
  usage: Static<typeof UsageOrNone>,
  kind: ResourceKind,
  pointer: string,
  accrued: 'allowed' | 'refused',
): UnitTotals {
  const units: readonly string[] = unitsOf[kind].filter(
    (unit) => accrued === 'allowed' || unit !== accruedUnit,
  )
  const seen = new Set<string>()
  for (const [i, { unit, quantity }] of usage.entries()) {
    const at = `${pointer}/${i}`
    if (!units.includes(unit))
      throw wrong(`${at}/unit`, 'unit', `a ${kind} is not counted in ${unit} here`, units)
    if (seen.has(unit)) throw wrong(`${at}/unit`, 'uniqueItems', `${unit} stands twice`, units)
    if (quantity > mostOfOneRecord)
      throw wrong(`${at}/quantity`, 'maximum', `is above ${mostOfOneRecord}`, units)
    seen.add(unit)
  }
  return toTotals(usage)
}

function wrong(pointer: string, rule: string, message: string, units: readonly string[]): MarketError {
  return new MarketError('E_INVALID_ARGUMENT', `${pointer}: ${message}`, {
    details: { pointer, rule },
    hint: `Use each of these at most once, up to ${mostOfOneRecord}: ${units.join(', ')}.`,
  })
}
