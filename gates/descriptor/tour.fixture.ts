/** Every capability, through one door, with all that its descriptor says it needs: then it succeeds. */
import { expect } from 'vitest'
import type { Actor } from './actor.ts'
import { descriptorOf, type Descriptor } from './document.ts'
import { Refused, Unreachable, type Manner, type Performed } from './planner.ts'
import { shortened, type Run } from './run.fixture.ts'

/** Kinds of things that the document speaks of; undefined where it makes no difference. */
function kindsIn({ document }: Run): readonly (string | undefined)[] {
  const kinds = document.capabilities.flatMap(({ prerequisites }) => prerequisites.map(({ kind }) => kind))
  return [...new Set(kinds)].filter((kind) => kind !== undefined)
}

/** What nobody can bring about by a call: it is given, or it is not. */
function isGiven({ document }: Run, { want }: Unreachable): boolean {
  return document.predicates[want.is]?.obtainedBy.length === 0
}

/** @returns undefined when the operator has not given this actor what it takes */
async function reached(
  run: Run,
  actor: Actor,
  descriptor: Descriptor,
  manner: Manner,
): Promise<Performed | undefined> {
  let last: unknown
  for (const kind of kindsIn(run)) {
    try {
      return await run.planner.perform(actor, descriptor, kind, manner)
    } catch (error) {
      if (error instanceof Unreachable && isGiven(run, error)) return undefined
      // An example is of one kind of resource; it has to do for that one.
      if (!(error instanceof Refused) || error.answer.error !== 'E_INVALID_ARGUMENT') throw error
      last = error
    }
  }
  throw last
}

/** What a second, equal call comes to. */
async function repeated(run: Run, actor: Actor, { descriptor, params, answer }: Performed): Promise<void> {
  const before = await run.root()
  // What only reads may still be for operators.
  const { scope } = descriptor.permissions
  if (scope !== 'admin')
    expect(scope === 'read', descriptor.name).toBe(descriptor.idempotency === 'reads-only')
  const again = await run.call(actor, descriptor, params)
  const about = `${descriptor.name} again ${shortened(params)} → ${shortened(again)}`
  if (descriptor.idempotency === 'acts-again') return
  expect(await run.root(), about).toBe(before)
  if (descriptor.idempotency === 'refused') expect(again.ok, about).toBe(false)
  else if (descriptor.idempotency === 'by-key') expect(again, about).toEqual(answer)
  else expect([descriptor.idempotency, again.ok], about).toEqual(['reads-only', true])
}

export interface Tour {
  readonly reached: number
  /** Not, because an operator has not given this actor what it takes. */
  readonly given: number
  readonly next: number
}

export async function tour(run: Run, actor: Actor): Promise<Tour> {
  const { door } = actor
  const possible = ({ permissions, overHttp }: Descriptor): boolean =>
    permissions.doors.includes(door) || (actor.request !== undefined && overHttp !== undefined)
  for (const is of Object.keys(run.document.predicates)) await reachable(run, actor, is)
  const tally = { reached: 0, given: 0, next: 0 }
  for (const descriptor of run.document.capabilities.filter(possible)) {
    const done = await reached(run, actor, descriptor, 'example')
    if (done === undefined) {
      tally.given++
      continue
    }
    tally.reached++
    if (descriptor.permissions.doors.includes(door)) await repeated(run, actor, done)
    for (const next of descriptor.next.map(({ name }) => descriptorOf(run.document, name)).filter(possible)) {
      if ((await reached(run, actor, next, 'least')) !== undefined) tally.next++
    }
  }
  return tally
}

/** Every state that the document speaks of can be brought about, unless it is given or for wallets that come from outside. */
async function reachable(run: Run, actor: Actor, is: string): Promise<void> {
  const { obtainedBy, foundBy = [] } = run.document.predicates[is] ?? { obtainedBy: [] }
  const here = [...obtainedBy, ...foundBy].map((name) => descriptorOf(run.document, name))
  if (!here.some(({ permissions }) => permissions.doors.includes(actor.door))) return
  await run.planner.achieve(actor, { is }).catch((error: unknown) => {
    if (!(error instanceof Unreachable && isGiven(run, error))) throw error
  })
}
