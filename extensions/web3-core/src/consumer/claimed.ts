/** What an answer says beside that its call has used and cost. */
import { toTotals, UsageOrNone } from '@openclaw-market/protocol/money/price'
import type { UnitTotals } from '@openclaw-market/protocol/money/units'
import { codec } from '@openclaw-market/protocol/schema/codec'
import type { Claimed } from './budget.ts'
import { readCost } from './stated-cost.ts'

export function claimedIn(headers: Headers): Claimed {
  return { cost: readCost(headers.get('x-openclaw-cost')), used: readUsage(headers.get('x-openclaw-usage')) }
}

function readUsage(header: string | null): UnitTotals | undefined {
  try {
    return toTotals(codec(UsageOrNone).decode(JSON.parse(header ?? '')))
  } catch {
    return undefined
  }
}
