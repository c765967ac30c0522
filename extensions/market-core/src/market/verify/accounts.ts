/** Double entry: accounts are what their transfers make them, hold what they may, and cancel out per currency. */
import {
  Accounts,
  CreditLines,
  Payouts,
  Settlements,
  type Account,
} from '@openclaw-market/protocol/entities/money'
import type { ActorId } from '@openclaw-market/protocol/schema/scalars'
import { balanceOf, freeOf } from '../../ledger/account.ts'
import type { Books } from './books.ts'
import { all, rules, same } from './findings.ts'
import type { Replay, Sides } from './transfers.ts'

interface AccountFacts {
  readonly account: Account
  readonly owner: Owner | undefined
  readonly replayed: Sides
}

/** Whose account it is, by its id and what stands under that id. */
interface Owner {
  readonly id: string
  readonly actorId: ActorId | undefined
  /** Who draws on it. */
  readonly debtorActorId?: ActorId
}

const accountRules = rules<AccountFacts>({
  'account.owner': ({ account, owner }) => owner !== undefined || `there is no ${account.kind} to own it`,
  'account.id': ({ account, owner }) =>
    owner === undefined ||
    all(
      same('accountId', account.accountId, `${account.kind}:${owner.id}:${account.currency}`),
      same('actorId', account.actorId, owner.actorId),
      same('debtorActorId', account.debtorActorId, owner.debtorActorId),
    ),
  'account.replay': ({ account, replayed }) =>
    all(same('debits', account.debits, replayed.debits), same('credits', account.credits, replayed.credits)),
  'account.negative': ({ account }) => {
    const { held, committed } = account
    const figures = { balance: balanceOf(account), free: freeOf(account), held, committed }
    const below = Object.entries(figures).find(([, figure]) => figure < 0n)
    return below === undefined || `${below[0]} is ${below[1]}`
  },
  'account.held': ({ account }) =>
    account.kind === 'escrow' ||
    account.held + account.committed === 0n ||
    `${account.held} held and ${account.committed} committed, and only an escrow promises anything`,
})

/** What came in by deposits less what left by payouts, in one currency. */
export interface Flow {
  deposited: bigint
  paidOut: bigint
}

interface CurrencyFacts {
  readonly debits: bigint
  readonly credits: bigint
  readonly outside: bigint
  readonly flow: Flow
}

const currencyRules = rules<CurrencyFacts>({
  'currency.balance': ({ debits, credits }) => same('the sum of debits', debits, credits),
  'currency.outside': ({ outside, flow }) =>
    same('what came in and is here', outside, flow.deposited - flow.paidOut),
})

export async function checkAccounts(
  books: Books,
  replay: Replay,
  flows: ReadonlyMap<string, Flow>,
): Promise<void> {
  const currencies = new Map<string, { debits: bigint; credits: bigint; outside: bigint }>()
  const seen = new Set<string>()
  await books.each(Accounts, async (account) => {
    const { accountId, currency, debits, credits } = account
    seen.add(accountId)
    let total = currencies.get(currency)
    if (total === undefined) currencies.set(currency, (total = { debits: 0n, credits: 0n, outside: 0n }))
    total.debits += debits
    total.credits += credits
    if (account.kind === 'outside') total.outside += balanceOf(account)
    books.findings.apply(accountRules, accountId, {
      account,
      owner: await ownerOf(books, account),
      replayed: replay.accounts.get(accountId) ?? { debits: 0n, credits: 0n },
    })
  })
  for (const id of replay.accounts.keys())
    if (!seen.has(id)) books.findings.add('account.missing', id, 'transfers name it, and it is not there')
  for (const currency of new Set([...currencies.keys(), ...flows.keys()])) {
    books.findings.apply(currencyRules, currency, {
      ...(currencies.get(currency) ?? { debits: 0n, credits: 0n, outside: 0n }),
      flow: flows.get(currency) ?? { deposited: 0n, paidOut: 0n },
    })
  }
}

async function ownerOf(books: Books, account: Account): Promise<Owner | undefined> {
  const { kind, accountId, actorId } = account
  // The id of an owner has no colon.
  const id = accountId.split(':')[1] ?? ''
  switch (kind) {
    case 'outside':
      return { id: 'operator', actorId: undefined }
    case 'available':
      return actorId === undefined ? undefined : { id: actorId, actorId }
    case 'escrow': {
      const settlement = await books.get(Settlements, id)
      return settlement?.currency === account.currency ? { id, actorId: settlement.payerActorId } : undefined
    }
    case 'credit': {
      const line = await books.get(CreditLines, id)
      return line?.currency === account.currency
        ? { id, actorId: line.providerActorId, debtorActorId: line.consumerActorId }
        : undefined
    }
    case 'payout': {
      const payout = await books.get(Payouts, id)
      return payout?.currency === account.currency ? { id, actorId: payout.actorId } : undefined
    }
  }
}
