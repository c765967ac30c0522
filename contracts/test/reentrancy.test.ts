/** Who is paid, and a token that is moved, calls the escrow again: each function from within each that calls somebody. */
import { noAddress, type OrderTerms } from '@openclaw-market/protocol/typed-data/escrow'
import { parseEventLogs } from 'viem/utils'
import type { Address, Hex, TransactionReceipt } from 'viem'
import { describe, expect, it } from 'vitest'
import { address, newMarket } from './market.fixture.ts'
import { dataOf, mockAbi, said, toldOf, type EscrowCall } from './said.fixture.ts'

const market = await newMarket()
const { chain, escrow, token, order, locked, disputed, does, tell, vouch, authorize } = market
const { payer, payee, arbiter, stranger } = chain.accounts
const attacker = await market.smartAccount(payee)
const hooks = address(await chain.mock('OddTokens', 'HookToken'))
const other = address(await chain.mock('OddTokens', 'HookToken'))
const [takes, refuses] = [0, 1] as const
const noPermit = { deadline: 0n, v: 27, r: `0x${'11'.repeat(32)}`, s: `0x${'22'.repeat(32)}` } as const

await chain.fund(attacker, 10n ** 9n)
await tell(token, 'mint', [attacker, 10n ** 9n])
await tell(attacker, 'run', [token, 0n, market.allowance(10n ** 9n)])
for (const kind of [token, hooks]) await market.give(payer, kind, 10n ** 9n)

/** The attacker pays for it. */
async function lockedByAttacker(terms: Partial<OrderTerms> = {}): Promise<OrderTerms> {
  const all = await order({ payer: attacker, ...terms })
  await tell(attacker, 'run', [escrow, market.valueOf(all), dataOf('lock', [all])])
  return all
}

/** Some coin is kept for the attacker, who would take it now. */
async function keptByRefusal(): Promise<void> {
  await tell(attacker, 'take', [refuses, 0n])
  await does(payer, 'release', [await locked({ payee: attacker }), 7n])
  await tell(attacker, 'take', [takes, 0n])
}

/** Some of the token is kept for the attacker, since it could not be moved. */
async function keptByDenial(kind: Address): Promise<void> {
  const terms = await locked({ payee: attacker, token: address(kind) })
  await tell(kind, 'pause', [true])
  await does(payer, 'release', [terms, 7n])
  await tell(kind, 'pause', [false])
}

/** Each function, called so that it would succeed when the attacker calls it now. */
const again: Record<EscrowCall, () => Promise<Hex>> = {
  lock: async () => dataOf('lock', [await order({ payer: attacker, token })]),
  lockFor: async () => {
    const terms = await order({ token })
    return dataOf('lockFor', [terms, await authorize(terms)])
  },
  lockWithPermit: async () => {
    const terms = await order({ token })
    return dataOf('lockWithPermit', [terms, await authorize(terms), noPermit])
  },
  cancel: async () => dataOf('cancel', [await order({ payer: attacker })]),
  release: async () => dataOf('release', [await lockedByAttacker(), 10n]),
  claim: async () => {
    const terms = await locked({ payee: attacker })
    return dataOf('claim', [terms, 10n, await vouch(terms, 10n)])
  },
  claimBatch: async () => {
    const terms = await locked({ payee: attacker })
    return dataOf('claimBatch', [[{ order: terms, cumulative: 10n, signature: await vouch(terms, 10n) }]])
  },
  refund: async () => dataOf('refund', [await locked({ payee: attacker })]),
  dispute: async () => dataOf('dispute', [await locked({ payee: attacker })]),
  decide: async () => dataOf('decide', [await disputed({ arbiter: attacker }), 10n]),
  conclude: async () => dataOf('conclude', [await disputed({ decisionTime: 1 })]),
  withdraw: async () => {
    await keptByDenial(other)
    return dataOf('withdraw', [other, stranger.address])
  },
}

/** They write down only what they have checked, and call nobody. */
const harmless = new Set<EscrowCall>(['cancel', 'dispute'])

/** What pays the attacker, or moves the token that calls. */
type Outer = (kind: Address) => Promise<{ terms?: OrderTerms; run: () => Promise<TransactionReceipt> }>
const paying = (
  made: (terms: Partial<OrderTerms>) => Promise<OrderTerms>,
  run: (terms: OrderTerms) => Promise<{ receipt: TransactionReceipt }>,
): Outer => {
  return async (kind) => {
    const terms = await made({ payee: attacker, token: address(kind) })
    return { terms, run: async () => (await run(terms)).receipt }
  }
}
const payouts: Record<string, Outer> = {
  release: paying(locked, async (terms) => await does(payer, 'release', [terms, 50n])),
  claim: paying(
    locked,
    async (terms) => await does(stranger, 'claim', [terms, 50n, await vouch(terms, 50n)]),
  ),
  claimBatch: paying(locked, async (terms) => {
    const claims = [{ order: terms, cumulative: 50n, signature: await vouch(terms, 50n) }]
    return await does(stranger, 'claimBatch', [claims])
  }),
  refund: async (kind) => {
    const terms = kind === noAddress ? await lockedByAttacker() : await locked({ token: address(kind) })
    return { terms, run: async () => (await does(payee, 'refund', [terms])).receipt }
  },
  decide: paying(disputed, async (terms) => await does(arbiter, 'decide', [terms, 50n])),
  conclude: paying(
    async (terms) => await disputed({ ...terms, decisionTime: 1 }),
    async (terms) => await does(stranger, 'conclude', [terms]),
  ),
  withdraw: async (kind) => {
    if (kind === noAddress) await keptByRefusal()
    else await keptByDenial(kind)
    const data = dataOf('withdraw', [kind, attacker])
    return { run: async () => await tell(attacker, 'run', [escrow, 0n, data]) }
  },
}
const locks: Record<string, Outer> = {
  lock: async () => {
    const terms = await order({ token: hooks })
    return { terms, run: async () => (await does(payer, 'lock', [terms])).receipt }
  },
  lockFor: async () => {
    const terms = await order({ token: hooks })
    const authorization = await authorize(terms)
    return { terms, run: async () => (await does(stranger, 'lockFor', [terms, authorization])).receipt }
  },
  lockWithPermit: async () => {
    const terms = await order({ token: hooks })
    const args = [terms, await authorize(terms), noPermit] as const
    return { terms, run: async () => (await does(stranger, 'lockWithPermit', args)).receipt }
  },
}

/** @returns what became of the call from within: whether it was done, and what was said */
function answered(receipt: TransactionReceipt): readonly [boolean, readonly unknown[]] {
  const [event, ...more] = parseEventLogs({ abi: mockAbi, eventName: 'Answered', logs: receipt.logs })
  expect(more).toEqual([])
  if (event === undefined) throw new Error('the escrow was not called from within')
  return [event.args.ok, event.args.ok ? [] : said(event.args.answer)]
}

async function reenters(outer: Outer, name: EscrowCall, kind: Address): Promise<void> {
  const { terms, run } = await outer(kind)
  const data = await again[name]()
  const paid = terms === undefined ? 0n : (await market.state(terms)).paid
  if (kind === noAddress) await tell(attacker, 'callWhenPaid', [escrow, await chain.code(data)])
  else await tell(kind, 'callWhenMoved', [attacker, toldOf('run', [escrow, 0n, data])])
  const receipt = await run()
  const outcome = answered(receipt)
  await tell(attacker, 'callWhenPaid', [noAddress, noAddress])
  expect(outcome).toEqual(harmless.has(name) ? [true, []] : [false, ['ReentrancyGuardReentrantCall']])
  if (terms !== undefined) expect((await market.state(terms)).paid).toBeGreaterThanOrEqual(paid)
  // From without it is done: it was refused for nothing but where it came from.
  if (!harmless.has(name)) await tell(attacker, 'run', [escrow, 0n, data])
}

const names = Object.keys(again) as EscrowCall[]

describe.each(Object.entries(payouts))('whoever is paid by %s', (_, outer) => {
  it.each(names)('cannot make use of %s', async (name) => {
    expect.hasAssertions()
    await reenters(outer, name, noAddress)
  })
})

describe.each(Object.entries({ ...locks, ...payouts }))('a token that is moved by %s', (_, outer) => {
  it.each(names)('cannot make use of %s', async (name) => {
    expect.hasAssertions()
    await reenters(outer, name, hooks)
  })
})

it('of no money any is missing afterwards, nor is there any that nobody can have', async () => {
  for (const kind of [noAddress, token, hooks, other])
    expect(await market.balance(kind, escrow)).toBe(await market.owes(kind, [attacker, payer.address]))
})
