/** A market in which some of everything has happened: each collection has records, each state of a lease and a call is there. */
import { tileWidth } from '@openclaw-market/protocol/entities/log'
import { sha256Hex } from '@openclaw-market/protocol/canonical'
import type { EntityOf } from '@openclaw-market/protocol/collection'
import {
  Challenges,
  ConsumerReceipts,
  Metas,
  Sessions,
  SpentNonces,
} from '@openclaw-market/protocol/entities/records'
import { BindingChallenges, WalletBindings } from '@openclaw-market/protocol/entities/wallet'
import type { CreditLineId, LeaseId, PayoutId, ResourceId } from '@openclaw-market/protocol/ids'
import { SessionStatements } from '@openclaw-market/protocol/entities/session-statement'
import { ChainJobs } from '@openclaw-market/protocol/entities/chain'
import type { Principal } from '@openclaw-market/protocol/principal'
import { settlePayout } from '../accounts/settle-payout.ts'
import { withdraw } from '../accounts/withdraw.ts'
import { askApproval } from '../budget/ask-approval.ts'
import { setPolicy } from '../budget/set-policy.ts'
import { settleSpend } from '../budget/settle-spend.ts'
import { takeSpend } from '../budget/take-spend.ts'
import { closeCredit } from '../credit/close.ts'
import { openCredit } from '../credit/open.ts'
import { settleCredit } from '../credit/settle.ts'
import { recordConversation } from '../audit/record-conversation.ts'
import { completeLease } from '../leases/complete.ts'
import { revokeLease } from '../leases/revoke.ts'
import { issueLease } from '../leases/issue.ts'
import {
  announce,
  delegate,
  does,
  fund,
  later,
  newWallet,
  openCall,
  openWorld,
  publish,
  serve,
  storageResource,
  takeLease,
  windowMs,
  type AtEnd,
  type Wallet,
  type World,
} from '../market.fixture.ts'
import { newJob, sent } from '../../settlement/outbox/job.ts'
import { keyOf } from '../../settlement/outbox/local-chain.fixture.ts'
import { writeFirst } from '../../settlement/outbox/records.ts'
import { signForm } from '../../settlement/outbox/sign.ts'
import { quoteResource } from '../resources/quote.ts'
import { unpublishResource } from '../resources/unpublish.ts'

export interface BusyMarket {
  readonly world: World
  /** Leases from the node and from the seller; has money left. */
  readonly buyer: Wallet
  readonly seller: Wallet
  readonly stranger: Wallet
  readonly resources: { readonly model: ResourceId; readonly storage: ResourceId; readonly gone: ResourceId }
  readonly leases: {
    /** With a done, an open and an unknown call. */
    readonly running: LeaseId
    readonly storing: LeaseId
    readonly completed: LeaseId
    readonly revoked: LeaseId
    readonly unused: LeaseId
    /** Over; the window of its settlement is not. */
    readonly closing: LeaseId
  }
  /** Post-paid, each by a wallet of its own, on a line of the node. */
  readonly credit: {
    /** Runs, paid in part. */
    readonly running: Lent
    readonly owed: Lent
    readonly defaulted: Lent
    /** Defaulted first. */
    readonly paid: Lent
    readonly closed: CreditLineId
  }
  readonly payouts: { readonly pending: PayoutId; readonly paid: PayoutId; readonly returned: PayoutId }
}

export interface Lent {
  readonly line: CreditLineId
  readonly leaseId: LeaseId
}

const day = 86_400_000

export async function busyMarket(backend: 'sqlite' | 'file', atEnd?: AtEnd): Promise<BusyMarket> {
  const world = await openWorld(backend, atEnd)
  const [buyer, seller, stranger] = [newWallet(), newWallet(), newWallet()]
  announce(world.market, [seller.actorId])
  for (const to of [buyer, seller, stranger]) await fund(world, to.actorId, 1_000_000n)
  await fund(world, seller.actorId, 500n, 'EURC')
  await fund(world, world.market.address, 10_000n)
  const resources = await publishAll(world, seller)
  const leases = await leaseAll(world, { buyer, seller, stranger }, resources)
  const credit = await lendAll(world, resources.model, stranger)
  const payouts = await payAll(world, buyer)
  await does(world, quoteResource, { resourceId: resources.model, ttlMs: 60_000 }, stranger.who)
  await spendAll(world)
  await keepOthers(world, buyer)
  await talk(world)
  await keepStatement(world, leases.completed)
  await sendToChain(world)
  return { world, buyer, seller, stranger, resources, leases, credit, payouts }
}

async function publishAll(world: World, seller: Wallet): Promise<BusyMarket['resources']> {
  const model = await publish(world)
  await publish(world, { resourceId: model, label: 'a better model', tags: ['fast'] })
  const storage = world.market.ids.next('res')
  const delegation = await delegate(world, seller, storage, 'disk', 30 * day)
  await publish(world, { ...storageResource, resourceId: storage, delegation }, seller.who)
  const gone = await publish(world, { label: 'not for long' })
  await does(world, unpublishResource, { resourceId: gone }, world.node)
  return { model, storage, gone }
}

async function leaseAll(
  world: World,
  { buyer, seller, stranger }: Pick<BusyMarket, 'buyer' | 'seller' | 'stranger'>,
  { model, storage }: BusyMarket['resources'],
): Promise<BusyMarket['leases']> {
  const take = async (by: Wallet, resourceId: ResourceId, ttlMs = 7 * day) =>
    (await takeLease(world, by, { resourceId, maxCost: 5_000n, ttlMs })).leaseId
  const revoked = await take(buyer, model)
  await serve(world, revoked, { request: 1n, input_token: 10n })
  await does(world, revokeLease, { leaseId: revoked, reason: 'slow' }, buyer.who)
  const unused = await take(stranger, model)
  await does(world, revokeLease, { leaseId: unused }, world.node)
  await later(world, windowMs)
  const completed = await take(buyer, model)
  await serve(world, completed, { request: 2n })
  await serve(world, completed, { request: 1n, output_token: 4n }, 'failed')
  await does(world, completeLease, { leaseId: completed }, buyer.who)
  const storing = await take(buyer, storage)
  const call = await openCall(world, storing, { put: 1n })
  await call.finish({ usage: { put: 1n }, outcome: 'done', storedBytes: 2_000_000_000n })
  await later(world, day)
  const node = await signedByNode(world, storage)
  const closing = await take(seller, model, 60_000)
  await serve(world, closing, { request: 3n })
  await does(world, completeLease, { leaseId: node }, world.node)
  await later(world, 60_000)
  const running = await take(buyer, model)
  await serve(world, running, { request: 1n, input_token: 100n })
  await openCall(world, running, { request: 2n })
  const lost = await openCall(world, running, { request: 2n, output_token: 5n })
  await lost.checkpoint({ request: 1n })
  await lost.finish({ usage: { request: 1n }, outcome: 'unknown' })
  return { running, storing, completed, revoked, unused, closing }
}

async function lendAll(
  world: World,
  resourceId: ResourceId,
  stranger: Wallet,
): Promise<BusyMarket['credit']> {
  const terms = { currency: 'USDC', ceiling: '5000', maxRequestsPerMinute: 60, graceMs: 60_000 }
  const open = async (to: Wallet): Promise<CreditLineId> =>
    (await does(world, openCredit, { ...terms, to: to.actorId }, world.node)).creditLineId
  const lend = async (to: Wallet): Promise<Lent> => {
    const line = await open(to)
    const wish = { resourceId, maxCost: 1_000n, ttlMs: day, mode: 'postpaid' } as const
    const { leaseId } = await takeLease(world, to, wish)
    await serve(world, leaseId, { request: 5n })
    return { line, leaseId }
  }
  const ends = async (by: Wallet): Promise<Lent> => {
    const lent = await lend(by)
    await does(world, completeLease, { leaseId: lent.leaseId }, by.who)
    return lent
  }
  const [runner, ower, defaulter, payer] = [newWallet(), newWallet(), newWallet(), newWallet()]
  const defaulted = await ends(defaulter)
  const paid = await ends(payer)
  await later(world, terms.graceMs)
  await fund(world, payer.actorId, 500n)
  await does(world, settleCredit, { creditLineId: paid.line }, payer.who)
  const running = await lend(runner)
  await fund(world, runner.actorId, 500n)
  await does(world, settleCredit, { creditLineId: running.line }, runner.who)
  await serve(world, running.leaseId, { request: 7n })
  const owed = await ends(ower)
  const closed = await open(stranger)
  await does(world, closeCredit, { creditLineId: closed }, world.node)
  return { running, owed, defaulted, paid, closed }
}

/** The node wallet leases without a quote, and with an idempotency key. */
async function signedByNode(world: World, resourceId: ResourceId): Promise<LeaseId> {
  const wish = { resourceId, ttlMs: 60_000, maxCost: '100', tokenHash: sha256Hex('the token of the node') }
  return (await does(world, issueLease, { ...wish, idempotencyKey: 'node-leases-1' }, world.node)).leaseId
}

async function payAll(world: World, { who }: Wallet): Promise<BusyMarket['payouts']> {
  const out = async (amount: string) =>
    (await does(world, withdraw, { currency: 'USDC', amount, idempotencyKey: `take-out-${amount}` }, who))
      .payoutId
  const [pending, paid, returned] = [await out('10'), await out('20'), await out('30')]
  await does(world, settlePayout, { payoutId: paid, outcome: 'paid' }, world.operator)
  await does(world, settlePayout, { payoutId: returned, outcome: 'returned' }, world.operator)
  return { pending, paid, returned }
}

/** Two allowances; spends elsewhere, one of them open; and an approval that is used, and one that waits. */
async function spendAll(world: World): Promise<void> {
  const take = (n: number, amount: string, who: Principal = world.node) => {
    const spendKey = sha256Hex(`spend ${n}`)
    return does(world, takeSpend, { what: 'lease_elsewhere', spendKey, currency: 'USDC', amount }, who)
  }
  const asking = (amount: string): Principal => ({
    kind: 'node',
    actorId: world.market.address,
    owner: true,
    request: { capability: 'web3.resources.lease', paramsHash: sha256Hex(amount) },
  })
  await take(1, '40')
  await take(2, '50')
  await does(world, settleSpend, { spendKey: sha256Hex('spend 2'), cost: '20' }, world.node)
  for (const per of ['day', 'session'])
    await does(world, setPolicy, { allow: { per, currency: 'USDC', limit: '200' } }, world.node)
  for (const amount of ['700', '800']) {
    const wish = { currency: 'USDC', amount }
    const { approvalId } = await does(world, askApproval, wish, asking(amount))
    if (amount === '800') return
    await does(world, setPolicy, { approve: approvalId }, world.node)
    await take(3, amount, asking(amount))
  }
}

/** As much as makes a tile of the log, which is signed then. */
async function talk(world: World): Promise<void> {
  const turn = { type: 'host.llm_input', facts: { model: 'a model', images: 0 } }
  await Promise.all(
    Array.from({ length: tileWidth }, () =>
      does(world, recordConversation, turn, { kind: 'market', actorId: world.market.address }),
    ),
  )
  await world.market.log.checkpoint()
}

/** What web3-core keeps in the same store. */
async function keepOthers({ market, clock: { now } }: World, { actorId }: Wallet): Promise<void> {
  const times = { expiresAt: now + 60_000, dueAt: now + 60_000 }
  const session: EntityOf<typeof Sessions> = {
    rev: 0,
    sessionId: market.ids.next('ses'),
    bearerHash: sha256Hex('a bearer'),
    actorId,
    chainId: 1,
    createdAt: now,
    ...times,
  }
  const challenge = { rev: 0, nonce: 'n'.repeat(16), address: actorId, chainId: 1, domain: 'localhost' }
  const receipt = { leaseId: 'lease_of_another_market', requestId: 'request-1', market: 'theirs' }
  await market.store.write(async (tx) => {
    await tx.insert(Sessions, session)
    await tx.insert(Challenges, { ...challenge, issuedAt: now, ...times })
    const owners = { rev: 0, nodeActorId: market.address, ownerActorId: actorId, chainId: 1 }
    await tx.insert(WalletBindings, { ...owners, boundAt: now })
    const message = `localhost wants you to sign in with your Ethereum account:\n${actorId}\n`
    await tx.insert(BindingChallenges, { ...owners, message, issuedAt: now, ...times })
    await tx.insert(SpentNonces, { rev: 0, nonceKey: `${actorId}/${'f'.repeat(32)}`, dueAt: now + 60_000 })
    await tx.insert(ConsumerReceipts, {
      rev: 0,
      receiptKey: `${receipt.leaseId}/${receipt.requestId}`,
      ...receipt,
      counted: [],
      stated: [],
      agrees: true,
      createdAt: now,
    })
    await tx.insert(Metas, { rev: 0, name: 'made-by', value: 'a test' })
  })
}

/** Of a conversation that used one lease. */
async function keepStatement({ market, clock: { now } }: World, leaseId: LeaseId): Promise<void> {
  const line = { leaseId, market: 'local', opened: true, calls: 1, unpriced: 0, usage: [], cost: 0n }
  await market.store.write((tx) =>
    tx.insert(SessionStatements, {
      rev: 0,
      statementId: market.ids.next('stm'),
      sessionKey: 'agent:main:main',
      reason: 'reset',
      status: 'statement_closed',
      since: 0,
      until: now,
      lines: [line],
      createdAt: now,
      closedAt: now,
    }),
  )
}

/** A job that is on its way; no chain has to be there for that. */
async function sendToChain({ market, clock: { now } }: World): Promise<void> {
  const key = keyOf('of a busy market')
  const wish = { signer: key.address, to: market.address, data: '0x' as const, value: 5n }
  const job = newJob(
    { ...wish, gasCeiling: 10n ** 15n, purpose: 'payout/of-a-test' },
    31_337,
    market.ids,
    now,
  )
  const fees = { gas: 21_000n, maxFeePerGas: 3_000_000_000n, maxPriorityFeePerGas: 1_000_000_000n }
  const form = await signForm(key, job, { nonce: 0, attempt: 0, ...fees, signedAt: now, signedAtBlock: 7 })
  await market.store.write((tx) => tx.insert(ChainJobs, job))
  await writeFirst(market.store, sent(job), form)
}
