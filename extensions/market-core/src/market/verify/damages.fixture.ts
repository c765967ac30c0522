/** Ways to break a market's records, each by the rule that must name it. */
import { anyCollection, type Collection } from '@openclaw-market/protocol/collection'
import { sha256Hex } from '@openclaw-market/protocol/canonical'
import {
  Calls,
  Consents,
  Deliveries,
  Leases,
  Orders,
  UsageRecords,
} from '@openclaw-market/protocol/entities/lease'
import {
  Accounts,
  CreditLines,
  Deposits,
  Payouts,
  Settlements,
  Transfers,
} from '@openclaw-market/protocol/entities/money'
import { Checkpoints } from '@openclaw-market/protocol/entities/log'
import {
  Answers,
  Challenges,
  ConsumerReceipts,
  Events,
  Quotes,
  Sessions,
  SpentNonces,
} from '@openclaw-market/protocol/entities/records'
import { Offers, Resources } from '@openclaw-market/protocol/entities/resource'
import { BindingChallenges, WalletBindings } from '@openclaw-market/protocol/entities/wallet'
import type { WriteTx } from '../../store/store.ts'
import type { BusyMarket } from './busy-market.fixture.ts'

export type Fields = Readonly<Record<string, unknown>>
export type Damage = (tx: WriteTx, market: BusyMarket) => Promise<void>

/** The records of a collection that `which` chooses, oldest first. */
export async function some(
  tx: WriteTx,
  of: Collection,
  which: (entity: Fields) => boolean,
): Promise<Fields[]> {
  const { items } = await tx.list(of, { order: 'oldest', limit: 1_000 })
  const chosen = items.filter(which)
  if (chosen.length === 0) throw new Error(`no such ${of.name}`)
  return chosen
}

/** Whatever a collection says of how it is kept. */
export async function drop(tx: WriteTx, of: Collection, entity: Fields): Promise<void> {
  await tx.remove({ ...of, keeping: 'ephemeral' }, String(entity[of.key]))
}

/** Replaces the first record that `which` chooses, as if it had been written so at once; or puts another `beside` it. */
export function changed(
  of: Collection,
  change: (entity: Fields, market: BusyMarket) => Fields,
  which: (entity: Fields, market: BusyMarket) => boolean = () => true,
  beside = false,
): Damage {
  return async (tx, market) => {
    const [entity = {}] = await some(tx, of, (each) => which(each, market))
    if (!beside) await drop(tx, of, entity)
    await tx.insert(of, { ...entity, ...change(entity, market), rev: 0 })
  }
}

function lost(of: Collection, which: (entity: Fields, market: BusyMarket) => boolean = () => true): Damage {
  return async (tx, market) => {
    const [entity = {}] = await some(tx, of, (each) => which(each, market))
    await drop(tx, of, entity)
  }
}

const plus =
  (field: string, more = 1n) =>
  (entity: Fields) => ({ [field]: BigInt(String(entity[field])) + more })
const status = (value: string) => (entity: Fields) => entity['status'] === value
const ofLease =
  (name: keyof BusyMarket['leases']) =>
  (entity: Fields, { leases }: BusyMarket) =>
    entity['leaseId'] === leases[name]
const ofCredit =
  (name: 'running' | 'owed' | 'defaulted') =>
  (entity: Fields, { credit }: BusyMarket) =>
    entity['creditLineId'] === credit[name].line
const reason = (value: string) => (entity: Fields) => entity['reason'] === value
const type = (value: string) => (entity: Fields) => entity['type'] === value
const [leases, calls, records] = [anyCollection(Leases), anyCollection(Calls), anyCollection(UsageRecords)]
const [accounts, transfers] = [anyCollection(Accounts), anyCollection(Transfers)]
const lines = anyCollection(CreditLines)
const [settlements, resources] = [anyCollection(Settlements), anyCollection(Resources)]
const other = '0x52908400098527886E0F7030069857D2E4169EE7'

/** By the rule that must name it. */
export const damages: Readonly<Record<string, Damage>> = {
  'record.schema': changed(leases, () => ({ kind: 'nonsense' })),
  'record.rev': async (tx) => {
    const [transfer = {}] = await some(tx, transfers, () => true)
    await tx.update({ ...transfers, keeping: 'mutable' }, transfer)
  },
  'transfer.way': changed(
    transfers,
    (each) => ({ creditAccountId: each['debitAccountId'] }),
    reason('release'),
  ),
  'transfer.parties': changed(transfers, () => ({ toActorId: other }), reason('refund')),
  'transfer.reference': lost(anyCollection(Deposits)),
  'transfer.grant': changed(transfers, () => ({ memo: 'a gift' }), reason('deposit')),
  'transfer.amount': changed(transfers, () => ({ amount: 0n }), reason('lock')),
  'account.replay': changed(accounts, plus('credits'), (each) => each['kind'] === 'available'),
  'account.negative': changed(accounts, (each) => ({ debits: each['credits'], credits: each['debits'] })),
  'account.held': changed(
    accounts,
    () => ({ held: 1n }),
    (each) => each['kind'] === 'available',
  ),
  'account.id': changed(
    accounts,
    () => ({ actorId: other }),
    (each) => each['kind'] === 'available',
  ),
  'currency.balance': lost(accounts, (each) => each['kind'] === 'payout'),
  'currency.outside': changed(anyCollection(Deposits), plus('amount')),
  'deposit.transfers': lost(transfers, reason('deposit')),
  'deposit.events': lost(anyCollection(Events), type('market.account.deposit')),
  'payout.account': changed(
    anyCollection(Payouts),
    () => ({ status: 'payout_pending' }),
    status('payout_paid'),
  ),
  'payout.times': changed(anyCollection(Payouts), () => ({ settledAt: 5 })),
  'payout.transfers': changed(anyCollection(Payouts), plus('amount')),
  'payout.events': lost(anyCollection(Events), type('market.payout.settle')),
  'settlement.transfers': changed(settlements, plus('refundedSoFar')),
  'settlement.terms': changed(settlements, () => ({ payeeActorId: other })),
  'settlement.outcome': changed(
    settlements,
    () => ({ status: 'settlement_refunded' }),
    status('settlement_released'),
  ),
  'settlement.times': changed(settlements, () => ({ dueAt: 5 }), status('settlement_released')),
  'settlement.progress': changed(settlements, plus('releasedSoFar'), ofLease('running')),
  'escrow.held': changed(leases, plus('reserved'), ofLease('running')),
  'escrow.settled': changed(settlements, () => ({ status: 'settlement_released' }), ofLease('running')),
  'escrow.committed': changed(leases, plus('metered'), ofLease('running')),
  'lease.references': lost(anyCollection(Orders)),
  'lease.parties': changed(leases, (each) => ({ consumerActorId: each['providerActorId'] })),
  'lease.due': changed(leases, ({ dueAt }) => ({ dueAt: Number(dueAt) + 1 }), ofLease('running')),
  'lease.calls': lost(calls),
  'lease.metered': changed(leases, plus('metered'), ofLease('completed')),
  'lease.ending': changed(leases, () => ({ endedBy: other }), ofLease('completed')),
  'lease.times': changed(leases, () => ({ endedAt: 5 }), ofLease('completed')),
  'lease.view': changed(settlements, () => ({ status: 'settlement_locked' }), ofLease('completed')),
  'lease.offer': changed(leases, () => ({ policy: { maxConcurrent: 7 } }), ofLease('running')),
  'lease.events': lost(anyCollection(Events), type('market.lease.complete')),
  'lease.stored': changed(leases, () => ({ byteMs: 0n }), ofLease('storing')),
  'order.terms': changed(anyCollection(Orders), plus('maxCost')),
  'consent.terms': changed(anyCollection(Consents), () => ({ consumerActorId: other })),
  'consent.digest': changed(anyCollection(Consents), plus('maxCost')),
  'consent.quote': async (tx) => {
    const [quote = {}] = await some(tx, anyCollection(Quotes), () => true)
    const [consent = {}] = await some(tx, anyCollection(Consents), (each) => each['quoteId'] !== undefined)
    await tx.insert(anyCollection(Quotes), { ...quote, quoteId: consent['quoteId'], rev: 0 })
  },
  'delivery.terms': changed(anyCollection(Deliveries), () => ({ deliveryType: 'download' })),
  'delivery.lease': async (tx, { world }) => {
    const [delivery = {}] = await some(tx, anyCollection(Deliveries), () => true)
    await tx.insert(anyCollection(Deliveries), {
      ...delivery,
      deliveryId: world.market.ids.next('dlv'),
      rev: 0,
    })
  },
  'call.lease': changed(calls, (_each, { world }) => ({ leaseId: world.market.ids.next('lease') })),
  'call.billed': changed(calls, plus('billed')),
  'call.reserve': changed(calls, () => ({ reserved: 0n })),
  'call.usage': changed(calls, () => ({ usage: { request: 9n } })),
  'call.records': changed(calls, () => ({ status: 'call_failed' }), status('call_done')),
  'call.due': changed(calls, () => ({ dueAt: 5 }), status('call_done')),
  'call.checkpoint': changed(calls, () => ({ checkpoint: { request: 999n } })),
  'call.requestKey': changed(calls, () => ({ requestId: 'another-request' })),
  'usage.seq': lost(records, ofLease('completed')),
  'usage.hash': changed(records, () => ({ responseHash: sha256Hex('another answer') })),
  'usage.chain': changed(records, () => ({ previousHash: sha256Hex('another record') })),
  'usage.cost': changed(records, plus('cost')),
  'usage.parties': changed(records, () => ({ consumerActorId: other })),
  'usage.call': changed(records, () => ({ requestId: 'another-request' })),
  'usage.units': changed(records, () => ({ usage: [{ unit: 'hour', quantity: 1n }] })),
  'resource.offers': lost(anyCollection(Offers), status('offer_closed')),
  'resource.open': changed(
    anyCollection(Offers),
    () => ({ status: 'offer_published' }),
    status('offer_closed'),
  ),
  'resource.offer': changed(resources, () => ({ offerHash: sha256Hex('another offer') })),
  'resource.prices': changed(resources, () => ({ currency: 'EURC' })),
  'resource.events': lost(anyCollection(Events), type('market.resource.publish')),
  'offer.hash': changed(anyCollection(Offers), () => ({ policy: { maxConcurrent: 9 } })),
  'event.subjects': changed(anyCollection(Events), (_each, { world }) => ({
    subjects: [world.market.ids.next('lease')],
  })),
  'event.actor': changed(anyCollection(Events), () => ({ actorId: undefined })),
  'answer.result': changed(anyCollection(Answers), (_each, { world }) => ({
    result: { leaseId: world.market.ids.next('lease') },
  })),
  'answer.secret': changed(anyCollection(Answers), () => ({
    result: { accessToken: `tok_${'x'.repeat(43)}` },
  })),
  'quote.parties': changed(anyCollection(Quotes), (each) => ({ consumerActorId: each['providerActorId'] })),
  'account.owner': changed(
    accounts,
    (_each, { world }) => ({
      accountId: `escrow:${world.market.ids.next('stl')}:USDC`,
    }),
    (each) => each['kind'] === 'escrow',
  ),
  'account.missing': lost(accounts, (each) => each['kind'] === 'escrow'),
  'answer.key': changed(anyCollection(Answers), () => ({ answerKey: 'nobody/nothing/never' })),
  'call.parties': changed(calls, () => ({ providerActorId: other })),
  'call.times': changed(calls, () => ({ closedAt: 5 }), status('call_done')),
  'challenge.times': changed(anyCollection(Challenges), () => ({ dueAt: 5 })),
  'binding.parties': changed(anyCollection(WalletBindings), (each) => ({
    ownerActorId: each['nodeActorId'],
  })),
  'binding.times': changed(anyCollection(WalletBindings), () => ({ suspendedAt: 5 })),
  'binding-challenge.times': changed(anyCollection(BindingChallenges), () => ({ dueAt: 5 })),
  'binding-challenge.address': changed(anyCollection(BindingChallenges), () => ({ ownerActorId: other })),
  'session.times': changed(anyCollection(Sessions), () => ({ expiresAt: 5, dueAt: 5 })),
  'consent.amount': changed(anyCollection(Consents), () => ({ maxCost: 1n })),
  'consent.time': changed(anyCollection(Consents), () => ({ validUntil: 5 })),
  'consent.once': async (tx) => {
    const [first = {}, second = {}] = await some(
      tx,
      anyCollection(Consents),
      (each) => each['quoteId'] !== undefined,
    )
    await drop(tx, anyCollection(Consents), second)
    await tx.insert(anyCollection(Consents), { ...second, quoteId: first['quoteId'], rev: 0 })
  },
  'deposit.amount': changed(anyCollection(Deposits), () => ({ amount: 0n })),
  'payout.amount': changed(anyCollection(Payouts), () => ({ amount: 0n })),
  'escrow.balance': changed(settlements, plus('refundedSoFar'), ofLease('completed')),
  'log.events': changed(anyCollection(Events), () => ({ createdAt: 0 })),
  'checkpoint.note': changed(anyCollection(Checkpoints), () => ({ rootHash: sha256Hex('another') })),
  'checkpoint.root': async (tx) => {
    const last = (await some(tx, anyCollection(Events), () => true)).at(-1) ?? {}
    await drop(tx, anyCollection(Events), last)
  },
  'event.type': changed(anyCollection(Events), () => ({ type: 'a thing' })),
  'lease.concurrent': changed(leases, () => ({ openCalls: 99 }), ofLease('running')),
  'lease.open': changed(leases, () => ({ unknownCalls: 0 }), ofLease('running')),
  'lease.reserved': changed(leases, () => ({ reserved: 0n }), ofLease('running')),
  'lease.drained': changed(leases, () => ({ openCalls: 1 }), ofLease('completed')),
  'lease.cost': changed(leases, ({ prices }) => ({ prices: doubled(prices) }), ofLease('running')),
  'lease.totals': changed(leases, () => ({ totals: { request: 99n } }), ofLease('running')),
  'lease.usage': changed(leases, () => ({ usageSeq: 99 }), ofLease('running')),
  'lease.delegation': changed(
    leases,
    ({ delegation }) => ({ delegation: { ...Object(delegation), backend: 'llm' } }),
    ofLease('storing'),
  ),
  'lease.resource': changed(leases, () => ({ resourceVersion: 9 }), ofLease('running')),
  'lease.storage': changed(
    leases,
    (_each, { resources: { storage } }) => ({ kind: 'storage', resourceId: storage, storedBytes: 0n }),
    ofLease('running'),
  ),
  'nonce.key': changed(anyCollection(SpentNonces), () => ({ nonceKey: 'nobody' })),
  'offer.resource': changed(anyCollection(Offers), () => ({ providerActorId: other })),
  'quote.resource': changed(anyCollection(Quotes), () => ({ offerHash: sha256Hex('another offer') })),
  'quote.times': changed(anyCollection(Quotes), () => ({ dueAt: 5 })),
  'receipt.key': changed(anyCollection(ConsumerReceipts), () => ({ requestId: 'another-request' })),
  'resource.delegation': changed(
    resources,
    ({ delegation }) => ({ delegation: { ...Object(delegation), backend: 'llm' } }),
    (each) => each['delegation'] !== undefined,
  ),
  'resource.times': changed(resources, () => ({ updatedAt: 5 })),
  'settlement.limit': changed(settlements, () => ({ locked: 1n }), ofLease('completed')),
  'settlement.window': changed(
    settlements,
    ({ closesAt }) => ({ settledAt: Number(closesAt) - 1 }),
    ofLease('revoked'),
  ),
  'credit.parties': changed(lines, (each) => ({ consumerActorId: each['providerActorId'] })),
  'credit.drawn': changed(accounts, plus('debits'), (each) => each['kind'] === 'credit'),
  'credit.ceiling': changed(lines, () => ({ ceiling: 1n }), ofCredit('running')),
  'credit.times': changed(lines, () => ({ closedAt: undefined }), status('credit_closed')),
  'credit.once': async (tx, { world }) => {
    const [line = {}] = await some(tx, lines, status('credit_open'))
    await tx.insert(lines, { ...line, creditLineId: world.market.ids.next('line'), rev: 0 })
  },
  'credit.events': lost(anyCollection(Events), type('market.credit.open')),
  'lease.line': changed(lines, () => ({ consumerActorId: other }), ofCredit('running')),
  'drawing.times': changed(lines, () => ({ createdAt: 9_999_999_999_999 }), ofCredit('running')),
  'owed.times': changed(settlements, () => ({ payBy: 5 }), ofCredit('owed')),
  'settlement.owed': changed(settlements, () => ({ status: 'settlement_owed' }), ofCredit('running')),
  'settlement.default': changed(settlements, () => ({ defaultedAt: undefined }), ofCredit('defaulted')),
  'usage.times': changed(records, () => ({ createdAt: 5 })),
}

function doubled(prices: unknown): unknown {
  return Array.isArray(prices) ? prices.map((price) => ({ ...Object(price), amount: 2n * price.amount })) : []
}
