/** Valid calls by chance, and each of them broken in every way that it can be broken. */
import { expect } from 'vitest'
import { replayLine, sized } from '../run.ts'
import { forget, type Actor } from './actor.ts'
import type { Descriptor, Json, JsonObject } from './document.ts'
import { headerOf, Unreachable } from './planner.ts'
import { shortened, type Run } from './run.fixture.ts'
import { valuesAt, withValueAt } from './schema-walk.ts'

export interface Fuzzed {
  readonly valid: number
  readonly mutations: number
  readonly sites: number
  /** Constraints that others imply, so that they were broken together with them. */
  readonly implied: number
}

const fills = ['all', 'least', ...Array.from({ length: sized(1, 15) }, () => 'some')] as const
/** Parameters of which every constraint is broken; more are made for those that none of them has. */
const rounds = sized(1, 10)
/** After so many tries nothing breaks a constraint alone. */
const mostTries = 12

/** @param raw the same actor, unwatched: what is refused is judged here */
export async function fuzz(run: Run, actor: Actor, raw: Actor): Promise<Fuzzed> {
  const sum = { valid: 0, mutations: 0, sites: 0, implied: 0 }
  for (const descriptor of run.document.capabilities) {
    if (!descriptor.permissions.doors.includes(actor.door)) continue
    await prepare(run, actor)
    const before = await run.root()
    for (const fill of fills) {
      const params = withKnown(
        run,
        actor,
        descriptor,
        run.generator.params(descriptor, actor.door, fill as 'some'),
      )
      const { ok } = await run.call(actor, descriptor, params)
      sum.valid++
      if (ok) end(run, actor, descriptor, params)
    }
    if (descriptor.idempotency === 'reads-only')
      expect(await run.root(), `${descriptor.name} only reads (${replayLine('descriptor')})`).toBe(before)
    const { mutations, sites, implied } = await breakAll(run, raw, descriptor)
    sum.mutations += mutations
    sum.sites += sites
    sum.implied += implied
  }
  return sum
}

/** So that there are objects of every sort to name. */
async function prepare(run: Run, actor: Actor): Promise<void> {
  const wants = run.document.capabilities.flatMap(({ prerequisites }) => prerequisites)
  for (const { is, kind } of wants) {
    await run.planner.achieve(actor, { is, kind }).catch((error: unknown) => {
      if (!(error instanceof Unreachable)) throw error
    })
  }
}

function end(
  { document }: Run,
  actor: Actor,
  { ends = [], prerequisites }: Descriptor,
  params: JsonObject,
): void {
  const [object] = prerequisites.flatMap(({ param }) => (param === undefined ? [] : valuesAt(params, param)))
  for (const is of ends) forget(actor, is, object as Json | undefined, headerOf(document, is))
}

/** Half of the time an object is one that there is. */
function withKnown(run: Run, actor: Actor, descriptor: Descriptor, params: JsonObject): JsonObject {
  let at: unknown = params
  for (const { is, param } of descriptor.prerequisites) {
    const known = actor.facts.filter((fact) => fact.is === is && fact.object !== undefined)
    if (param === undefined || known.length === 0 || run.dice.oneIn(2)) continue
    const named = withValueAt(at, param.split('/'), run.dice.one(known).object)
    if (run.schemas.params(descriptor, actor.door)(named).length === 0) at = named
  }
  return at as JsonObject
}

/** Every constraint of its parameters at least once. */
async function breakAll(run: Run, raw: Actor, descriptor: Descriptor): Promise<Omit<Fuzzed, 'valid'>> {
  const { door } = raw
  const left = new Set(run.mutator.sites(descriptor, door))
  const sum = { mutations: 0, sites: left.size, implied: 0 }
  const before = await run.root()
  for (let round = 0; round < rounds || (left.size > 0 && round < rounds + 5 * mostTries); round++) {
    const params = run.generator.params(descriptor, door, round % 3 === 2 ? 'some' : 'all')
    const last = round >= rounds + mostTries ? left : undefined
    for (const mutation of run.mutator.mutations(descriptor, door, params, last)) {
      if (round >= rounds && !left.has(mutation.site)) continue
      const answer = await raw.call(
        descriptor.name,
        mutation.params as JsonObject,
        Object.fromEntries(raw.headers),
      )
      const breaches = run.law.breachesOfRefusal(descriptor, door, mutation.pointers, answer).join('; ')
      const about = `${descriptor.name} through ${door}, ${mutation.site}: ${shortened(mutation.params)} → ${shortened(answer)}`
      expect(breaches, `${breaches}: ${about} (${replayLine('descriptor')})`).toBe('')
      sum.mutations++
      if (left.delete(mutation.site) && !mutation.alone) sum.implied++
    }
  }
  expect([...left], `${descriptor.name}: constraints that nothing broke`).toEqual([])
  expect(
    await run.root(),
    `${descriptor.name}: what was refused has changed nothing (${replayLine('descriptor')})`,
  ).toBe(before)
  return sum
}
