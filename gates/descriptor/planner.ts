/**
 * Reaches a state of the world by calls, from nothing but the document: what holds is remembered as facts, what is wanted is
 * found or brought about by whatever the document says finds it or brings it about, dearest last. It knows predicates,
 * sources and schemas, and no capability or field by name.
 */
import { forget, isThis, type Actor, type Fact, type Made } from './actor.ts'
import { bind, type Bound } from './bind.ts'
import {
  descriptorOf,
  type Answer,
  type Descriptor,
  type Document,
  type Json,
  type JsonObject,
} from './document.ts'
import type { Generator } from './generator.ts'
import { valuesAt } from './schema-walk.ts'
import type { Schemas } from './schemas.ts'
import type { Dice } from './dice.ts'

export interface Want {
  readonly is: string
  readonly kind?: string | undefined
}

/** Which parameters a call is given beyond those that it needs: none, or those of its valid example. */
export type Manner = 'least' | 'example'

export interface Performed extends Made {
  readonly descriptor: Descriptor
  readonly name: string
}

/** Nothing in the document leads there. */
export class Unreachable extends Error {
  readonly want: Want
  constructor(want: Want) {
    super(`nothing leads to ${want.is}${want.kind === undefined ? '' : ` of kind ${want.kind}`}`)
    this.want = want
  }
}

/** A call that should have succeeded, since all that it needs holds. */
export class Refused extends Error {
  readonly answer: Answer
  constructor(name: string, params: JsonObject, answer: Answer) {
    super(
      `${name} ${JSON.stringify(params).slice(0, 600)} was refused: ${JSON.stringify(answer).slice(0, 600)}`,
    )
    this.answer = answer
  }
}

export interface Planner {
  /** Makes it hold for this actor. @returns the fact. @throws Unreachable, Refused */
  achieve(actor: Actor, want: Want): Promise<Fact>
  /** Calls a capability with all that it needs. @throws Unreachable, Refused */
  perform(actor: Actor, descriptor: Descriptor, kind: string | undefined, manner?: Manner): Promise<Performed>
}

export interface PlannerOptions {
  readonly document: Document
  readonly schemas: Schemas
  readonly generator: Generator
  readonly dice: Dice
  /** Everybody who may act; each plans for itself, and for others only what helps others. */
  readonly actors: readonly Actor[]
}

const deepest = 8

export function plannerOf(options: PlannerOptions): Planner {
  const { document, actors } = options

  const achieve = async (actor: Actor, want: Want, depth: number): Promise<Fact> => {
    const known = actor.facts.find((fact) => isThis(fact, want))
    if (known !== undefined) return known
    if (depth > deepest) throw new Unreachable(want)
    const holds = (): Fact | undefined => actor.facts.find((fact) => isThis(fact, want))
    let cause = new Unreachable(want)
    for (const { maker, whose } of ways(want)) {
      const kind = whose === 'found' ? undefined : want.kind
      for (const who of whose === 'others' ? actors.filter((each) => each !== actor) : [actor]) {
        if (!callable(who, maker)) continue
        const blocked = await tried(() => perform(who, maker, kind, 'least', depth + 1))
        const fact = holds()
        if (fact !== undefined) return fact
        cause = blocked ?? cause
      }
    }
    throw cause
  }

  const perform = async (
    actor: Actor,
    descriptor: Descriptor,
    kind: string | undefined,
    manner: Manner,
    depth: number,
  ): Promise<Performed> => {
    const met: Bound[] = []
    for (const predicate of descriptor.prerequisites) {
      const wanted = predicate.kind ?? (concernsKind(descriptor, predicate.is) ? kind : undefined)
      met.push({ predicate, fact: await achieve(actor, { is: predicate.is, kind: wanted }, depth) })
    }
    const earlier = (is: string): Promise<Fact> => achieve(actor, { is, kind }, depth)
    const { params, secret } = await bind({ ...options, actor, descriptor, kind, manner, met, earlier })
    const through = descriptor.permissions.doors.includes(actor.door)
    const answer = through
      ? await actor.call(descriptor.name, params, Object.fromEntries(actor.headers))
      : await direct(actor, descriptor, params, met)
    if (!answer.ok) throw new Refused(descriptor.name, params, answer)
    const made: Made = { params, answer, ...(secret === undefined ? {} : { secret }) }
    remember(actor, descriptor, met, made, kind)
    return { descriptor, name: descriptor.name, ...made }
  }

  /** What holds afterwards: first what ends, then what begins. */
  const remember = (
    actor: Actor,
    descriptor: Descriptor,
    met: readonly Bound[],
    made: Made,
    kind: string | undefined,
  ): void => {
    const [main] = met.filter(({ predicate }) => predicate.param !== undefined)
    for (const is of descriptor.ends ?? []) {
      const bound = met.find(({ predicate }) => predicate.is === is) ?? main
      for (const each of actors)
        if (each === actor || bound !== undefined)
          forget(each, is, bound?.fact.object, headerOf(document, is))
    }
    for (const effect of descriptor.effects) {
      const bound = met.find(({ predicate }) => predicate.param === effect.param)?.fact.object
      const [object = bound] =
        effect.field === undefined
          ? valuesAt(made.params, effect.param ?? '')
          : valuesAt(made.answer, effect.field)
      if (effect.field !== undefined && valuesAt(made.answer, effect.field).length === 0)
        throw new Error(`${descriptor.name} answers without ${effect.field}`)
      const [stated] = effect.kindParam === undefined ? [] : valuesAt(made.params, effect.kindParam)
      const like = met.find(({ predicate }) => predicate.is === effect.kindOf)?.fact.kind
      const its =
        effect.kind ??
        (typeof stated === 'string' ? stated : (like ?? (effect.kindOf === undefined ? undefined : kind)))
      const fact: Fact = { is: effect.is, made, ...given(its, object as Json | undefined) }
      // One header shows one of them.
      if (effect.header !== undefined) forget(actor, effect.is, undefined)
      for (const each of actors) if ((each === actor) !== (effect.forOthers === true)) each.facts.push(fact)
      if (effect.header !== undefined) {
        const [name = '', value = ''] = effect.header.split(': ')
        actor.headers.set(name, value.replace('*', String(object)))
      }
    }
    for (const { is, field, kindField, notOwn } of descriptor.finds ?? []) {
      const kinds = kindField === undefined ? [] : valuesAt(made.answer, kindField)
      const owners = notOwn === undefined ? [] : valuesAt(made.answer, notOwn)
      for (const [i, object] of valuesAt(made.answer, field).entries()) {
        const fact: Fact = { is, made, ...given(kinds[i] as string | undefined, object as Json) }
        const known = actor.facts.some((each) => each.is === is && each.object === fact.object)
        if (!known && owners[i] !== actor.address) actor.facts.push(fact)
      }
    }
  }

  /** Looking is tried before doing. */
  const ways = ({ is, kind }: Want) => {
    const named = (names: readonly string[] = []) => byCost(names.map((name) => descriptorOf(document, name)))
    const { obtainedBy, foundBy } = document.predicates[is] ?? {}
    const makers = named(obtainedBy).flatMap((maker) =>
      maker.effects
        .filter(
          (effect) => effect.is === is && isThis({ is, ...given(effect.kind, undefined) }, { is, kind }),
        )
        .map(({ forOthers }) => ({
          maker,
          whose: forOthers === true ? ('others' as const) : ('own' as const),
        })),
    )
    return [...named(foundBy).map((maker) => ({ maker, whose: 'found' as const })), ...makers]
  }

  return {
    achieve: (actor, want) => achieve(actor, want, 0),
    perform: (actor, descriptor, kind, manner = 'least') => perform(actor, descriptor, kind, manner, 0),
  }
}

/** What later calls show of a predicate. */
export function headerOf({ capabilities }: Document, is: string): string | undefined {
  return capabilities
    .flatMap(({ effects }) => effects)
    .find((each) => each.is === is && each.header !== undefined)?.header
}

/** Whether it can be called now by this actor, here or straight at whoever serves the lease. */
function callable(actor: Actor, { availability, permissions, overHttp }: Descriptor): boolean {
  return (
    availability === undefined &&
    (permissions.doors.includes(actor.door) || (overHttp !== undefined && actor.request !== undefined))
  )
}

/** The kind that is wanted of the whole is wanted of what gives it its kind. */
function concernsKind({ prerequisites, effects }: Descriptor, is: string): boolean {
  const own = prerequisites.find((predicate) => predicate.is === is)
  return (
    own?.kindParam !== undefined ||
    (own?.param !== undefined && effects.every(({ kindOf }) => kindOf === undefined || kindOf === is))
  )
}

async function direct(
  actor: Actor,
  { name, overHttp }: Descriptor,
  params: JsonObject,
  met: readonly Bound[],
): Promise<Answer> {
  const secret = met.find(({ predicate }) => predicate.is === overHttp?.bearer)?.fact.made?.secret
  if (overHttp === undefined || actor.request === undefined || secret === undefined)
    throw new Error(`there is no way to ${name} through ${actor.door}`)
  const theirs = Object.entries(params).map(
    ([ours, value]) => [overHttp.params[ours] ?? ours, value] as const,
  )
  return actor.request(overHttp.method, overHttp.path, Object.fromEntries(theirs), secret)
}

/** Less risk first, then what can be undone, what tells nobody anything, and what costs nothing. */
function byCost(of: readonly Descriptor[]): readonly Descriptor[] {
  const costOf = ({ risk, pricing }: Descriptor): number =>
    100 * ['none', 'low', 'medium', 'high'].indexOf(risk.level) +
    (risk.reversible ? 0 : 50) +
    (risk.discloses === undefined ? 0 : 10) +
    (pricing.charge === 'none' ? 0 : 5)
  return [...of].sort((a, b) => costOf(a) - costOf(b))
}

/** A way that leads nowhere is no failure while there is another. @returns why it leads nowhere */
async function tried(way: () => Promise<unknown>): Promise<Unreachable | undefined> {
  try {
    await way()
    return undefined
  } catch (error) {
    if (error instanceof Unreachable) return error
    throw error
  }
}

function given(kind: string | undefined, object: Json | undefined): { kind?: string; object?: Json } {
  return { ...(kind === undefined ? {} : { kind }), ...(object === undefined ? {} : { object }) }
}
