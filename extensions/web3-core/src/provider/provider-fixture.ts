/** A real market with a real provider's door in front of it, for the tests beside. */
import { mkdtemp, rm } from 'node:fs/promises'
import { createHash, randomBytes } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { privateKeyToAccount, generatePrivateKey } from 'viem/accounts'
import type { TypedDataDefinition } from 'viem'
import {
  accountBalance,
  deposit,
  issueLease,
  openMarket,
  publishResource,
  quoteResource,
  type Market,
} from '@openclaw-market/market-core'
import { Calls, Leases, UsageRecords, type Lease } from '@openclaw-market/protocol/entities/lease'
import { Settlements } from '@openclaw-market/protocol/entities/money'
import type { Policy } from '@openclaw-market/protocol/entities/resource'
import type { LeaseId } from '@openclaw-market/protocol/ids'
import type { Contract, Operation, QueryOperation } from '@openclaw-market/protocol/operation'
import type { Principal } from '@openclaw-market/protocol/principal'
import type { ActorId } from '@openclaw-market/protocol/schema/scalars'
import type { Backend } from './backends/backend.ts'
import type { ProviderEnvironment } from './environment.ts'
import { providerHandler, type ProviderHandler } from './handler.ts'
import { startListener } from './listener.ts'

export type StoreKind = Market['backend']
export const storeKinds = ['sqlite', 'file'] as const satisfies readonly StoreKind[]

export async function temporaryDirectory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'provider-'))
  onTestFinished(() => rm(path, { recursive: true, force: true }))
  return path
}

/** A clock that stands until it is moved. */
export interface Clock {
  now(): number
  advance(ms: number): void
}

export function clock(): Clock {
  let at = 1_800_000_000_000
  return { now: () => at, advance: (ms) => void (at += ms) }
}

export interface TestMarket {
  readonly market: Market
  readonly clock: Clock
  readonly operator: Principal
  readonly reports: readonly string[]
  run(op: AnyOperation, params: object, who: Principal): Promise<Record<string, unknown>>
  close(): Promise<void>
  reopen(): Promise<TestMarket>
}

type AnyOperation = Contract & { readonly kind: 'operation' | 'query' }

export async function testMarket(
  backend: StoreKind = 'sqlite',
  options: { readonly directory?: string; readonly clock?: Clock } = {},
): Promise<TestMarket> {
  const directory = options.directory ?? (await temporaryDirectory())
  const time = options.clock ?? clock()
  const reports: string[] = []
  const market = await openMarket({
    backend,
    storeDirectory: join(directory, 'store'),
    keyDirectory: join(directory, 'keys'),
    checkpointFile: join(directory, 'log-checkpoint'),
    passphraseFile: join(directory, 'private', 'passphrase'),
    chainId: 31_337,
    currencies: [{ symbol: 'USDC', decimals: 6 }],
    chains: [],
    disputeWindowMs: 600_000,
    quoteTtlMs: 300_000,
    answerTtlMs: 86_400_000,
    report: (what, error) => void reports.push(`${what}: ${String(error)}`),
    now: time.now,
  })
  let open = true
  const close = async (): Promise<void> => {
    if (open) await market.close()
    open = false
  }
  onTestFinished(close)
  return {
    market,
    clock: time,
    operator: { kind: 'operator', actorId: market.address },
    reports,
    async run(op, params, who) {
      // The kinds are told apart by the market itself.
      const envelope = await market.run(op as unknown as Operation | QueryOperation, params, who)
      if (!envelope.ok) throw new Error(`${op.name}: ${envelope.error} ${envelope.message}`)
      return envelope
    },
    close,
    async reopen() {
      await close()
      return testMarket(backend, { directory, clock: time })
    },
  }
}

export interface Consumer {
  readonly actorId: ActorId
  readonly who: Principal
  sign(typedData: TypedDataDefinition): Promise<`0x${string}`>
}

export const funds = 1_000_000_000n

export async function fundedConsumer({ run, operator }: TestMarket): Promise<Consumer> {
  const account = privateKeyToAccount(generatePrivateKey())
  const actorId = account.address as ActorId
  await run(deposit, { to: actorId, currency: 'USDC', amount: funds.toString(), reason: 'test' }, operator)
  return { actorId, who: { kind: 'wallet', actorId }, sign: (typedData) => account.signTypedData(typedData) }
}

export interface Offered {
  readonly kind: Backend['kind']
  /** Base units for `per` (1) units. */
  readonly prices: readonly (readonly [unit: string, amount: number, per?: number])[]
  readonly policy?: Policy
  readonly backend?: string
  readonly resourceId?: string
}

/** Published by the node wallet over the backend `main`. */
export async function publish({ market, run, operator }: TestMarket, offered: Offered): Promise<string> {
  const { kind, prices, policy = {}, backend = 'main', resourceId } = offered
  market.announceBackends(
    [...market.rules().backends.values()]
      .filter((b) => b.name !== backend)
      .concat({ name: backend, kind, publishers: [] }),
  )
  const { resourceId: id } = await run(
    publishResource,
    {
      resource: {
        ...(resourceId === undefined ? {} : { resourceId }),
        kind,
        label: `Test ${kind}`,
        prices: prices.map(([unit, amount, per = 1]) => ({
          unit,
          amount: String(amount),
          per: String(per),
          currency: 'USDC',
        })),
        policy,
        backend,
      },
    },
    operator,
  )
  return String(id)
}

export interface Leased {
  readonly leaseId: LeaseId
  readonly token: string
}

export async function lease(
  { run }: TestMarket,
  consumer: Consumer,
  resourceId: string,
  { maxCost = 1_000_000n, ttlMs = 3_600_000 }: { readonly maxCost?: bigint; readonly ttlMs?: number } = {},
): Promise<Leased> {
  const quote = await run(quoteResource, { resourceId, ttlMs, maxCost: maxCost.toString() }, consumer.who)
  const token = `tok_${randomBytes(32).toString('base64url')}`
  const { leaseId } = await run(
    issueLease,
    {
      resourceId,
      ttlMs,
      maxCost: maxCost.toString(),
      quoteId: quote['quoteId'],
      tokenHash: createHash('sha256').update(token).digest('hex'),
      consentSignature: await consumer.sign(quote['typedData'] as TypedDataDefinition),
    },
    consumer.who,
  )
  return { leaseId: leaseId as LeaseId, token }
}

/** What the market knows of a lease. */
export async function stateOf({ market }: TestMarket, leaseId: LeaseId) {
  return market.store.read({ as: 'market' }, async (tx) => {
    const found = await tx.get(Leases, leaseId)
    if (found === undefined) throw new Error('no such lease')
    const settlement = await tx.get(Settlements, found.settlementId)
    if (settlement === undefined) throw new Error('no such settlement')
    const calls = (await tx.list(Calls, { where: { leaseId }, order: 'oldest', limit: 500 })).items
    const usage = (await tx.list(UsageRecords, { where: { leaseId }, order: 'oldest', limit: 500 })).items
    return { lease: found, settlement, calls, usage }
  })
}

export async function balanceOf({ run }: TestMarket, who: Principal): Promise<bigint> {
  const answer = await run(accountBalance, { currency: 'USDC' }, who)
  return BigInt(String(answer['available']))
}

export interface Door {
  readonly url: string
  readonly handler: ProviderHandler
  /** What the operator would read. */
  readonly reports: readonly string[]
}

/** A listener over this market with `main` and whatever else is named. */
export async function door(
  test: TestMarket,
  backends: Readonly<Record<string, Backend>>,
  more: Partial<ProviderEnvironment> = {},
): Promise<Door> {
  const reports: string[] = []
  const handler = providerHandler({
    market: () => test.market,
    backends: new Map(Object.entries(backends)),
    now: test.clock.now,
    report: (what, error) => void reports.push(`${what}: ${String(error)}`),
    ...more,
  })
  const listener = await startListener({ port: 0, handler })
  onTestFinished(() => listener.close(0))
  return { url: listener.url, handler, reports }
}

export type { Lease }
