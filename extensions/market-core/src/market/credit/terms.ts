import { Type } from '@sinclair/typebox'
import type { CreditLine } from '@openclaw-market/protocol/entities/money'
import { CreditLines } from '@openclaw-market/protocol/entities/money'
import { MarketError } from '@openclaw-market/protocol/errors'
import type { ReadTx } from '@openclaw-market/protocol/reading'
import { Amount, type ActorId } from '@openclaw-market/protocol/schema/scalars'
import { found } from '../found.ts'
import { drawnOf } from './load.ts'

const day = 86_400_000

export const Ceiling = Type.Unsafe<bigint>({
  ...Amount,
  pattern: '^[1-9][0-9]{0,38}$',
  description: 'base units that all its leases together may have locked or owe',
})

export const LineRate = Type.Integer({
  minimum: 1,
  maximum: 60_000,
  description: 'calls of all its leases together',
})

/** Never changed: what a consumer owes it owes under the terms that were there when it agreed. */
export const Grace = Type.Integer({
  minimum: 1_000,
  maximum: 30 * day,
  description: 'how long an ended lease may be owed before it counts as defaulted; a day when absent',
})
export const usualGraceMs = day

export interface OwnLine {
  readonly line: CreditLine
  readonly drawn: bigint
}

/** A line that this provider has opened. */
export async function loadOwnLine(tx: ReadTx, creditLineId: string, provider: ActorId): Promise<OwnLine> {
  const line = await tx.get(CreditLines, creditLineId)
  const own = found(
    line?.providerActorId === provider ? line : undefined,
    'credit line of yours',
    creditLineId,
  )
  return { line: own, drawn: await drawnOf(tx, own) }
}

export function assertOpenLine({ creditLineId, status }: CreditLine): void {
  if (status === 'credit_open') return
  throw new MarketError('E_CONFLICT', `credit line ${creditLineId} is closed`, {
    details: { status },
    hint: 'Open another one.',
  })
}
