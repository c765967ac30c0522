/**
 * All or nothing, in the chain's own coin: beside each order an OpenZeppelin RefundEscrow does the same. It is owned by nobody
 * who takes part, so what its owner may do is asked for by whom the order's terms allow it. Whatever is tried, and in whatever
 * order: both do it or both refuse, and everybody has as much from the one as from the other.
 */
import fc from 'fast-check'
import { parseAbi, type Address } from 'viem'
import { encodeFunctionData } from 'viem/utils'
import { expect, it } from 'vitest'
import { noAddress, type OrderTerms } from '@openclaw-market/protocol/typed-data/escrow'
import { keyOf, Reverted } from './chain.fixture.ts'
import { address, newMarket } from './market.fixture.ts'

const market = await newMarket()
const { chain, escrow, does, balance, order } = market
const owner = keyOf('deployer')
const oracleAbi = parseAbi([
  'function deposit(address refundee) payable',
  'function depositsOf(address payee) view returns (uint256)',
  'function close()',
  'function enableRefunds()',
  'function beneficiaryWithdraw()',
  'function withdraw(address payee)',
])

/** The same persons twice: those of the order, and those of the oracle. */
let pairs = 0
async function newPair(amount: bigint) {
  pairs += 1
  const [payer, payee, twin] = [`payer ${pairs}`, `payee ${pairs}`, `twin of payer ${pairs}`].map(keyOf)
  const other = keyOf(`twin of payee ${pairs}`).address
  if (payer === undefined || payee === undefined || twin === undefined) throw new Error('no keys')
  const terms = await order({ payer: address(payer.address), payee: address(payee.address), amount })
  const oracle = await chain.mock('Oracle', 'Oracle', other)
  for (const who of [payer.address, twin.address, payee.address, other]) await chain.fund(who, 5n * amount)
  return { terms, oracle, payer, payee, twin: twin.address, other }
}
type Pair = Awaited<ReturnType<typeof newPair>>

const done = async (what: Promise<unknown>): Promise<boolean> => {
  try {
    await what
    return true
  } catch (error) {
    if (error instanceof Reverted) return false
    throw error
  }
}

const calls = async (oracle: Address, data: `0x${string}`, value = 0n) =>
  await chain.send(owner, { to: oracle, data, value })
const says = (functionName: 'close' | 'enableRefunds' | 'beneficiaryWithdraw') =>
  encodeFunctionData({ abi: oracleAbi, functionName })
const holds = async ({ oracle, twin }: Pair): Promise<boolean> => {
  const args = [twin] as const
  return (
    (await chain.publicClient.readContract({
      address: oracle,
      abi: oracleAbi,
      functionName: 'depositsOf',
      args,
    })) > 0n
  )
}

/** One deposit is one order: the oracle would take more. Nothing is deposited: it would close over nothing. */
const oracles = {
  async lock({ oracle, twin, terms, ...pair }: Pair) {
    if (await holds({ oracle, twin, terms, ...pair })) return false
    const data = encodeFunctionData({ abi: oracleAbi, functionName: 'deposit', args: [twin] })
    await chain.fund(owner.address, terms.amount)
    if (!(await done(calls(oracle, data, terms.amount)))) return false
    await chain.fund(twin, (await balance(noAddress, twin)) - terms.amount)
    return true
  },
  async release(pair: Pair) {
    if (!(await holds(pair)) || !(await done(calls(pair.oracle, says('close'))))) return false
    return await done(calls(pair.oracle, says('beneficiaryWithdraw')))
  },
  async refund(pair: Pair) {
    if (!(await holds(pair)) || !(await done(calls(pair.oracle, says('enableRefunds'))))) return false
    const data = encodeFunctionData({ abi: oracleAbi, functionName: 'withdraw', args: [pair.twin] })
    return await done(calls(pair.oracle, data))
  },
} as const

type Step = keyof typeof oracles
type By = 'payer' | 'payee'

/** By whom each is done while the order runs; anybody else is refused by both. */
const may: Record<Step, By> = { lock: 'payer', release: 'payer', refund: 'payee' }

async function tries({ terms, ...pair }: Pair, step: Step, by: By): Promise<boolean> {
  if (step === 'lock') return await done(does(pair[by], 'lock', [terms], { value: terms.amount }))
  if (step === 'refund') return await done(does(pair[by], 'refund', [terms]))
  return await done(does(pair[by], 'release', [terms, terms.amount]))
}

const stakes = async ({ terms, oracle, twin, other }: Pair) => ({
  order: [await balance(noAddress, terms.payer), await balance(noAddress, terms.payee)],
  oracle: [await balance(noAddress, twin), await balance(noAddress, other)],
  held: await balance(noAddress, oracle),
})

const step = fc.record({
  which: fc.nat({ max: 2 }),
  step: fc.constantFrom<Step>('lock', 'lock', 'release', 'refund'),
  by: fc.constantFrom<By>('payer', 'payee'),
})
const history = fc.record({
  amounts: fc.tuple(...Array.from({ length: 3 }, () => fc.bigInt({ min: 1n, max: 10n ** 20n }))),
  steps: fc.array(step, { minLength: 4, maxLength: 24 }),
})

it('does what OpenZeppelin does, and refuses what OpenZeppelin refuses', async () => {
  const came = new Map<string, number>()
  const kept: OrderTerms[] = []
  const run = async ({
    amounts,
    steps,
  }: {
    amounts: readonly bigint[]
    steps: readonly { which: number; step: Step; by: By }[]
  }) => {
    const all: Pair[] = []
    for (const amount of amounts) all.push(await newPair(amount))
    for (const { which, step: what, by } of steps) {
      const pair = all[which]
      if (pair === undefined) throw new Error('no such pair')
      const expected = by === may[what] && (await oracles[what](pair))
      expect(await tries(pair, what, by), `${what} by the ${by}`).toBe(expected)
      came.set(`${what} ${expected}`, (came.get(`${what} ${expected}`) ?? 0) + 1)
      const { order: ours, oracle: theirs } = await stakes(pair)
      expect(ours).toEqual(theirs)
    }
    let held = 0n
    for (const pair of all) held += (await stakes(pair)).held
    kept.push(...all.map(({ terms }) => terms))
    expect(await balance(noAddress, escrow)).toBe(before + held)
    before += held
  }
  let before = 0n
  await fc.assert(fc.asyncProperty(history, run), { numRuns: 100, seed: 5, endOnFailure: true })
  for (const what of ['lock', 'release', 'refund'])
    for (const outcome of [true, false]) expect(came.get(`${what} ${outcome}`) ?? 0).toBeGreaterThan(10)
})
