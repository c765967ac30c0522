/** Credit lines: what is drawn is what their leases hold and owe, and never more than was granted. */
import { Accounts, CreditLines, Settlements, type CreditLine } from '@openclaw-market/protocol/entities/money'
import { accountId, balanceOf, credit } from '../../ledger/account.ts'
import type { Books } from './books.ts'
import { eventsOf, type Tally, type Told } from './events.ts'
import { all, exactlyWhen, rules, same } from './findings.ts'

interface CreditFacts {
  readonly line: CreditLine
  readonly drawn: bigint
  /** What its settlements hold, together. */
  readonly locked: bigint
  readonly told: Told
  /** Another open line of the same two in the same currency was met before. */
  readonly twice: boolean
}

const creditRules = rules<CreditFacts>({
  'credit.parties': ({ line }) => line.providerActorId !== line.consumerActorId || 'is lent to oneself',
  'credit.drawn': ({ drawn, locked }) => same('what is drawn', drawn, locked),
  'credit.ceiling': ({ line, drawn }) => drawn <= line.ceiling || `${drawn} is drawn of ${line.ceiling}`,
  'credit.times': ({ line: { status, createdAt, closedAt } }) =>
    all(
      exactlyWhen('closedAt', closedAt !== undefined, status === 'credit_closed', 'it is closed'),
      closedAt === undefined || closedAt >= createdAt || 'is closed before it was opened',
    ),
  'credit.once': ({ twice }) => !twice || 'is open, and so is another of these two in this currency',
  'credit.events': ({ line, told }) =>
    all(
      (told.get('market.credit.open') ?? 0) > line.rev - (line.status === 'credit_closed' ? 1 : 0) ||
        'nobody has told how it came to its terms',
      same('closings told', told.get('market.credit.close'), line.status === 'credit_closed' ? 1 : undefined),
    ),
})

export async function checkCredit(books: Books, tally: Tally): Promise<void> {
  const open = new Set<string>()
  await books.each(CreditLines, async (line) => {
    const { creditLineId, providerActorId, consumerActorId, currency, status } = line
    const pair = `${providerActorId}/${consumerActorId}/${currency}`
    const twice = status === 'credit_open' && open.has(pair)
    if (status === 'credit_open') open.add(pair)
    const account = await books.get(Accounts, accountId(credit(line)))
    let locked = 0n
    await books.each(
      Settlements,
      (each) => void (locked += each.locked - each.releasedSoFar - each.refundedSoFar),
      { creditLineId },
    )
    const drawn = account === undefined ? 0n : balanceOf(account)
    books.findings.apply(creditRules, creditLineId, {
      line,
      drawn,
      locked,
      told: eventsOf(tally, creditLineId),
      twice,
    })
  })
}
