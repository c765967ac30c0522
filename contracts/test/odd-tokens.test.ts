/** Tokens that are not as tokens should be: they harm those who deal in them, and nobody beside them by a unit. */
import { noAddress, type OrderTerms } from '@openclaw-market/protocol/typed-data/escrow'
import type { ActorId } from '@openclaw-market/protocol/schema/scalars'
import type { Hex } from 'viem'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { address, newMarket } from './market.fixture.ts'
import { refused } from './said.fixture.ts'

const market = await newMarket()
const { chain, escrow, kinds, token: honest, order, locked, disputed, lock, does, tell, vouch } = market
const { balance, credit, moved, state, idOf } = market
const { payer, payee, arbiter, stranger } = chain.accounts
const [fine, returnsFalse, noReason, allGas, longAnswer] = [0, 1, 2, 3, 4] as const

const odd = async (name: string) => address(await chain.mock('OddTokens', name))
const release = async (terms: OrderTerms, amount: bigint) => await does(payer, 'release', [terms, amount])

/** Honest orders beside the odd ones: before each test they are there, after it they are whole. */
let beside: OrderTerms[] = []
beforeEach(async () => {
  beside = []
  for (const kind of kinds) {
    beside.push(await locked({ token: kind }), await disputed({ token: kind }))
    await release(await locked({ token: kind }), 33n)
  }
})
afterEach(async () => {
  for (const kind of kinds) expect(await balance(kind, escrow)).toBe(await market.owes(kind, []))
  for (const terms of beside) {
    const pays = async () => await does(stranger, 'claim', [terms, 60n, await vouch(terms, 60n)])
    expect(await moved(terms, pays)).toEqual([0n, 60n, -60n])
    const returns = async () => await does(payee, 'refund', [terms])
    expect(await moved(terms, returns)).toEqual([40n, 0n, -40n])
  }
})

describe('a token that keeps a fee', () => {
  it('is refused when it is locked, and then nothing is there', async () => {
    const token = await odd('FeeToken')
    await tell(token, 'charge', [1n])
    const terms = await order({ token })
    await market.give(payer, token, 100n)
    await refused(lock(terms), 'NotWholeReceived', 100n, 99n)
    expect(await balance(token, payer.address)).toBe(100n)
    expect((await state(terms)).status).toBe('None')
  })

  it('takes it from the payee when it was introduced later, and from no other order of it', async () => {
    const token = await odd('FeeToken')
    const [one, other] = [await locked({ token }), await locked({ token })]
    await tell(token, 'charge', [10n])
    expect(await moved(one, async () => await release(one, 100n))).toEqual([0n, 90n, -100n])
    expect(await moved(other, async () => await does(payee, 'refund', [other]))).toEqual([90n, 0n, -100n])
  })
})

describe('a token whose balances change by themselves', () => {
  it('leaves what it has grown by to nobody', async () => {
    const token = await odd('RebasingToken')
    const terms = await locked({ token })
    await tell(token, 'rebase', [200n])
    expect(await moved(terms, async () => await release(terms, 100n))).toEqual([0n, 100n, -100n])
    expect(await balance(token, escrow)).toBe(100n)
    for (const account of [payer.address, payee.address]) expect(await credit(token, account)).toBe(0n)
  })

  it('pays until it is used up when it has shrunk; what is due then is kept, until there is some again', async () => {
    const token = await odd('RebasingToken')
    const [one, other] = [await locked({ token }), await locked({ token })]
    await tell(token, 'rebase', [50n])
    expect(await moved(one, async () => await release(one, 100n))).toEqual([0n, 100n, -100n])
    expect(await moved(other, async () => await release(other, 100n))).toEqual([0n, 0n, 0n])
    expect(await credit(token, payee.address)).toBe(100n)
    const withdraws = async () => await does(payee, 'withdraw', [token, payee.address])
    await refused(withdraws(), 'ERC20InsufficientBalance', escrow, 0n, 200n)
    await tell(token, 'mint', [escrow, 100n])
    expect(await moved(other, withdraws)).toEqual([0n, 100n, -100n])
  })
})

describe('a token with a list of those with whom it does not deal', () => {
  it('keeps from a payee on it nothing but this token, which it can have sent elsewhere', async () => {
    const token = await odd('DenylistToken')
    const terms = await locked({ token })
    await tell(token, 'deny', [payee.address, true])
    await does(stranger, 'claim', [terms, 60n, await vouch(terms, 60n)])
    expect(await credit(token, payee.address)).toBe(60n)
    await does(payee, 'withdraw', [token, stranger.address])
    expect(await balance(token, stranger.address)).toBe(60n)
    expect(await moved(terms, async () => await does(payee, 'refund', [terms]))).toEqual([40n, 0n, -40n])
  })

  it('cannot hold up the payee by a payer on it, nor the payer by a payee', async () => {
    const token = await odd('DenylistToken')
    const [one, other] = [await disputed({ token }), await disputed({ token })]
    await tell(token, 'deny', [payer.address, true])
    expect(await moved(one, async () => await does(arbiter, 'decide', [one, 30n]))).toEqual([0n, 30n, -30n])
    expect(await credit(token, payer.address)).toBe(70n)
    await tell(token, 'deny', [payer.address, false])
    await tell(token, 'deny', [payee.address, true])
    expect(await moved(other, async () => await does(arbiter, 'decide', [other, 30n]))).toEqual([
      70n,
      0n,
      -70n,
    ])
    expect(await credit(token, payee.address)).toBe(30n)
  })

  it('refuses a payer on it, and the escrow on it, at once', async () => {
    const token = await odd('DenylistToken')
    await market.give(payer, token, 1_000n)
    for (const account of [payer.address, escrow]) {
      await tell(token, 'deny', [account, true])
      await refused(lock(await order({ token })), 'Denied', account)
      await tell(token, 'deny', [account, false])
    }
  })

  it('keeps all for whom it is due while the escrow itself is on it', async () => {
    const token = await odd('DenylistToken')
    const [one, other] = [await locked({ token }), await disputed({ token })]
    await tell(token, 'deny', [escrow, true])
    await release(one, 60n)
    await does(payee, 'refund', [one])
    await does(arbiter, 'decide', [other, 10n])
    const withdraws = async () => await does(payee, 'withdraw', [token, payee.address])
    await refused(withdraws(), 'Denied', escrow)
    await tell(token, 'deny', [escrow, false])
    expect(await moved(one, withdraws)).toEqual([0n, 70n, -70n])
    const takes = async () => await does(payer, 'withdraw', [token, payer.address])
    expect(await moved(one, takes)).toEqual([130n, 0n, -130n])
  })
})

describe.each([
  ['answers false', returnsFalse],
  ['gives no reason', noReason],
  ['burns all gas', allGas],
  ['answers with a megabyte', longAnswer],
] as const)('a token that %s when it is out of order', (_, how) => {
  it('is not locked', async () => {
    const token = await odd('FailingToken')
    await market.give(payer, token, 100n)
    const terms = await order({ token })
    await tell(token, 'fail', [how])
    await expect(lock(terms)).rejects.toMatchObject({ name: 'Reverted' })
    expect((await state(terms)).status).toBe('None')
  })

  it('is kept for whom it is due, and holds up nobody in the same batch', async () => {
    const token = await odd('FailingToken')
    const terms = await locked({ token })
    await tell(token, 'fail', [how])
    const [one, other] = [await locked({ token: honest }), await locked()]
    const asks = async (each: OrderTerms) => {
      const signature: Hex = await vouch(each, 60n)
      return { order: each, cumulative: 60n, signature }
    }
    const claims = [await asks(one), await asks(terms), await asks(other)]
    const batch = async () => await does(stranger, 'claimBatch', [claims])
    expect(await moved(one, async () => expect(await moved(other, batch)).toEqual([0n, 60n, -60n]))).toEqual([
      0n,
      60n,
      -60n,
    ])
    expect(await credit(token, payee.address)).toBe(60n)
    const returns = async () => await does(payee, 'refund', [terms])
    expect((await returns()).events).toEqual([
      ['Refunded', idOf(terms), 40n],
      ['Credited', token, payer.address, 40n],
    ])
    await tell(token, 'fail', [fine])
    for (const [party, amount] of [
      [payee, 60n],
      [payer, 40n],
    ] as const) {
      const before = await balance(token, party.address)
      await does(party, 'withdraw', [token, party.address])
      expect(await balance(token, party.address)).toBe(before + amount)
    }
  })
})

it('a token that burns all gas can undo a batch that has little, and no claim by itself', async () => {
  const token = await odd('FailingToken')
  const [bad, good] = [await locked({ token }), await locked({ token: honest })]
  await tell(token, 'fail', [allGas])
  const signatures = [await vouch(bad, 60n), await vouch(good, 60n)] as const
  const claims = [
    { order: bad, cumulative: 60n, signature: signatures[0] },
    { order: good, cumulative: 60n, signature: signatures[1] },
  ]
  await expect(does(stranger, 'claimBatch', [claims], { gas: 500_000n })).rejects.toThrow(/gas/)
  const alone = async () => await does(stranger, 'claimBatch', [claims.slice(1)], { gas: 500_000n })
  expect(await moved(good, alone)).toEqual([0n, 60n, -60n])
})

it('a token that answers with nothing is as good as any', async () => {
  const token = await odd('SilentToken')
  const terms = await locked({ token })
  expect(await moved(terms, async () => await release(terms, 30n))).toEqual([0n, 30n, -30n])
  expect(await moved(terms, async () => await does(payee, 'refund', [terms]))).toEqual([70n, 0n, -70n])
})

it('a token that lies about balances gets nobody anything but itself', async () => {
  const token: ActorId = await odd('LyingToken')
  const terms = await order({ token, amount: 2n ** 128n - 1n })
  await lock(terms)
  const before = await Promise.all(kinds.map(async (kind) => await balance(kind, payee.address)))
  await release(terms, 1_000_000n)
  await does(payee, 'refund', [terms])
  const after = await Promise.all(kinds.map(async (kind) => await balance(kind, payee.address)))
  expect(after).toEqual(before)
  expect(await credit(noAddress, payee.address)).toBe(0n)
})
