/** What came into the market and what goes out of it: each deposit and each payout against its transfers and account. */
import {
  Accounts,
  Deposits,
  Payouts,
  type Account,
  type Payout,
} from '@openclaw-market/protocol/entities/money'
import type { EntityOf } from '@openclaw-market/protocol/collection'
import { accountId, balanceOf, payout as payoutAccount } from '../../ledger/account.ts'
import type { Flow } from './accounts.ts'
import type { Books } from './books.ts'
import { eventsOf, type Tally, type Told } from './events.ts'
import { all, exactlyWhen, rules, same } from './findings.ts'
import type { Moved, Replay } from './transfers.ts'

interface DepositFacts {
  readonly deposit: EntityOf<typeof Deposits>
  readonly moved: Moved | undefined
  readonly told: Told
}

const depositRules = rules<DepositFacts>({
  'deposit.amount': ({ deposit }) => deposit.amount > 0n || 'brings nothing',
  'deposit.transfers': ({ deposit, moved }) =>
    all(same('what was moved', moved?.deposit, deposit.amount), same('transfers', moved?.count, 1)),
  'deposit.events': ({ told }) => same('events of it', told.get('market.account.deposit'), 1),
})

interface PayoutFacts {
  readonly payout: Payout
  readonly account: Account | undefined
  readonly moved: Moved | undefined
  readonly told: Told
}

const payoutRules = rules<PayoutFacts>({
  'payout.amount': ({ payout }) => payout.amount > 0n || 'takes nothing',
  'payout.account': ({ payout, account }) =>
    same(
      'its account',
      account === undefined ? undefined : balanceOf(account),
      payout.status === 'payout_pending' ? payout.amount : 0n,
    ),
  'payout.transfers': ({ payout: { status, amount }, moved }) =>
    all(
      same('withdrawn', moved?.withdraw, amount),
      same('paid', moved?.payout_paid, status === 'payout_paid' ? amount : undefined),
      same('returned', moved?.payout_returned, status === 'payout_returned' ? amount : undefined),
      same('transfers', moved?.count, status === 'payout_pending' ? 1 : 2),
    ),
  'payout.times': ({ payout: { status, createdAt, settledAt } }) =>
    all(
      exactlyWhen('settledAt', settledAt !== undefined, status !== 'payout_pending', 'it is over'),
      settledAt === undefined || settledAt >= createdAt || 'is settled before it was made',
    ),
  'payout.events': ({ payout, told }) =>
    all(
      same('withdrawals told', told.get('market.account.withdraw'), 1),
      same(
        'endings told',
        told.get('market.payout.settle'),
        payout.status === 'payout_pending' ? undefined : 1,
      ),
    ),
})

/** @returns per currency what deposits and payouts come to */
export async function checkFunds(books: Books, replay: Replay, tally: Tally): Promise<Map<string, Flow>> {
  const flows = new Map<string, Flow>()
  const flowOf = (currency: string): Flow => {
    let flow = flows.get(currency)
    if (flow === undefined) flows.set(currency, (flow = { deposited: 0n, paidOut: 0n }))
    return flow
  }
  await books.each(Deposits, (deposit) => {
    flowOf(deposit.currency).deposited += deposit.amount
    books.findings.apply(depositRules, deposit.depositId, {
      deposit,
      moved: replay.references.get(deposit.depositId),
      told: eventsOf(tally, deposit.depositId),
    })
  })
  await books.each(Payouts, async (payout) => {
    const { payoutId, currency, actorId } = payout
    if (payout.status === 'payout_paid') flowOf(currency).paidOut += payout.amount
    books.findings.apply(payoutRules, payoutId, {
      payout,
      account: await books.get(Accounts, accountId(payoutAccount(payoutId, currency, actorId))),
      moved: replay.references.get(payoutId),
      told: eventsOf(tally, payoutId),
    })
  })
  return flows
}
