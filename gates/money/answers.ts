/**
 * Idempotency (DESIGN §5): the same request again gives the same answer and moves nothing; the same key with another request
 * is refused; a refused request leaves its key free; a key is forgotten when its time is over. Operations run over a real
 * store; what they should do is kept on plain numbers.
 */
import fc from 'fast-check'
import { expect } from 'vitest'
import { Deposits, Transfers } from '@openclaw-market/protocol/entities/money'
import { codec } from '@openclaw-market/protocol/schema/codec'
import { ActorId } from '@openclaw-market/protocol/schema/scalars'
import { accountBalance } from '../../extensions/market-core/src/market/accounts/balance.ts'
import { deposit } from '../../extensions/market-core/src/market/accounts/deposit.ts'
import { withdraw } from '../../extensions/market-core/src/market/accounts/withdraw.ts'
import type { MarketStore } from '../../extensions/market-core/src/store/store.ts'
import { stateRoot } from '../../extensions/market-core/src/store/state-root.ts'
import { answerTtlMs, bareMarket, operator, type BareMarket } from './bare-market.ts'
import { search, type OnEachStore } from './search.ts'

const actors = ['1', '2'].map((digit) => codec(ActorId).decode(`0x${digit.repeat(40)}`))
const keys = ['key-number-1', 'key-number-2', 'key-number-3']

const request = fc.record({
  do: fc.constantFrom('deposit', 'withdraw'),
  actor: fc.nat({ max: actors.length - 1 }),
  amount: fc.constantFrom(5n, 7n, 40n),
  /** Absent: a request of its own, whatever was asked before. */
  key: fc.option(fc.constantFrom(...keys), { nil: undefined }),
  /** Sent by two doors at once. */
  twice: fc.boolean(),
})
type Request = typeof request extends fc.Arbitrary<infer T> ? T : never
const step = fc.oneof(
  { weight: 12, arbitrary: request },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('pass'), ms: fc.constantFrom(1, answerTtlMs) }) },
)

export interface AnswerFigures {
  requests: number
  repeated: number
  refused: number
}

export async function searchAnswers(
  onEachStore: OnEachStore,
  runs: number,
  figures: AnswerFigures,
): Promise<void> {
  await search(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40, size: 'max' }), async (history) => {
      await onEachStore(async (store) => {
        const asked = new Asked(bareMarket(store), store, figures)
        for (const each of history) {
          if (each.do === 'pass') await asked.pass(each.ms)
          else await asked.ask(each)
        }
        await asked.agree()
      })
    }),
    runs,
  )
}

interface Answered {
  readonly request: string
  readonly answer: unknown
  readonly until: number
}

class Asked {
  readonly #market: BareMarket
  readonly #store: MarketStore
  readonly #figures: AnswerFigures
  readonly #answered = new Map<string, Answered>()
  readonly #available = actors.map(() => 0n)

  constructor(market: BareMarket, store: MarketStore, figures: AnswerFigures) {
    this.#market = market
    this.#store = store
    this.#figures = figures
  }

  async ask(request: Request): Promise<void> {
    const before = await this.#moved()
    const answers = await Promise.all(Array.from({ length: request.twice ? 2 : 1 }, () => this.#run(request)))
    const expected = answers.map(() => this.#expect(request))
    const root = await stateRoot(this.#store)
    for (const [i, answer] of answers.entries()) {
      this.#figures.requests++
      const should = expected[i]
      if (should?.is === 'refused') expect(answer).toMatchObject({ ok: false, error: should.code })
      else if (should?.is === 'same') expect(answer).toEqual(should.answer ?? answers[0])
      else {
        expect(answer).toMatchObject({ ok: true })
        this.#remember(request, answer)
      }
      if (should?.is === 'same') this.#figures.repeated++
      if (should?.is === 'refused') this.#figures.refused++
    }
    const made = expected.filter((each) => each.is === 'new').length
    expect(await this.#moved()).toBe(before + made)
    if (made > 0 || request.key === undefined) return
    // Once more: not only no money, nothing at all is changed by it.
    await this.#run(request)
    expect(await stateRoot(this.#store)).toBe(root)
  }

  async pass(ms: number): Promise<void> {
    this.#market.clock.now += ms
    await this.#market.sweep(1_000)
  }

  async agree(): Promise<void> {
    for (const [i, actorId] of actors.entries()) {
      const who = { kind: 'wallet', actorId } as const
      const balance = await this.#market.run(accountBalance, { currency: 'USDC' }, who)
      expect(balance).toMatchObject({ available: this.#available[i]?.toString() })
    }
  }

  #run({ do: verb, actor, amount, key }: Request) {
    const to = actors[actor]
    if (to === undefined) throw new RangeError('no such actor')
    const named = key === undefined ? {} : { idempotencyKey: key }
    const params = { currency: 'USDC', amount: amount.toString(), ...named }
    return verb === 'deposit'
      ? this.#market.run(deposit, { ...params, to, reason: 'a test' }, operator)
      : this.#market.run(withdraw, params, { kind: 'wallet', actorId: to })
  }

  /** What it must come to, once what came before it is done. */
  #expect(
    request: Request,
  ): { is: 'new' } | { is: 'same'; answer: unknown } | { is: 'refused'; code: string } {
    const { do: verb, actor, amount } = request
    const known = this.#known(request)
    if (known !== undefined && known.request === textOf(request)) return { is: 'same', answer: known.answer }
    if (known !== undefined) return { is: 'refused', code: 'E_CONFLICT' }
    const after = (this.#available[actor] ?? 0n) + (verb === 'deposit' ? amount : -amount)
    if (after < 0n) return { is: 'refused', code: 'E_INSUFFICIENT_FUNDS' }
    this.#available[actor] = after
    this.#remember(request, undefined)
    return { is: 'new' }
  }

  #known(request: Request): Answered | undefined {
    const known = this.#answered.get(placeOf(request))
    return known !== undefined && known.until > this.#market.clock.now ? known : undefined
  }

  #remember(request: Request, answer: unknown): void {
    if (request.key === undefined) return
    const until = this.#market.clock.now + answerTtlMs
    this.#answered.set(placeOf(request), { request: textOf(request), answer, until })
  }

  #moved(): Promise<number> {
    return this.#store.read({ as: 'market' }, async (tx) => {
      const { items } = await tx.list(Transfers, { limit: 10_000 })
      const deposits = await tx.list(Deposits, { limit: 10_000 })
      expect(items.filter(({ reason }) => reason === 'deposit').length).toBe(deposits.items.length)
      return items.length
    })
  }
}

/** A key is an actor's own, for one operation. Every deposit is the operator's. */
function placeOf({ do: verb, actor, key }: Request): string {
  return `${verb === 'deposit' ? 'operator' : actor}/${verb}/${key}`
}

function textOf({ do: verb, actor, amount }: Request): string {
  return `${verb} ${actor} ${amount}`
}
