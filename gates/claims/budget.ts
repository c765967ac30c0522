import { core, web3, type Area } from './claim.ts'

const judge = `${core}/policy/judge.ts`
const judged = `${core}/policy/judge.test.ts`
const budget = `${core}/market/budget`
const kept = `${budget}/budget.test.ts`
const elsewhere = `${web3}/consumer/budget.test.ts`
const spendingPolicy = `${web3}/surface/spending-policy.ts`
const spendingPolicyTest = `${web3}/surface/spending-policy.test.ts`

export const budgetClaims: Area = {
  title: 'What may be spent',
  against: 'A butler that is talked into spending, senders who are not the owner, and runs that race.',
  claims: [
    {
      claim:
        'Whoever is not the owner spends of the node wallet by an allowance that names the sender, or nothing.',
      file: judge,
      enforcedBy: 'judge',
      caughtBy: {
        file: judged,
        test: 'refuses everybody but the owner, unless an allowance names the sender',
      },
      loss: {
        line: 'if (!spender.owner && !isNamed(allowances, spender, wish.currency)) {',
        replacement: 'if (!spender.owner && allowances.length === 0) {',
      },
    },
    {
      claim: 'What cannot be known beforehand is covered by no allowance.',
      file: judge,
      enforcedBy: 'covers',
      caughtBy: { file: judged, test: 'takes what nobody can tell for more than any limit' },
      loss: {
        line: 'return amount !== undefined && left !== undefined && amount <= left',
        replacement: 'return (amount ?? 0n) <= (left ?? 0n)',
      },
    },
    {
      claim:
        "The host's prompt asks about the owner's runs alone: nobody approves what its own allowance does not cover.",
      file: spendingPolicy,
      enforcedBy: 'decide',
      caughtBy: {
        file: spendingPolicyTest,
        test: 'nobody else is asked in the chat in which it would answer itself: the owner approves it by its own command',
      },
      loss: { line: "verdict === 'allow' || !from.owner", replacement: "verdict === 'allow'" },
    },
    {
      claim:
        'A call counts against an allowance with no less than it used, whatever its provider says that it cost.',
      file: `${web3}/consumer/budget.ts`,
      enforcedBy: 'takeCallSpend',
      caughtBy: {
        file: `${web3}/consumer/lying-provider.test.ts`,
        test: 'an answer that says %s was used stretches no allowance',
      },
      loss: { line: 'const least = costFloor(prices, used)', replacement: 'const least = 0n' },
    },
    {
      claim: 'However many leases race, together they commit no more than an allowance covers.',
      file: `${core}/market/leases/issue.ts`,
      enforcedBy: 'issueLease',
      caughtBy: {
        file: `${budget}/histories.test.ts`,
        test: 'commits no more than is allowed, and no less, however many race',
      },
      loss: {
        line: 'budget: await loadBudget(tx, who, terms.resource, now),',
        replacement: 'budget: undefined as Awaited<ReturnType<typeof loadBudget>>,',
      },
    },
    {
      claim:
        'An approval is good for exactly the parameters, the amount and the conversation that it was given for, and once.',
      file: `${budget}/spend.ts`,
      enforcedBy: 'isGood',
      caughtBy: { file: kept, test: 'takes an approval for exactly what was approved, once' },
      loss: {
        line: "if (status !== 'approval_granted' || now >= expiresAt || currency !== wish.currency) return false",
        replacement:
          "if (status === 'approval_denied' || now >= expiresAt || currency !== wish.currency) return false",
      },
    },
    {
      claim: "Allowances and approvals are the owner's alone to give.",
      file: `${budget}/set-policy.ts`,
      enforcedBy: 'ownerAlone',
      caughtBy: { file: kept, test: 'is changed by the owner alone, one change at a time' },
      loss: {
        line: "if (who.kind !== 'node' || who.owner) return",
        replacement: "if (who.kind !== 'node' || who.actorId !== undefined) return",
      },
    },
    {
      claim: 'A butler cannot change its own budget, whoever speaks to it.',
      file: `${web3}/billing/policy.ts`,
      enforcedBy: 'setPolicyCapability',
      caughtBy: {
        file: elsewhere,
        test: 'opens to those who have an allowance nothing that is not for sale to them',
      },
      loss: { line: "doors: ['gateway', 'api'],", replacement: "doors: ['gateway', 'tool', 'api']," },
    },
    {
      claim: "Of all wallets only the owner's looks after the budget of this gateway, while it has a say.",
      file: `${budget}/whose-budget.ts`,
      enforcedBy: 'whoseBudget',
      caughtBy: {
        file: `${web3}/wallet/binding.test.ts`,
        test: "is looked after by the owner's wallet too, while it has a say, and by no other",
      },
      loss: {
        line: 'if (await isOwnersWallet(tx, rules, who.actorId)) return rules.market',
        replacement:
          'if (await isOwnersWallet(tx, rules, rules.market).then(() => true)) return rules.market',
      },
    },
    {
      claim: 'A tool that spends does not start when what it may spend could not be looked up in 2 s.',
      file: spendingPolicy,
      enforcedBy: 'inTime',
      caughtBy: {
        file: spendingPolicyTest,
        test: 'a lease does not start while the budget cannot be looked up in time; all else does',
      },
      loss: {
        line: 'return await Promise.race([work, late.promise])',
        replacement: 'return await work',
      },
    },
    {
      claim: 'A tool that spends does not start while there is no market to say what it may spend.',
      file: spendingPolicy,
      enforcedBy: 'registerSpendingPolicy',
      caughtBy: {
        file: spendingPolicyTest,
        test: 'nor while there is no market, of which only the owner learns why',
      },
      loss: {
        line: 'return inTime(decide(capability, asked, from)).catch((error: unknown) => blocked(error, from))',
        replacement: 'return inTime(decide(capability, asked, from)).catch(() => undefined)',
      },
    },
    {
      claim: 'Whoever is not the owner is not told by a tool what is wrong with the config.',
      file: spendingPolicy,
      enforcedBy: 'blocked',
      caughtBy: {
        file: spendingPolicyTest,
        test: 'nor while there is no market, of which only the owner learns why',
      },
      loss: { line: 'owner ? error : withoutCause(error)', replacement: 'error' },
    },
    {
      claim: 'An allowance lets nobody into what is stored, by the owner or for it.',
      file: `${web3}/capabilities/registry.ts`,
      enforcedBy: 'refuse',
      caughtBy: {
        file: elsewhere,
        test: 'opens to those who have an allowance nothing that is not for sale to them',
      },
      loss: {
        line: "const others = who.kind === 'node' && !who.owner && facts.byAllowance !== true",
        replacement: "const others = who.kind === 'node' && !who.owner && facts.pricing.charge === 'none'",
      },
    },
    {
      claim: 'A lease of another market is taken from the budget before that market is asked for it.',
      file: `${web3}/consumer/take-lease.ts`,
      enforcedBy: 'issue',
      caughtBy: {
        file: elsewhere,
        test: 'takes a lease elsewhere before it is asked for, and lets go of what it did not come to',
      },
      loss: {
        line: 'await askingOwner(call, paid, () => takeLeaseSpend(call, entry))',
        replacement: 'void paid',
      },
    },
    {
      claim: 'Another machine cannot ask the owner to approve anything.',
      file: `${web3}/consumer/foreign-failure.ts`,
      enforcedBy: 'foreignCodes',
      caughtBy: {
        file: `${web3}/consumer/lying-provider.test.ts`,
        test: 'a refusal in words of its own is bounded, and a code that cannot be is not believed',
      },
      loss: {
        line: "return declared.filter((code) => code !== 'E_APPROVAL_REQUIRED')",
        replacement: 'return declared.filter((code) => code.length > 0)',
      },
    },
  ],
}
