import { Type } from '@sinclair/typebox'
import { CreditLines, Settlements } from '@openclaw-market/protocol/entities/money'
import { Leases } from '@openclaw-market/protocol/entities/lease'
import { MarketError } from '@openclaw-market/protocol/errors'
import { CreditLineId, LeaseId } from '@openclaw-market/protocol/ids'
import { operation, update } from '@openclaw-market/protocol/operation'
import { actorOf } from '@openclaw-market/protocol/principal'
import type { ReadTx } from '@openclaw-market/protocol/reading'
import { Amount, closed, CurrencySymbol } from '@openclaw-market/protocol/schema/scalars'
import type { Credit } from '../../settlement/end-lease.ts'
import { payDebts, type Debt } from '../../settlement/pay-debt.ts'
import { found } from '../found.ts'
import { creditOf, debtsOf, drawnOf, loadMoney, mostDebts } from './load.ts'
import { leftOf } from './view.ts'

/**
 * The consumer pays what is due on a line: what is owed or defaulted, and what running leases have used so far, which it
 * accepts by that. For the end of a session, and for getting out of a default.
 */
export const settleCredit = operation({
  name: 'market.credit.settle',
  summary: 'Pays what is due on a credit line, what its running leases have used so far included.',
  effect: 'money',
  scope: 'admin',
  params: closed({
    creditLineId: CreditLineId,
    leaseId: Type.Optional(
      Type.Unsafe<LeaseId>({
        ...LeaseId,
        description: 'only what this lease has cost; absent: all of the line',
      }),
    ),
  }),
  result: closed({
    creditLineId: CreditLineId,
    currency: CurrencySymbol,
    paid: Amount,
    owing: Type.Unsafe<bigint>({ ...Amount, description: 'due as well, and your money did not reach' }),
    drawn: Amount,
    left: Amount,
    more: Type.Boolean({ description: `there may be more than ${mostDebts} leases: settle again` }),
  }),
  errors: ['E_NOT_FOUND', 'E_INSUFFICIENT_FUNDS'],
  callers: ['node', 'wallet', 'operator'],
  async load(tx, { creditLineId, leaseId }, { who }) {
    const line = await tx.get(CreditLines, creditLineId)
    const own = found(
      line?.consumerActorId === actorOf(who) ? line : undefined,
      'credit line for you',
      creditLineId,
    )
    return {
      ...(await creditOf(tx, own)),
      drawn: await drawnOf(tx, own),
      debts: leaseId === undefined ? await debtsOf(tx, own) : [await debtOnLine(tx, creditLineId, leaseId)],
    }
  },
  decide(state, { creditLineId }, { now }) {
    const { line, debts } = state
    const { paid, owing, settlements, movements } = payDebts(debts, state, now)
    if (paid === 0n && owing > 0n) throw tooLittle(state, owing)
    const drawn = state.drawn - paid
    return {
      result: {
        creditLineId,
        currency: line.currency,
        paid,
        owing,
        drawn,
        left: leftOf(line, drawn),
        more: debts.length === mostDebts,
      },
      subjects: [
        creditLineId,
        ...settlements.flatMap(({ leaseId, settlementId }) => [leaseId, settlementId]),
      ],
      writes: settlements.map((settlement) => update(Settlements, settlement)),
      movements,
    }
  },
})

async function debtOnLine(tx: ReadTx, creditLineId: string, leaseId: string): Promise<Debt> {
  const lease = await tx.get(Leases, leaseId)
  const drawing = lease?.creditLineId === creditLineId ? lease : undefined
  return loadMoney(tx, found(drawing, 'lease on this credit line', leaseId))
}

function tooLittle({ line: { currency }, payable }: Credit, owing: bigint): MarketError {
  return new MarketError(
    'E_INSUFFICIENT_FUNDS',
    `${owing} ${currency} (base units) is due, ${payable} available`,
    {
      details: { currency, owing: owing.toString(), available: payable.toString() },
      hint: 'Each lease is paid whole: deposit what is missing. It is then paid by itself, too.',
    },
  )
}
