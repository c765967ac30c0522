/**
 * A simulated market and the world around it. The market's process is the product's own wiring over a store in memory; it
 * can die at any moment, and starts again from what is durable. Whoever asked it something then never learns the answer.
 */
import type { TObject } from '@sinclair/typebox'
import type { Envelope } from '@openclaw-market/protocol/errors'
import { idSource, type IdSource } from '@openclaw-market/protocol/ids'
import type {
  BackendFacts,
  MarketRules,
  Operation,
  QueryOperation,
} from '@openclaw-market/protocol/operation'
import type { Principal } from '@openclaw-market/protocol/principal'
import type { ActorId } from '@openclaw-market/protocol/schema/scalars'
import { executor } from '../../extensions/market-core/src/market/execute.ts'
import {
  assembleMarket,
  type WorkingMarket,
} from '../../extensions/market-core/src/plugin/assemble-market.ts'
import type { Dice } from '../run.ts'
import { noArrows, walk } from './arrows.ts'
import { Books } from './books.ts'
import { brokenBy } from './law-changes.ts'
import { unconsented } from './law-consents.ts'
import type { Traffic } from './law-gate.ts'
import type { LineTraffic } from './line-traffic.ts'
import { miscounted } from './law-storage.ts'
import { MadeToFail, MemoryStore } from './memory-store.ts'
import { quiet, Scheduler } from './scheduler.ts'
import type { State } from './state.ts'
import { nodeWallet, proverOf, wallet, type Signature, type Wallet } from './wallets.ts'
import { watched } from './watch.ts'

export const chainId = 31_337
export const windowMs = 600_000
export const answerTtlMs = 3_600_000
const startsAt = Date.parse('2026-03-01T12:00:00.000Z')

const kinds = { llm: 'model', web: 'search', disk: 'storage' } as const

export class World {
  readonly dice: Dice
  readonly scheduler: Scheduler
  readonly store: MemoryStore
  readonly clock: { now: number; forward: number; readonly unreliable: boolean }
  readonly books = new Books()
  readonly arrows = noArrows()
  /** How often each operation has come to each end. */
  readonly ends = new Map<string, number>()
  readonly findings: string[] = []
  readonly node = nodeWallet()
  readonly providers = [wallet('ada'), wallet('bo')]
  readonly consumers = [wallet('cy'), wallet('dee'), wallet('eve')]
  /** Leases on credit whatever it has, and that is mostly nothing. */
  readonly borrower = wallet('fay')
  readonly stranger = wallet('mallory')
  /** What honest wallets have signed. */
  readonly signed = new Map<Signature, Readonly<Record<string, unknown>>>()
  /** Leases that were billed past the gate: what it has promised from memory need not hold there. */
  readonly bypassed = new Set<string>()
  /** What is under way at the gate, by lease and life of the process. */
  readonly traffic = new Map<string, Traffic>()
  /** The same by credit line. */
  readonly lineTraffic = new Map<string, LineTraffic>()
  readonly rules: MarketRules
  /** Undefined while the process is down or recovers. */
  market: WorkingMarket | undefined
  ids: IdSource
  /** Counts the lives of the process. */
  life = 0
  faulty = true
  #asking = new Set<() => void>()
  #waiting: (() => void)[] = []

  constructor(dice: Dice) {
    this.dice = dice
    this.clock = { now: startsAt, forward: 0, unreliable: dice.oneIn(4) }
    this.scheduler = new Scheduler(dice)
    this.store = new MemoryStore({
      scheduler: this.scheduler,
      dice,
      failing: () => this.faulty,
      wrote: (before, after) => this.#wrote(before, after),
    })
    const publishers = this.providers.map((each) => each.actorId)
    const backends = Object.entries(kinds).map(([name, kind]): BackendFacts => ({ name, kind, publishers }))
    this.rules = {
      market: this.node.actorId,
      chainId,
      currencies: new Map([
        ['USDC', { symbol: 'USDC', decimals: 6 }],
        ['EURC', { symbol: 'EURC', decimals: 2 }],
      ]),
      backends: new Map(backends.map((facts) => [facts.name, facts])),
      disputeWindowMs: windowMs,
      quoteTtlMs: 300_000,
      answerTtlMs,
    }
    this.ids = this.#newIds()
    this.start()
  }

  get state(): State {
    return this.store.state
  }

  get everyone(): readonly Wallet[] {
    return [this.node, ...this.providers, ...this.consumers, this.borrower, this.stranger]
  }

  operator(onBehalfOf?: ActorId): Principal {
    const actorId = this.node.actorId
    return onBehalfOf === undefined
      ? { kind: 'operator', actorId }
      : { kind: 'operator', actorId, onBehalfOf: { actorId: onBehalfOf, reason: 'asked to' } }
  }

  wrong(message: string): void {
    this.findings.push(message)
  }

  /** A task of this life of the process. It ends with the process, wherever it is. */
  begin(task: () => Promise<void>): void {
    task().catch((error: unknown) => {
      if (!madeToFail(error)) this.wrong(`a task failed: ${describe(error)}`)
    })
  }

  /** Undefined when nobody will ever answer: it may have happened or not. */
  async ask<P extends TObject, R extends TObject, S, F>(
    op: Operation<P, R, S, F> | QueryOperation<P, R>,
    json: unknown,
    who: Principal,
  ): Promise<Envelope | undefined> {
    const { market } = this
    if (market === undefined) return undefined
    const answer = await new Promise<Envelope | undefined>((resolve, reject) => {
      const lost = (): void => resolve(undefined)
      this.#asking.add(lost)
      market
        .run(op, json, who)
        .finally(() => this.#asking.delete(lost))
        .then(resolve, reject)
    })
    if (answer?.ok === false && answer.error === 'E_INTERNAL') this.wrong(`${op.name}: ${answer.message}`)
    return answer
  }

  start(): void {
    this.begin(async () => {
      const starting = assembleMarket(
        {
          store: this.store,
          rules: () => this.rules,
          now: () => this.clock.now,
          ids: this.ids,
          prover: proverOf(
            this.node,
            () => this.scheduler.turn('a signature', true),
            () => `tok_${this.dice.below(2 ** 30)}`,
          ),
          report: (what, error) => {
            if (!madeToFail(error)) this.wrong(`${what} was reported: ${describe(error)}`)
          },
        },
        (env) =>
          watched(executor(env), {
            serving: () => this.market !== undefined,
            wrong: (message) => this.wrong(message),
            ended: (operation, how) => count(this.ends, `${operation} ${how}`),
          }),
      )
      await this.scheduler.turn('a start', true)
      await starting.recover()
      this.market = starting
      for (const go of this.#waiting.splice(0)) go()
    })
  }

  /** Resolves when the process serves. */
  up(): Promise<void> {
    return this.market === undefined ? new Promise((go) => this.#waiting.push(go)) : Promise.resolve()
  }

  /** The process dies. Nothing of it stays but the store. */
  async kill(): Promise<void> {
    this.life += 1
    this.market = undefined
    this.scheduler.die()
    this.store.reopen()
    this.ids = this.#newIds()
    const asking = this.#asking
    this.#asking = new Set()
    for (const lost of asking) lost()
    await quiet()
    this.start()
  }

  pass(ms: number): void {
    this.clock.now += ms
    this.clock.forward += Math.max(0, ms)
  }

  #newIds(): IdSource {
    return idSource(
      () => this.clock.now,
      (bytes) => {
        for (let i = 0; i < bytes.length; i++) bytes[i] = this.dice.below(256)
      },
    )
  }

  #wrote(before: State, after: State): void {
    const { now } = this.clock
    for (const broken of walk(this.arrows, before, after)) this.wrong(broken)
    for (const broken of brokenBy({ before, after, now, windowMs })) this.wrong(broken)
    for (const broken of miscounted(before, after, now)) this.wrong(broken)
    for (const broken of unconsented(before, after, this.signed, this.node.actorId, now)) this.wrong(broken)
  }
}

export function count(counts: Map<string, number>, name: string, times = 1): void {
  counts.set(name, (counts.get(name) ?? 0) + times)
}

function madeToFail(error: unknown): boolean {
  return error instanceof MadeToFail || (error instanceof Error && madeToFail(error.cause))
}

export function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
