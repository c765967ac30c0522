/** The larger workload: operations of a market, several at once, as they come in its days. A refusal is an answer like any other. */
import { dirname, join } from 'node:path'
import type { TypedDataDefinition } from 'viem'
import { privateKeyToAccount, type PrivateKeyAccount } from 'viem/accounts'
import { sha256Hex } from '@openclaw-market/protocol/canonical'
import type { LeaseId } from '@openclaw-market/protocol/ids'
import type { Principal } from '@openclaw-market/protocol/principal'
import { codec } from '@openclaw-market/protocol/schema/codec'
import { ActorId } from '@openclaw-market/protocol/schema/scalars'
import { deposit } from '../../extensions/market-core/src/market/accounts/deposit.ts'
import { withdraw } from '../../extensions/market-core/src/market/accounts/withdraw.ts'
import type { AdmittedCall } from '../../extensions/market-core/src/market/calls/gate.ts'
import { completeLease } from '../../extensions/market-core/src/market/leases/complete.ts'
import { issueLease } from '../../extensions/market-core/src/market/leases/issue.ts'
import { revokeLease } from '../../extensions/market-core/src/market/leases/revoke.ts'
import { publishResource } from '../../extensions/market-core/src/market/resources/publish.ts'
import { quoteResource } from '../../extensions/market-core/src/market/resources/quote.ts'
import {
  openMarket,
  type Market,
  type MarketOptions,
} from '../../extensions/market-core/src/plugin/open-market.ts'
import type { Dice } from '../run.ts'
import { storeIn, type Backend, type Job } from './job.ts'
import { say, tellingWrite } from './told.ts'

const startsAt = Date.parse('2026-03-01T12:00:00.000Z')
const windowMs = 600_000
const prices = [
  { unit: 'output_token', amount: '11', per: '3', currency: 'USDC' },
  { unit: 'request', amount: '2', per: '1', currency: 'USDC' },
]

/** A market over `home/store`, with a clock that stands where the caller puts it. */
export function tradeOptions(
  backend: Backend,
  home: string,
  keys: NonNullable<Job['keys']>,
  clock: { readonly now: number },
  report: MarketOptions['report'],
): MarketOptions {
  return {
    ...keys,
    backend,
    storeDirectory: storeIn(home),
    // Beside the store, where the disk of the crash is: what a power loss leaves of both must fit together.
    checkpointFile: join(dirname(storeIn(home)), 'log-checkpoint'),
    chainId: 31_337,
    currencies: [{ symbol: 'USDC', decimals: 6 }],
    chains: [],
    disputeWindowMs: windowMs,
    quoteTtlMs: 300_000,
    answerTtlMs: 86_400_000,
    report,
    now: () => clock.now,
  }
}

/** Later than anything that a trade leaves due. */
export const afterAll = startsAt + 100 * 86_400_000

export async function trade(job: Job, dice: Dice, count: { writes: number }): Promise<void> {
  if (job.keys === undefined) throw new Error('a market needs keys')
  const clock = { now: startsAt }
  const report: MarketOptions['report'] = (what, error) => console.error(what, error)
  const market = await openMarket(tradeOptions(job.backend, job.home, job.keys, clock, report))
  say({ job: job.name, opened: true })
  // The market's parts write through the store's own method.
  Object.assign(market.store, { write: tellingWrite(market.store, job, count) })
  market.announceBackends([{ name: 'llm', kind: 'model', publishers: [] }])
  const days = new Trading(market, dice)
  await days.begin()
  // Refusals write nothing.
  for (let turn = 0; count.writes < job.writes && turn < job.writes * 10; turn++) {
    await Promise.all(Array.from({ length: 1 + dice.below(4) }, () => days.step()))
    if (dice.oneIn(6)) {
      clock.now += dice.one([1, 1_000, windowMs, 3_600_000])
      await market.sweep(100)
    }
  }
  await market.close()
}

class Trading {
  readonly #market: Market
  readonly #dice: Dice
  readonly #node: Principal & { readonly actorId: ActorId }
  readonly #consumers: readonly PrivateKeyAccount[]
  readonly #leases: { readonly leaseId: LeaseId; readonly who: Principal }[] = []
  readonly #calls: AdmittedCall[] = []
  #resourceId = ''
  #requests = 0

  constructor(market: Market, dice: Dice) {
    this.#market = market
    this.#dice = dice
    this.#node = { kind: 'node', actorId: market.address, owner: true }
    this.#consumers = [1, 2].map((n) => privateKeyToAccount(`0x${String(n).padStart(64, '0')}`))
  }

  /** Something to lease, and money to lease it with. */
  async begin(): Promise<void> {
    const resource = { kind: 'model', label: 'a model', prices, backend: 'llm' }
    const { ok, ...result } = await this.#market.run(publishResource, { resource }, this.#node)
    if (!ok) throw new Error(`nothing can be published: ${JSON.stringify(result)}`)
    this.#resourceId = codec(publishResource.result).decode(result).resourceId
    for (const consumer of this.#consumers) await this.#deposit(consumer)
    await this.#lease(this.#dice.one(this.#consumers))
  }

  async step(): Promise<void> {
    const kind = this.#dice.below(12)
    const consumer = this.#dice.one(this.#consumers)
    if (kind === 0) return this.#deposit(consumer)
    if (kind === 1) return this.#withdraw()
    if (kind === 2) return this.#lease(consumer)
    if (kind === 3) return this.#end()
    return kind < 8 ? this.#open() : this.#goOn()
  }

  async #deposit(consumer: PrivateKeyAccount): Promise<void> {
    const params = { to: consumer.address, currency: 'USDC', amount: '3000', reason: 'a crash' }
    await this.#market.run(deposit, params, { kind: 'operator', actorId: this.#node.actorId })
  }

  async #withdraw(): Promise<void> {
    await this.#market.run(withdraw, { currency: 'USDC', amount: `${1 + this.#dice.below(20)}` }, this.#node)
  }

  async #lease(consumer: PrivateKeyAccount): Promise<void> {
    const who: Principal = { kind: 'wallet', actorId: codec(ActorId).decode(consumer.address) }
    const wish = { resourceId: this.#resourceId, ttlMs: 3_600_000, maxCost: `${200 + this.#dice.below(600)}` }
    const quoted = await this.#market.run(quoteResource, wish, who)
    if (!quoted.ok) return
    const { ok: _ok, ...result } = quoted
    const { quoteId, typedData } = codec(quoteResource.result).decode(result)
    const consentSignature = await consumer.signTypedData(typedData as unknown as TypedDataDefinition)
    const params = { ...wish, quoteId, consentSignature, tokenHash: sha256Hex(quoteId) }
    const { ok, ...lease } = await this.#market.run(issueLease, params, who)
    if (ok) this.#leases.push({ leaseId: codec(issueLease.result).decode(lease).leaseId, who })
  }

  async #end(): Promise<void> {
    const lease = this.#leases.at(this.#dice.below(3) - 3)
    if (lease === undefined) return
    const { leaseId, who } = lease
    if (this.#dice.oneIn(2)) await this.#market.run(completeLease, { leaseId }, who)
    else await this.#market.run(revokeLease, { leaseId }, who)
  }

  async #open(): Promise<void> {
    const lease = this.#leases.at(-1 - this.#dice.below(2))
    if (lease === undefined) return
    const requestId = `request-${this.#requests++}`
    const bodyHash = sha256Hex(requestId)
    const demand = { fixed: { output_token: BigInt(3 + this.#dice.below(20)), request: 1n } }
    const call = await this.#market.gate
      .admit({ leaseId: lease.leaseId, requestId, mayRepeat: true, bodyHash, demand })
      .catch(() => undefined)
    if (call === undefined) return
    const opened = await call.opened.then(
      () => true,
      () => false,
    )
    if (opened) this.#calls.push(call)
  }

  /** A checkpoint, or the end of a call. What the market refuses here the next step may try again. */
  async #goOn(): Promise<void> {
    const call = this.#calls.at(this.#dice.below(4) - 4)
    if (call === undefined) return
    const usage = { output_token: BigInt(1 + this.#dice.below(3)), request: 1n }
    const outcome = this.#dice.one(['done', 'done', 'failed', 'unknown'] as const)
    const act = this.#dice.oneIn(3) ? call.checkpoint(usage) : call.finish({ usage, outcome })
    await act.catch(() => undefined)
  }
}
