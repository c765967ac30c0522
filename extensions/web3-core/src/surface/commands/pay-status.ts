import type { Static } from '@sinclair/typebox'
import { LeaseOrOrder, type CurrencyStatement } from '@openclaw-market/market-core'
import { MarketError } from '@openclaw-market/protocol/errors'
import { codec } from '@openclaw-market/protocol/schema/codec'
import { billingStatusContract } from '../../billing/status.ts'
import { statusContract } from '../../status/summary.ts'
import type { ChatCommand, CommandCall } from './command.ts'
import { figures, screen, seenFrom, type Row } from './look.ts'

export const payStatusCommand: ChatCommand = {
  name: 'pay_status',
  takes: '[leaseId]',
  description: 'where your money is',
  hints: { E_NOT_FOUND: 'Check the id; your butler lists your leases.' },
  answer: (words, at) => (words === '' ? ofAll(at) : ofLease(words, at)),
}

async function ofAll({ call, now }: CommandCall): Promise<string> {
  const { billing, settlement, payouts, waiting } = await call(statusContract.name, statusContract.result)
  const dealt = billing.currencies.filter(isDealtIn)
  const shown = dealt.length === 0 ? billing.currencies.slice(0, 1) : dealt
  return screen({
    rows: [
      ...shown.flatMap(moneyRows),
      ['unsettled', leases(settlement.pending)],
      ...some('of these unknown', settlement.unknown),
      ...some('unpaid', settlement.owed),
      ...some('in default', settlement.defaulted),
      ...some('payouts waiting', payouts.pending),
      ...(waiting?.since === undefined
        ? []
        : [['ends waiting', `${waiting.ends}, asked ${seenFrom(now(), waiting.since)}`] as const]),
    ],
    wayOn: '/pay_status <leaseId> for one lease',
  })
}

function moneyRows({ currency, decimals, net, ...money }: Static<typeof CurrencyStatement>): Row[] {
  return [
    ['', currency],
    ...figures(decimals, [
      ['available', money.available],
      ['held', money.held],
      ['owed to you', money.owed],
      ...(money.owing === 0n ? [] : [['you owe', money.owing] as const]),
      ['earned', money.earned],
      ['spent', money.spent],
      ['net', BigInt(net)],
      ...(money.pendingPayouts === 0n ? [] : [['paying out', money.pendingPayouts] as const]),
    ]),
  ]
}

/** What another currency has nothing of need not be said. */
function isDealtIn({
  available,
  held,
  owed,
  owing,
  earned,
  spent,
  pendingPayouts,
}: Static<typeof CurrencyStatement>) {
  return available + held + owed + owing + earned + spent + pendingPayouts > 0n
}

function some(label: string, count: number): Row[] {
  return count === 0 ? [] : [[label, String(count)]]
}

function leases(count: number): string {
  return count === 1 ? '1 lease' : `${count} leases`
}

async function ofLease(id: string, at: CommandCall): Promise<string> {
  if (codec(LeaseOrOrder).problem(id) !== undefined) throw notAnId()
  const { call, now } = at
  const { lease, settlement, movesAt, market } = await call(
    billingStatusContract.name,
    billingStatusContract.result,
    { id },
  )
  const { unit, decimals } =
    market === 'local' ? await known(at, settlement.currency) : foreign(settlement.currency)
  return screen({
    title: lease.label,
    rows: [
      ['lease', said(lease.status)],
      ['money', said(settlement.status)],
      ['', unit],
      ...figures(decimals, [
        ['locked', settlement.locked],
        ['metered', lease.metered],
        ['reserved', lease.reserved],
        ['released', settlement.releasedSoFar],
        ['refunded', settlement.refundedSoFar],
      ]),
      ['moves next', movesAt === undefined ? 'nothing more' : seenFrom(now(), movesAt)],
    ],
    wayOn: '/pay_status for all of it',
  })
}

interface Unit {
  readonly unit: string
  readonly decimals: number
}

async function known({ call }: CommandCall, currency: string): Promise<Unit> {
  const { billing } = await call(statusContract.name, statusContract.result)
  const found = billing.currencies.find((each) => each.currency === currency)
  return found === undefined ? foreign(currency) : { unit: currency, decimals: found.decimals }
}

/** How another market divides a currency it does not say here. */
function foreign(currency: string): Unit {
  return { unit: `${currency}, base units`, decimals: 0 }
}

/** `lease_active` is active. */
function said(status: string): string {
  return status.slice(status.indexOf('_') + 1)
}

function notAnId(): MarketError {
  return new MarketError('E_INVALID_ARGUMENT', 'that is no lease or order', {
    hint: 'An id looks like lease_01K… or ord_01K…; your butler lists your leases.',
  })
}
