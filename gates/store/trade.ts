/** A market's life drawn from dice: each step is an operation, and what it is about comes from earlier answers. */
import { sha256Hex } from '@openclaw-market/protocol/canonical'
import type { Envelope } from '@openclaw-market/protocol/errors'
import type { Principal } from '@openclaw-market/protocol/principal'
import { codec } from '@openclaw-market/protocol/schema/codec'
import { ActorId } from '@openclaw-market/protocol/schema/scalars'
import { deposit } from '../../extensions/market-core/src/market/accounts/deposit.ts'
import { settlePayout } from '../../extensions/market-core/src/market/accounts/settle-payout.ts'
import { withdraw } from '../../extensions/market-core/src/market/accounts/withdraw.ts'
import { checkpointCall } from '../../extensions/market-core/src/market/calls/checkpoint.ts'
import { openCall } from '../../extensions/market-core/src/market/calls/open.ts'
import { completeLease } from '../../extensions/market-core/src/market/leases/complete.ts'
import { issueLease } from '../../extensions/market-core/src/market/leases/issue.ts'
import { revokeLease } from '../../extensions/market-core/src/market/leases/revoke.ts'
import { publishResource } from '../../extensions/market-core/src/market/resources/publish.ts'
import { quoteResource } from '../../extensions/market-core/src/market/resources/quote.ts'
import { unpublishResource } from '../../extensions/market-core/src/market/resources/unpublish.ts'
import { appendUsage } from '../../extensions/market-core/src/market/usage/append.ts'
import { market, node, operator, windowMs, type BareMarket } from '../money/bare-market.ts'
import type { Dice } from '../run.ts'

export const wallets = ['1', '2', '3'].map((digit) => codec(ActorId).decode(`0x${digit.repeat(40)}`))
export const asWallet = (actorId: ActorId): Principal => ({ kind: 'wallet', actorId })
export const principals: readonly Principal[] = [node, ...wallets.map(asWallet)]

/** One step on each market; gives the one answer of all. */
export type OnAll = (act: (on: BareMarket) => Promise<Envelope>) => Promise<Envelope>

const priceLists = {
  llm: [
    { unit: 'input_token', amount: '3', per: '7', currency: 'USDC' },
    { unit: 'request', amount: '2', per: '1', currency: 'USDC' },
  ],
  disk: [
    { unit: 'put', amount: '5', per: '1', currency: 'EURC' },
    { unit: 'gb_day', amount: '1000', per: '1', currency: 'EURC' },
  ],
}
type Backend = keyof typeof priceLists

interface Taken {
  readonly leaseId: string
  readonly backend: Backend
}

export class Trade {
  readonly #dice: Dice
  readonly #onAll: OnAll
  readonly #resources: { resourceId: string; backend: Backend }[] = []
  readonly #leases: Taken[] = []
  readonly #calls: { callId: string; lease: Taken; requestId: string }[] = []
  readonly #payouts: string[] = []
  #count = 0

  constructor(dice: Dice, onAll: OnAll) {
    this.#dice = dice
    this.#onAll = onAll
  }

  async step(): Promise<void> {
    this.#count++
    switch (this.#dice.below(16)) {
      case 0:
        return this.#deposit()
      case 1:
        return this.#publish()
      case 2:
      case 3:
      case 4:
        return this.#lease()
      case 5:
      case 6:
      case 7:
        return this.#open()
      case 8:
      case 9:
        return this.#checkpoint()
      case 10:
      case 11:
      case 12:
        return this.#append()
      case 13:
        return this.#end()
      case 14:
        return this.#payOut()
      default:
        return this.#pass()
    }
  }

  /** Now and then one that was used before. */
  #key(): { idempotencyKey?: string } {
    return this.#dice.oneIn(2) ? {} : { idempotencyKey: `a-key-${this.#dice.below(this.#count)}` }
  }

  #who(): Principal {
    return this.#dice.one(principals)
  }

  async #deposit(): Promise<void> {
    const to = this.#dice.one([market, ...wallets])
    const currency = this.#dice.one(['USDC', 'EURC'])
    const params = {
      to,
      currency,
      amount: String(1 + this.#dice.below(3_000)),
      reason: 'a gate',
      ...this.#key(),
    }
    await this.#onAll((on) => on.run(deposit, params, operator))
  }

  async #publish(): Promise<void> {
    const who = this.#who()
    const backend: Backend = this.#dice.one(['llm', 'disk'])
    const again =
      this.#resources.length > 0 && this.#dice.oneIn(3) ? this.#dice.one(this.#resources) : undefined
    if (again !== undefined && this.#dice.oneIn(2)) {
      await this.#onAll((on) => on.run(unpublishResource, { resourceId: again.resourceId }, who))
      return
    }
    const answer = await this.#onAll((on) => {
      const resourceId = again?.resourceId ?? on.ids.next('res')
      const expiresAt = new Date(on.clock.now + 604_800_000).toISOString()
      const delegation = {
        provider: who.kind === 'wallet' ? who.actorId : market,
        delegate: market,
        resourceId,
        backend,
        expiresAt,
        signature: `0x${'5'.repeat(130)}`,
      }
      const kind = backend === 'llm' ? 'model' : 'storage'
      const resource = {
        resourceId,
        kind,
        label: 'a thing',
        prices: priceLists[backend],
        backend,
        delegation,
      }
      return on.run(publishResource, { resource }, who)
    })
    if (answer.ok && again === undefined)
      this.#resources.push({ resourceId: String(answer['resourceId']), backend })
  }

  /** A quote, signed, and the lease; the node wallet now and then without one. */
  async #lease(): Promise<void> {
    if (this.#resources.length === 0) return this.#publish()
    const [who, { resourceId, backend }] = [this.#who(), this.#dice.one(this.#resources)]
    const wish = { resourceId, ttlMs: this.#dice.one([10_000, 3_600_000, 86_400_000]) }
    const maxCost = String(1 + this.#dice.below(600))
    const quote = await this.#onAll((on) => on.run(quoteResource, { ...wish, maxCost }, who))
    if (!quote.ok || this.#dice.oneIn(5)) return
    const signed =
      who.kind === 'node' && this.#dice.oneIn(2)
        ? {}
        : { quoteId: quote['quoteId'], consentSignature: `0x${'6'.repeat(130)}` }
    const tokenHash = sha256Hex(`token ${this.#count}`)
    const params = { ...wish, ...signed, maxCost, tokenHash, ...this.#key() }
    const answer = await this.#onAll((on) => on.run(issueLease, params, who))
    if (answer.ok) this.#leases.push({ leaseId: String(answer['leaseId']), backend })
  }

  async #open(): Promise<void> {
    if (this.#leases.length === 0) return this.#lease()
    const lease = this.#dice.one(this.#leases)
    const requestId = `request-${this.#dice.oneIn(6) ? this.#dice.below(this.#count) : this.#count}`
    const reserve = String(this.#dice.below(60))
    const answer = await this.#onAll((on) => {
      const callId = on.ids.next('call')
      const params = { callId, leaseId: lease.leaseId, requestId, bodyHash: sha256Hex(requestId), reserve }
      return on.run(openCall, params, node)
    })
    if (answer.ok) this.#calls.push({ callId: String(answer['callId']), lease, requestId })
  }

  #usage({ backend }: Taken) {
    const units = backend === 'llm' ? ['input_token', 'request'] : ['put']
    return units.flatMap((unit) =>
      this.#dice.oneIn(3) ? [] : [{ unit, quantity: String(this.#dice.below(12)) }],
    )
  }

  async #checkpoint(): Promise<void> {
    if (this.#calls.length === 0) return this.#open()
    const { callId, lease } = this.#dice.one(this.#calls)
    const params = { callId, usage: this.#usage(lease) }
    await this.#onAll((on) => on.run(checkpointCall, params, node))
  }

  async #append(): Promise<void> {
    if (this.#leases.length === 0) return this.#lease()
    const call = this.#calls.length > 0 && !this.#dice.oneIn(4) ? this.#dice.one(this.#calls) : undefined
    const lease = call?.lease ?? this.#dice.one(this.#leases)
    const entry = {
      leaseId: lease.leaseId,
      requestId: call?.requestId ?? `request-${this.#count}`,
      usage: this.#usage(lease),
      outcome: this.#dice.one(['done', 'failed', 'unknown']),
      ...(lease.backend === 'disk' ? { storedBytes: String(this.#dice.below(5) * 10 ** 9) } : {}),
    }
    const who = this.#dice.oneIn(8) ? this.#who() : node
    await this.#onAll((on) => on.run(appendUsage, { entry }, who))
  }

  async #end(): Promise<void> {
    if (this.#leases.length === 0) return this.#lease()
    const [who, { leaseId }] = [this.#who(), this.#dice.one(this.#leases)]
    if (this.#dice.oneIn(2)) await this.#onAll((on) => on.run(completeLease, { leaseId }, who))
    else await this.#onAll((on) => on.run(revokeLease, { leaseId, reason: 'enough' }, who))
  }

  async #payOut(): Promise<void> {
    if (this.#payouts.length > 0 && this.#dice.oneIn(2)) {
      const params = {
        payoutId: this.#dice.one(this.#payouts),
        outcome: this.#dice.one(['paid', 'returned']),
      }
      await this.#onAll((on) => on.run(settlePayout, params, operator))
      return
    }
    const who = this.#who()
    const amount = String(1 + this.#dice.below(400))
    const params = { currency: this.#dice.one(['USDC', 'EURC']), amount, ...this.#key() }
    const answer = await this.#onAll((on) => on.run(withdraw, params, who))
    if (answer.ok) this.#payouts.push(String(answer['payoutId']))
  }

  async #pass(): Promise<void> {
    const ms = this.#dice.one([1, 10_000, 120_000, windowMs, 3_600_000])
    await this.#onAll(async (on) => {
      on.clock.now += ms
      return { ok: true, ...(await on.sweep(1_000)) }
    })
  }
}
