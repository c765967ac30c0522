/** A run of the programs over one world: what they are given, and a look at everything that is answered. */
import { expect } from 'vitest'
import { rootOf } from '../../extensions/web3-core/src/plugin/world.fixture.ts'
import { diceOf, replayLine, seedOfRun, type Dice } from '../run.ts'
import type { Actor } from './actor.ts'
import { descriptorOf, type Answer, type Descriptor, type Document, type JsonObject } from './document.ts'
import { generatorOf, type Generator } from './generator.ts'
import { lawOf, type Law } from './law.ts'
import { mutatorOf, type Mutator } from './mutator.ts'
import { plannerOf, type Planner } from './planner.ts'
import { schemasOf, type Schemas } from './schemas.ts'
import type { GateWorld } from './world.fixture.ts'

export interface Run {
  readonly document: Document
  readonly schemas: Schemas
  readonly dice: Dice
  readonly generator: Generator
  readonly mutator: Mutator
  readonly law: Law
  readonly planner: Planner
  /** Calls as one of `actors`; every answer has to keep what the document promises. */
  call(actor: Actor, descriptor: Descriptor, params: JsonObject): Promise<Answer>
  root(): Promise<string>
  /** Those who act, watched. */
  readonly actors: readonly Actor[]
  readonly counted: { calls: number }
}

/** @param actors who may act; their calls are watched, too, when the planner makes them */
export function startRun(gate: GateWorld, document: Document, actors: readonly Actor[], salt = 0): Run {
  const schemas = schemasOf(document)
  const dice = diceOf(seedOfRun() + salt)
  const generator = generatorOf(document, schemas, dice)
  const law = lawOf(document, schemas)
  const counted = { calls: 0 }
  const watched = async (
    actor: Actor,
    of: Descriptor,
    params: JsonObject,
    headers: Readonly<Record<string, string>>,
  ) => {
    const answer = await actor.call(of.name, params, headers)
    counted.calls++
    const breaches = law.breaches(of, actor.door, params, answer).join('; ')
    const about = `${of.name} through ${actor.door} ${shortened(params)} → ${shortened(answer)}`
    expect(breaches, `${breaches}: ${about} (${replayLine('descriptor')})`).toBe('')
    return answer
  }
  const watching = actors.map((actor): Actor => ({
    ...actor,
    call: (name, params, headers) => watched(actor, descriptorOf(document, name), params, headers),
  }))
  return {
    document,
    schemas,
    dice,
    generator,
    mutator: mutatorOf(document, schemas, generator),
    law,
    planner: plannerOf({ document, schemas, generator, dice, actors: watching }),
    call: (actor, { name }, params) => actor.call(name, params, Object.fromEntries(actor.headers)),
    root: () => rootOf(gate.world),
    actors: watching,
    counted,
  }
}

export function shortened(value: unknown): string {
  const text = JSON.stringify(value)
  return text.length > 700 ? `${text.slice(0, 700)}…` : text
}
