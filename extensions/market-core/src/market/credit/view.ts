import { Type, type Static } from '@sinclair/typebox'
import { CreditLineSchema, type CreditLine } from '@openclaw-market/protocol/entities/money'
import type { ReadTx } from '@openclaw-market/protocol/reading'
import { Amount, closed } from '@openclaw-market/protocol/schema/scalars'
import { show, shown } from '@openclaw-market/protocol/views/hide'
import { defaultOf, drawnOf } from './load.ts'

const hidden = ['rev'] as const

export const CreditLineView = closed({
  ...shown(CreditLineSchema, hidden).properties,
  drawn: Type.Unsafe<bigint>({ ...Amount, description: 'locked or owed on it now' }),
  left: Type.Unsafe<bigint>({ ...Amount, description: 'what new leases may lock' }),
  blocked: Type.Boolean({ description: 'its consumer has not paid this provider in time' }),
})
export type CreditLineView = Static<typeof CreditLineView>

export async function showCreditLine(tx: ReadTx, line: CreditLine): Promise<CreditLineView> {
  const drawn = await drawnOf(tx, line)
  const defaulted = await defaultOf(tx, line.providerActorId, line.consumerActorId)
  return {
    ...show(line, CreditLineSchema, hidden),
    drawn,
    left: leftOf(line, drawn),
    blocked: defaulted !== undefined,
  }
}

export function leftOf({ ceiling, status }: CreditLine, drawn: bigint): bigint {
  return status === 'credit_open' && drawn < ceiling ? ceiling - drawn : 0n
}
