/** One history of a simulated market: from its seed, a number of steps, and then all the time that it needs to settle. */
import { verifyRecords } from '../../extensions/market-core/src/market/verify/verify-records.ts'
import { diceOf } from '../run.ts'
import { live } from './actor.ts'
import type { Arrows } from './arrows.ts'
import { borrowerActs, consumerActs } from './consumers.ts'
import { misplaced, unsettled } from './law-money.ts'
import { lend } from './lenders.ts'
import { grant, helpMost, operatorActs } from './operators.ts'
import { ownerActs } from './owner.ts'
import { providerActs, publish } from './providers.ts'
import { quiet } from './scheduler.ts'
import { spenderActs } from './spenders.ts'
import type { State } from './state.ts'
import { strangerActs } from './strangers.ts'
import { clockActs, sweepActs } from './time.ts'
import { MemoryRead } from './transaction.ts'
import { describe, World } from './world.ts'

export interface Told {
  readonly steps: number
  readonly arrows: Arrows
  /** Operations by their end. */
  readonly ends: ReadonlyMap<string, number>
  readonly deaths: number
  /** What must not be; with what went before it. */
  readonly findings: readonly string[]
  readonly trace: readonly string[]
}

/** @param steps at most; a history that goes wrong ends there */
export async function history(seed: number, steps: number): Promise<Told> {
  const world = new World(diceOf(seed))
  const check = checker(world)
  const trace: string[] = []
  const step = async (): Promise<void> => {
    // A process that hangs is killed; so is one that nobody waits for but to come up.
    if (world.scheduler.size === 0 || world.dice.oneIn(world.store.broken ? 8 : 300)) {
      trace.push('the process dies')
      await world.kill()
    } else trace.push(await world.scheduler.step())
    await check()
  }
  begin(world)
  await quiet()
  while (trace.length < steps && world.findings.length === 0) await step()
  if (world.findings.length === 0) await settle(world, trace, check)
  const { arrows, ends, life: deaths, findings } = world
  return { steps: trace.length, arrows, ends, deaths, findings, trace }
}

function begin(world: World): void {
  const { node, providers, consumers, borrower, stranger } = world
  const outside = (task: Promise<void>): void => {
    task.catch((error: unknown) => world.wrong(`an actor failed: ${describe(error)}`))
  }
  for (let i = 0; i < 8; i++) outside(later(world, grant))
  for (const each of [node, ...providers]) {
    outside(later(world, publish(each)))
    outside(later(world, lend(each)))
    outside(live(world, each.name, providerActs(each)))
  }
  for (const each of [...consumers, ...consumers, node]) {
    outside(live(world, each.name, consumerActs(each)))
  }
  outside(live(world, 'whoever spends', spenderActs))
  outside(live(world, 'the owner', ownerActs))
  for (let i = 0; i < 4; i++) outside(live(world, borrower.name, borrowerActs(borrower)))
  outside(live(world, stranger.name, strangerActs))
  outside(live(world, 'the operator', operatorActs))
  outside(live(world, 'the sweep', sweepActs))
  outside(live(world, 'the clock', clockActs))
}

async function later(world: World, act: (world: World) => Promise<void>): Promise<void> {
  await world.up()
  await world.scheduler.turn('the beginning', false)
  await act(world)
}

/** Every invariant, whenever anything durable has changed: of the same records it would say the same. */
function checker(world: World): () => Promise<void> {
  let checked: State | undefined
  return async () => {
    const { state, books } = world
    if (state === checked) return
    checked = state
    const { findings } = await verifyRecords(new MemoryRead(state, { as: 'market' }))
    for (const { rule, object, message } of findings) {
      // Where a clock was set back, what came before says a later time than what came after.
      if (world.clock.unreliable && rule.endsWith('.times')) continue
      world.wrong(`${rule} does not hold of ${object}: ${message}`)
    }
    for (const lost of books.contradictions(state)) world.wrong(lost)
    for (const purse of misplaced(state)) world.wrong(purse)
  }
}

const aWeek = 604_800_000
const aDay = 86_400_000
const anHour = 3_600_000

/** Nobody acts and nothing fails any more; time passes until all that was begun has ended. */
async function settle(world: World, trace: string[], check: () => Promise<void>): Promise<void> {
  const { scheduler } = world
  world.faulty = false
  scheduler.hush()
  const rest = async (): Promise<void> => {
    await quiet()
    while (scheduler.size > 0 && world.findings.length === 0) {
      trace.push(await scheduler.step())
      await check()
    }
  }
  if (world.store.broken) await world.kill()
  await rest()
  // What is owed when the last window is over may be owed for a day.
  const spans = [aWeek, anHour, anHour, aDay, anHour, anHour, anHour]
  for (const [i, ms] of spans.entries()) {
    world.pass(ms)
    const { market } = world
    if (market === undefined) return world.wrong('the market does not start')
    world.begin(async () => {
      if (i === 2 || i === 3) await helpMost(world)
      const { errors } = await market.sweep(1_000)
      if (errors > 0) world.wrong(`${errors} errors in a sweep`)
    })
    await rest()
    if (world.findings.length > 0) return
  }
  for (const wrong of unsettled(world.state)) world.wrong(wrong)
}
