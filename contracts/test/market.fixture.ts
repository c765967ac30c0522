/** An escrow on a chain, with money of each kind, orders, and what is signed for them. */
import { marketEscrow } from '@openclaw-market/contracts/market-escrow'
import {
  noAddress,
  orderIdOf,
  orderTypedData,
  voucherTypedData,
  type OrderTerms,
} from '@openclaw-market/protocol/typed-data/escrow'
import type { ActorId } from '@openclaw-market/protocol/schema/scalars'
import {
  type Account,
  type Address,
  type ContractFunctionArgs,
  type ContractFunctionName,
  type ContractFunctionReturnType,
  type Hex,
  type LocalAccount,
  type TransactionReceipt,
} from 'viem'
import { encodeFunctionData, pad, parseEventLogs, toHex } from 'viem/utils'
import { newChain, type Sent, type TestChain } from './chain.fixture.ts'
import {
  dataOf,
  escrowAbi,
  tokenAbi,
  toldOf,
  type EscrowArgs,
  type EscrowCall,
  type Told,
  type ToldArgs,
} from './said.fixture.ts'

/** An event of the escrow, with its figures in their order. */
export type Happened = readonly [name: string, ...figures: unknown[]]
export interface Done {
  readonly receipt: TransactionReceipt
  readonly events: readonly Happened[]
}

export const address = (value: string): ActorId => value as ActorId
export const statuses = ['None', 'Active', 'Disputed', 'Closed'] as const

export type Market = Awaited<ReturnType<typeof newMarket>>

export async function newMarket() {
  const chain = await newChain()
  return { chain, ...(await marketOn(chain)) }
}

export async function marketOn(chain: TestChain) {
  const { publicClient, accounts, send } = chain
  const escrow = address(await chain.deploy(marketEscrow.bytecode))
  const token = address(await chain.mock('OddTokens', 'HonestToken'))
  const place = { chainId: chain.chainId, escrow }
  /** Each order that there was talk of. */
  const orders: OrderTerms[] = []

  /** @throws Reverted with what the escrow said */
  async function does<Name extends EscrowCall>(
    from: Account,
    name: Name,
    args: EscrowArgs<Name>,
    sent: Sent = {},
  ): Promise<Done> {
    const receipt = await send(from, { to: escrow, data: dataOf(name, args), ...sent })
    return { receipt, events: eventsOf(receipt) }
  }

  function eventsOf(receipt: TransactionReceipt): Happened[] {
    const logs = receipt.logs.filter((log) => log.address.toLowerCase() === escrow.toLowerCase())
    return parseEventLogs({ abi: escrowAbi, logs }).map((event) => [
      event.eventName,
      ...Object.values(event.args),
    ])
  }

  async function read<Name extends ContractFunctionName<typeof escrowAbi, 'view' | 'pure'>>(
    functionName: Name,
    args: ContractFunctionArgs<typeof escrowAbi, 'view' | 'pure', Name>,
  ) {
    return (await publicClient.readContract({
      address: escrow,
      abi: escrowAbi,
      functionName,
      args,
    } as never)) as ContractFunctionReturnType<typeof escrowAbi, 'view' | 'pure', Name>
  }

  /** Terms of an order that is like no other: a hundred units, an hour to lock, another hour to claim. */
  async function order(terms: Partial<OrderTerms> = {}): Promise<OrderTerms> {
    const now = await chain.now()
    const all = {
      payer: address(accounts.payer.address),
      payee: address(accounts.payee.address),
      token: noAddress,
      amount: 100n,
      voucherSigner: address(accounts.signer.address),
      expiresAt: now + 3_600n,
      refundableAt: now + 7_200n,
      arbiter: address(accounts.arbiter.address),
      decisionTime: 1_000,
      undecidedPayeeBps: 2_500,
      ref: pad(toHex(orders.length)),
      ...terms,
    }
    orders.push(all)
    return all
  }

  /** Gives the account as much of the money, and lets the escrow take it. */
  async function give(account: Account, kind: Address, amount: bigint): Promise<void> {
    const has = await balance(kind, account.address)
    if (kind === noAddress) return await chain.fund(account.address, has + amount)
    const data = encodeFunctionData({ abi: tokenAbi, functionName: 'mint', args: [account.address, amount] })
    await send(account, { to: kind, data })
    await allow(account, kind, 2n ** 200n)
  }

  const allowance = (amount: bigint): Hex =>
    encodeFunctionData({ abi: tokenAbi, functionName: 'approve', args: [escrow, amount] })

  async function allow(account: Account, kind: Address, amount: bigint): Promise<void> {
    await send(account, { to: kind, data: allowance(amount) })
  }

  /** What of the account's tokens the escrow may take. */
  async function allowed(kind: Address, account: Address): Promise<bigint> {
    const args = [account, escrow] as const
    return await publicClient.readContract({ address: kind, abi: tokenAbi, functionName: 'allowance', args })
  }

  /** Tells something to a contract of contracts/mocks. */
  async function tell<Name extends Told>(to: Address, name: Name, args: ToldArgs<Name>, sent: Sent = {}) {
    return await send(accounts.stranger, { to, data: toldOf(name, args), ...sent })
  }

  /** An account that is a contract and signs as this key. */
  const smartAccount = async (key: Account) =>
    address(await chain.mock('SmartAccount', 'SmartAccount', key.address))

  /** A token with a hook, of which the account has some. */
  async function hooked(account: Account, amount: bigint) {
    const hooking = address(await chain.mock('OddTokens', 'HookToken'))
    await give(account, hooking, amount)
    return {
      token: hooking,
      async whenMoved<Name extends Told>(to: Address, name: Name, args: ToldArgs<Name>) {
        await tell(hooking, 'callWhenMoved', [to, toldOf(name, args)])
      },
    }
  }

  async function balance(kind: Address, account: Address): Promise<bigint> {
    if (kind === noAddress) return await publicClient.getBalance({ address: account })
    return await publicClient.readContract({
      address: kind,
      abi: tokenAbi,
      functionName: 'balanceOf',
      args: [account],
    })
  }

  const valueOf = (terms: OrderTerms): bigint => (terms.token === noAddress ? terms.amount : 0n)

  async function lock(terms: OrderTerms, sent: Sent = {}): Promise<Done> {
    return await does(accounts.payer, 'lock', [terms], { value: valueOf(terms), ...sent })
  }

  /** An order with these terms that is locked. */
  async function locked(terms: Partial<OrderTerms> = {}): Promise<OrderTerms> {
    const all = await order(terms)
    await give(accounts.payer, all.token, all.amount)
    await lock(all)
    return all
  }

  /** One that is disputed, too. */
  async function disputed(terms: Partial<OrderTerms> = {}): Promise<OrderTerms> {
    const all = await locked(terms)
    await does(accounts.payer, 'dispute', [all])
    return all
  }

  /** Orders with such terms that nothing can be paid of, each with its status. */
  async function notOpen(terms: Partial<OrderTerms> = {}) {
    const [paid, refunded] = [await locked(terms), await locked(terms)]
    await does(accounts.payer, 'release', [paid, paid.amount])
    await does(accounts.payee, 'refund', [refunded])
    const cancelled = await order(terms)
    await does(accounts.payer, 'cancel', [cancelled])
    return [
      { terms: await order(terms), status: 0 },
      ...[paid, refunded, cancelled].map((each) => ({ terms: each, status: 3 })),
    ]
  }

  const idOf = (terms: OrderTerms): Hex => orderIdOf(place, terms)
  const authorize = async (terms: OrderTerms, by: LocalAccount = accounts.payer) =>
    await by.signTypedData(orderTypedData(place, terms))
  const vouch = async (terms: OrderTerms, cumulative: bigint, by: LocalAccount = accounts.signer) =>
    await by.signTypedData(voucherTypedData({ ...place, id: idOf(terms), cumulative }))

  /** What is signed for the token, so that it lets the escrow take the order's amount. */
  async function permit(terms: OrderTerms, by: LocalAccount = accounts.payer, deadline = 2n ** 64n) {
    const nonce = await publicClient.readContract({
      address: terms.token,
      abi: tokenAbi,
      functionName: 'nonces',
      args: [terms.payer],
    })
    const signature = await by.signTypedData({
      domain: { name: 'Honest', version: '1', chainId: chain.chainId, verifyingContract: terms.token },
      types: {
        Permit: [
          { name: 'owner', type: 'address' },
          { name: 'spender', type: 'address' },
          { name: 'value', type: 'uint256' },
          { name: 'nonce', type: 'uint256' },
          { name: 'deadline', type: 'uint256' },
        ],
      },
      primaryType: 'Permit',
      message: { owner: terms.payer, spender: escrow, value: terms.amount, nonce, deadline },
    })
    const r: Hex = `0x${signature.slice(2, 66)}`
    const s: Hex = `0x${signature.slice(66, 130)}`
    return { deadline, v: Number.parseInt(signature.slice(130), 16), r, s }
  }

  async function usePermit(
    { token: kind, payer, amount }: OrderTerms,
    { deadline, v, r, s }: Awaited<ReturnType<typeof permit>>,
  ): Promise<void> {
    const args = [payer, escrow, amount, deadline, v, r, s] as const
    const data = encodeFunctionData({ abi: tokenAbi, functionName: 'permit', args })
    await send(accounts.stranger, { to: kind, data })
  }

  async function state(terms: OrderTerms) {
    const [status, disputedAt, paid] = await read('orders', [idOf(terms)])
    return { status: statuses[status], disputedAt, paid }
  }

  const credit = async (kind: Address, account: Address) => await read('credits', [kind, account])

  /** What each has more, or less, after it than before: payer, payee, escrow. */
  async function moved(terms: OrderTerms, what: () => Promise<unknown>): Promise<readonly bigint[]> {
    const all = async () =>
      await Promise.all([terms.payer, terms.payee, escrow].map((account) => balance(terms.token, account)))
    const before = await all()
    await what()
    return (await all()).map((after, i) => after - (before[i] ?? 0n))
  }

  /** What the escrow owes in this money: what is left of open orders, and what is kept for these accounts. */
  async function owes(kind: Address, accounts: readonly Address[]): Promise<bigint> {
    const left = orders.map(async (terms) => {
      const { status, paid } = terms.token === kind ? await state(terms) : { status: 'None', paid: 0n }
      return status === 'Active' || status === 'Disputed' ? terms.amount - paid : 0n
    })
    const kept = accounts.map(async (account) => await credit(kind, account))
    return (await Promise.all([...left, ...kept])).reduce((sum, each) => sum + each, 0n)
  }

  return {
    escrow,
    token,
    place,
    /** The kinds of money. */
    kinds: [noAddress, token] as const,
    dataOf,
    toldOf,
    tell,
    smartAccount,
    hooked,
    does,
    eventsOf,
    read,
    order,
    give,
    allowance,
    allow,
    allowed,
    balance,
    valueOf,
    lock,
    locked,
    disputed,
    notOpen,
    idOf,
    authorize,
    vouch,
    permit,
    usePermit,
    state,
    credit,
    moved,
    owes,
  }
}
