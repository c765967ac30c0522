/**
 * A real market for tests: real store, real node wallet, outside wallets that sign, and a clock that stands until it is
 * moved. Each step is a sentence (`fund`, `publish`, `takeLease`, `serve`); `does` and `refuses` run any operation.
 */
import type { Static, TObject } from '@sinclair/typebox'
import { onTestFinished } from 'vitest'
import type { TypedDataDefinition } from 'viem'
import { generatePrivateKey, privateKeyToAccount, type PrivateKeyAccount } from 'viem/accounts'
import { sha256Hex } from '@openclaw-market/protocol/canonical'
import { Leases, type Lease } from '@openclaw-market/protocol/entities/lease'
import { Settlements, type Settlement } from '@openclaw-market/protocol/entities/money'
import type { Failure } from '@openclaw-market/protocol/errors'
import type { LeaseId, ResourceId, SettlementId } from '@openclaw-market/protocol/ids'
import type { UnitTotals } from '@openclaw-market/protocol/money/units'
import type { BackendFacts, Operation, QueryOperation } from '@openclaw-market/protocol/operation'
import type { Principal } from '@openclaw-market/protocol/principal'
import { codec } from '@openclaw-market/protocol/schema/codec'
import { ActorId } from '@openclaw-market/protocol/schema/scalars'
import { delegationTypedData } from '@openclaw-market/protocol/typed-data/delegation'
import { deposit } from './accounts/deposit.ts'
import type { FinishedCall } from './calls/gate.ts'
import { found } from './found.ts'
import { issueLease } from './leases/issue.ts'
import { openMarket, type Market, type MarketOptions } from '../plugin/open-market.ts'
import { chainId, marketOptions, type AtEnd } from './options.fixture.ts'
import { publishResource } from './resources/publish.ts'
import { quoteResource } from './resources/quote.ts'

export const backends = ['sqlite', 'file'] as const
export const startsAt = Date.parse('2026-03-01T12:00:00.000Z')
export { chainId, quoteTtlMs, windowMs, type AtEnd } from './options.fixture.ts'

/** Thirds and sevenths, so that rounding shows. */
export const modelPrices = [
  { unit: 'input_token', amount: '3', per: '7', currency: 'USDC' },
  { unit: 'output_token', amount: '11', per: '3', currency: 'USDC' },
  { unit: 'request', amount: '2', per: '1', currency: 'USDC' },
]
export const storagePrices = [
  { unit: 'put', amount: '5', per: '1', currency: 'USDC' },
  { unit: 'gb_day', amount: '1000', per: '1', currency: 'USDC' },
]

export interface World {
  readonly market: Market
  /** Milliseconds since the epoch; stands until a test moves it. */
  readonly clock: { now: number }
  readonly operator: Principal & { readonly actorId: ActorId }
  readonly node: Principal & { readonly actorId: ActorId }
  /** What the market reported as defects. */
  readonly defects: unknown[]
  readonly options: MarketOptions
  readonly atEnd: AtEnd
}

export interface Wallet {
  readonly account: PrivateKeyAccount
  readonly actorId: ActorId
  readonly who: Principal
}

/** @param publishers who, besides the node wallet, may publish over each backend */
export function announce(market: Market, publishers: readonly ActorId[] = []): void {
  const names = { llm: 'model', web: 'search', disk: 'storage', worker: 'agent' } as const
  const facts = Object.entries(names).map(([name, kind]): BackendFacts => ({ name, kind, publishers }))
  market.announceBackends(facts)
}

/** Opens a market that is closed and gone when the test is over. */
export async function openWorld(backend: Market['backend'], atEnd: AtEnd = onTestFinished): Promise<World> {
  const clock = { now: startsAt }
  const defects: unknown[] = []
  const options = await marketOptions(
    backend,
    () => clock.now,
    (what, error) => void defects.push({ what, error }),
    atEnd,
  )
  const world = { ...worldOf(await openMarket(options)), clock, defects, options, atEnd }
  announce(world.market)
  atEnd(() => world.market.close())
  return world
}

/** The same market after its process has stopped and started again. */
export async function reopened(world: World): Promise<World> {
  await world.market.close()
  const market = await openMarket(world.options)
  announce(market)
  world.atEnd(() => market.close())
  return { ...world, ...worldOf(market) }
}

function worldOf(market: Market): Pick<World, 'market' | 'operator' | 'node'> {
  const actorId = market.address
  return { market, operator: { kind: 'operator', actorId }, node: { kind: 'node', actorId, owner: true } }
}

export function newWallet(): Wallet {
  const account = privateKeyToAccount(generatePrivateKey())
  const actorId = codec(ActorId).decode(account.address)
  return { account, actorId, who: { kind: 'wallet', actorId } }
}

type Any<P extends TObject, R extends TObject, S, F> = Operation<P, R, S, F> | QueryOperation<P, R>

/** Runs it and gives its result, as exact values. */
export async function does<P extends TObject, R extends TObject, S, F>(
  { market }: World,
  op: Any<P, R, S, F>,
  params: unknown,
  who: Principal,
): Promise<Static<R>> {
  const { ok, ...result } = await market.run(op, params, who)
  if (ok) return codec(op.result).decode(result)
  throw new Error(`${op.name} was refused: ${JSON.stringify(result)}`)
}

/** Runs it and gives its refusal. */
export async function refuses<P extends TObject, R extends TObject, S, F>(
  { market }: World,
  op: Any<P, R, S, F>,
  params: unknown,
  who: Principal,
): Promise<Failure> {
  const envelope = await market.run(op, params, who)
  if (envelope.ok) throw new Error(`${op.name} was not refused: ${JSON.stringify(envelope)}`)
  return envelope
}

export async function fund(world: World, to: ActorId, amount: bigint, currency = 'USDC'): Promise<void> {
  await does(world, deposit, { to, currency, amount: amount.toString(), reason: 'a test' }, world.operator)
}

export async function fundedWallet(world: World, amount: bigint): Promise<Wallet> {
  const wallet = newWallet()
  await fund(world, wallet.actorId, amount)
  return wallet
}

export const modelResource = { kind: 'model', label: 'a model', prices: modelPrices, backend: 'llm' }
export const storageResource = { kind: 'storage', label: 'a disk', prices: storagePrices, backend: 'disk' }

export async function publish(
  world: World,
  resource: object = {},
  who: Principal = world.node,
): Promise<ResourceId> {
  return (await does(world, publishResource, { resource: { ...modelResource, ...resource } }, who)).resourceId
}

/** A provider's signed leave for this market to serve `resourceId` over `backend`. */
export async function delegate(
  world: World,
  provider: Wallet,
  resourceId: ResourceId,
  backend = 'llm',
  validMs = 86_400_000,
) {
  const expiresAt = world.clock.now + validMs
  const values = {
    provider: provider.actorId,
    delegate: world.market.address,
    resourceId,
    backend,
    expiresAt,
  }
  const signature = await provider.account.signTypedData(delegationTypedData({ chainId, ...values }))
  return { ...values, expiresAt: new Date(expiresAt).toISOString(), signature }
}

export interface LeaseWish {
  readonly resourceId: ResourceId
  readonly maxCost: bigint
  readonly ttlMs?: number
  readonly mode?: 'prepaid' | 'postpaid'
}

/** What a wallet sends for a lease: the quote that it asked for, signed, and the hash of its token. */
export async function signedWish(world: World, { account, who }: Wallet, wish: LeaseWish) {
  const { resourceId, maxCost, ttlMs = 3_600_000, mode } = wish
  const plan = { resourceId, ttlMs, maxCost: maxCost.toString(), ...(mode === undefined ? {} : { mode }) }
  const quote = await does(world, quoteResource, plan, who)
  const consentSignature = await account.signTypedData(quote.typedData as unknown as TypedDataDefinition)
  const tokenHash = sha256Hex(`${account.address}/${quote.quoteId}`)
  return {
    resourceId,
    ttlMs,
    maxCost: maxCost.toString(),
    quoteId: quote.quoteId,
    consentSignature,
    tokenHash,
  }
}

export interface TakenLease {
  readonly leaseId: LeaseId
  readonly settlementId: SettlementId
  readonly expiresAt: number
}

export async function takeLease(world: World, consumer: Wallet, wish: LeaseWish): Promise<TakenLease> {
  return does(world, issueLease, await signedWish(world, consumer, wish), consumer.who)
}

/** Opens a call that reserves what `fixed` can cost. */
export async function openCall(
  world: World,
  leaseId: LeaseId,
  fixed: UnitTotals,
  requestId = `req-${world.market.ids.next('call')}`,
) {
  const call = await world.market.gate.admit({
    leaseId,
    requestId,
    mayRepeat: true,
    bodyHash: sha256Hex(requestId),
    demand: { fixed },
  })
  await call.opened
  return { ...call, requestId }
}

/** One whole call. */
export async function serve(
  world: World,
  leaseId: LeaseId,
  usage: UnitTotals,
  outcome: FinishedCall['outcome'] = 'done',
) {
  return (await openCall(world, leaseId, usage)).finish({ usage, outcome })
}

export function leaseNow({ market }: World, { leaseId }: { readonly leaseId: LeaseId }): Promise<Lease> {
  return market.store.read({ as: 'market' }, async (tx) =>
    found(await tx.get(Leases, leaseId), 'lease', leaseId),
  )
}

export function settlementNow(
  { market }: World,
  { settlementId }: { readonly settlementId: SettlementId },
): Promise<Settlement> {
  return market.store.read({ as: 'market' }, async (tx) =>
    found(await tx.get(Settlements, settlementId), 'settlement', settlementId),
  )
}

/** Lets time pass, then sweeps. */
export async function later(world: World, ms: number) {
  world.clock.now += ms
  return world.market.sweep(1_000)
}
