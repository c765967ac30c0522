import { core, protocol, type Area } from './claim.ts'

const ledger = `${core}/ledger`
const applying = `${ledger}/apply.test.ts`
const market = `${core}/market`
const accounts = `${market}/accounts/accounts.test.ts`
const onCredit = `${market}/credit/credit.test.ts`
const searched = 'gates/money/money.test.ts'
const aLedger = 'a ledger adds up, keeps nothing below zero, and refuses what the rules refuse'
const aPrice =
  'a price is exact: half up on the running total, however usage is split, and never above its ceiling'

export const moneyClaims: Area = {
  title: 'Money',
  against: 'Mistakes of our own, requests that come twice, and whoever would have more than there is.',
  claims: [
    {
      claim: 'Nobody spends more than is free: neither held for a call nor committed to a release.',
      file: `${ledger}/apply.ts`,
      enforcedBy: 'applyDebit',
      caughtBy: {
        file: applying,
        test: 'is released only from what is committed, and refunded only from what is free',
      },
      loss: {
        line: 'if (holdsMoney(account) && freeOf(account) < amount) throw insufficient(account, amount)',
        replacement: '',
      },
    },
    {
      claim: 'Nothing is drawn of a credit line beyond its ceiling.',
      file: `${ledger}/apply.ts`,
      enforcedBy: 'applyDebit',
      caughtBy: { file: searched, test: aLedger },
      loss: {
        line: "if (account.kind === 'credit' && balanceOf(after) > (debit.ceiling ?? 0n))",
        replacement: "if (account.kind === 'credit' && balanceOf(after) < 0n)",
      },
    },
    {
      claim:
        'On credit nobody earns what nobody has paid: what is released is paid into the line in the same write.',
      file: `${core}/settlement/movements.ts`,
      enforcedBy: 'releaseOf',
      caughtBy: {
        file: searched,
        test: 'an escrow covers what is promised, and is empty exactly when its settlement is final',
      },
      loss: { line: 'return [repay, release]', replacement: 'return [release]' },
    },
    {
      claim: 'A consent to pay beforehand is none to pay afterwards, nor the other way round.',
      file: `${market}/leases/consented.ts`,
      enforcedBy: 'checkQuote',
      caughtBy: {
        file: onCredit,
        test: 'is what a consent names: a prepaid consent never becomes a post-paid lease, nor the other way round',
      },
      loss: {
        line: 'if (quote.creditLineId !== line?.creditLineId) {',
        replacement: 'if (quote.ttlMs < 0) {',
      },
    },
    {
      claim:
        'Who has not paid a provider in time leases nothing more from it, prepaid or not, until it is paid.',
      file: `${market}/leases/on-credit.ts`,
      enforcedBy: 'lineFor',
      caughtBy: {
        file: onCredit,
        test: 'not paid in time is a default: it blocks every lease from that provider, and nobody else’s, until it is paid',
      },
      loss: {
        line: 'if (defaulted !== undefined) throw unpaid(defaulted)',
        replacement: "if (defaulted !== undefined && mode === 'postpaid') throw unpaid(defaulted)",
      },
    },
    {
      claim: 'No posting is kept that would bring a balance, a hold or a commitment below zero.',
      file: `${ledger}/apply.ts`,
      enforcedBy: 'assertWhole',
      caughtBy: { file: applying, test: 'out of the market is never more than what came in' },
      loss: {
        line: 'if (balanceOf(account) < 0n || account.held < 0n || account.committed < 0n || freeOf(account) < 0n) {',
        replacement: 'if (account.held < 0n || account.committed < 0n) {',
      },
    },
    {
      claim: 'A hold is of what is free.',
      file: `${ledger}/apply.ts`,
      enforcedBy: 'applyHold',
      caughtBy: { file: applying, test: 'is of what is free, not of what is held or committed already' },
      loss: {
        line: 'if (freeOf(account) < hold.amount) throw insufficient(account, hold.amount)',
        replacement: '',
      },
    },
    {
      claim: 'A hold is resolved once.',
      file: `${ledger}/apply.ts`,
      enforcedBy: 'applyHold',
      caughtBy: { file: applying, test: 'posts in part, frees the rest, and resolves once' },
      loss: {
        line: 'if (hold.posted < 0n || hold.posted > hold.amount || account.held < hold.amount) {',
        replacement: 'if (hold.posted < 0n || hold.posted > hold.amount) {',
      },
    },
    {
      claim: 'A hold posts no more than it held.',
      file: `${ledger}/apply.ts`,
      enforcedBy: 'applyHold',
      caughtBy: { file: applying, test: 'posts no more than it held' },
      loss: {
        line: 'if (hold.posted < 0n || hold.posted > hold.amount || account.held < hold.amount) {',
        replacement: 'if (hold.posted < 0n || account.held < hold.amount) {',
      },
    },
    {
      claim: 'Debits equal credits: every amount is written to both sides.',
      file: `${ledger}/apply.ts`,
      enforcedBy: 'applyPosting',
      caughtBy: { file: searched, test: aLedger },
      loss: {
        line: '({ ...account, credits: account.credits + movement.amount })',
        replacement:
          "(movement.reason === 'refund' ? account : { ...account, credits: account.credits + movement.amount })",
      },
    },
    {
      claim: 'An escrow releases only what is committed, which is what was metered.',
      file: `${ledger}/apply.ts`,
      enforcedBy: 'applyDebit',
      caughtBy: {
        file: applying,
        test: 'is released only from what is committed, and refunded only from what is free',
      },
      loss: { line: 'if (account.committed < amount) {', replacement: 'if (balanceOf(account) < amount) {' },
    },
    {
      claim: 'Money comes in only by an operator’s deposit, which is marked as one.',
      file: `${market}/accounts/deposit.ts`,
      enforcedBy: 'deposit',
      caughtBy: { file: accounts, test: 'take a deposit only from an operator, and mark it as one' },
      loss: { line: "callers: ['operator'],", replacement: "callers: ['operator', 'wallet', 'node']," },
    },
    {
      claim: 'A request that comes again under its idempotency key moves nothing twice.',
      file: `${market}/execute.ts`,
      enforcedBy: 'executor',
      caughtBy: {
        file: `${market}/execute.test.ts`,
        test: 'with a key answers the same request again, even when it could not be proved any more, and no other',
      },
      loss: {
        line: 'if (answered !== undefined) return { again: repeat(op.name, answered, key.requestHash), writes: [] }',
        replacement: 'if (answered !== undefined) repeat(op.name, answered, key.requestHash)',
      },
    },
    {
      claim: 'Another request under a used idempotency key is refused.',
      file: `${market}/execute.ts`,
      enforcedBy: 'repeat',
      caughtBy: {
        file: `${market}/execute.test.ts`,
        test: 'with a key answers the same request again, even when it could not be proved any more, and no other',
      },
      loss: {
        line: 'if (answered.requestHash === requestHash) return answered.result as Record<string, unknown>',
        replacement: "if (requestHash !== '') return answered.result as Record<string, unknown>",
      },
    },
    {
      claim: 'A payout is paid or returned, once.',
      file: `${protocol}/states/tables.ts`,
      enforcedBy: 'payoutMachine',
      caughtBy: {
        file: accounts,
        test: 'pay out what is available, through a payout that is paid or returned once',
      },
      loss: { line: 'payout_paid: [],', replacement: "payout_paid: ['payout_paid', 'payout_returned']," },
    },
    {
      claim: 'Split calls never cost more than one: rounding is of the running total.',
      file: `${protocol}/money/price.ts`,
      enforcedBy: 'costOfStep',
      caughtBy: { file: searched, test: aPrice },
      loss: {
        line: 'roundHalfUp(amount * (from + step), per) - roundHalfUp(amount * from, per)',
        replacement: 'roundHalfUp(amount * step, per)',
      },
    },
    {
      claim: 'What is reserved covers whatever the call can cost.',
      file: `${protocol}/money/price.ts`,
      enforcedBy: 'costCeiling',
      caughtBy: { file: searched, test: aPrice },
      loss: { line: 'cost += (exact + per - 1n) / per', replacement: 'cost += exact / per' },
    },
  ],
}
