/** The parameters of one call: what the prerequisites name, what the sources say, and for the rest the least that is valid. */
import { createHash } from 'node:crypto'
import type { Actor, Fact } from './actor.ts'
import type { Dice } from './dice.ts'
import type { Descriptor, Document, Json, JsonObject, Predicate, Source } from './document.ts'
import type { Generator } from './generator.ts'
import type { Manner } from './planner.ts'
import { repaired } from './repair.ts'
import {
  alternatives,
  fieldsOf,
  requiredOf,
  resolved,
  schemaAt,
  valuesAt,
  withValueAt,
} from './schema-walk.ts'
import { paramsSchema, type Schemas } from './schemas.ts'

export interface Bound {
  readonly predicate: Predicate
  readonly fact: Fact
}

export interface Binding {
  readonly document: Document
  readonly schemas: Schemas
  readonly generator: Generator
  readonly dice: Dice
  readonly actor: Actor
  readonly descriptor: Descriptor
  readonly kind: string | undefined
  readonly manner: Manner
  readonly met: readonly Bound[]
  /** Makes a predicate hold whose call a source speaks of. */
  earlier(is: string): Promise<Fact>
}

export async function bind(binding: Binding): Promise<{ params: JsonObject; secret?: string }> {
  const { document, schemas, generator, dice, actor, descriptor, manner, met } = binding
  const { $defs } = document
  const schema = paramsSchema(descriptor, actor.door)
  const door = descriptor.permissions.doors.includes(actor.door) ? undefined : descriptor.overHttp
  const rules = [resolved(schema, $defs), ...alternatives(schema, 'allOf')]
  const required = rules.flatMap(requiredOf)
  const takes = (name: string): boolean =>
    schemaAt(schema, [name], $defs) !== undefined &&
    rules.every((rule) =>
      fieldsOf(rule).every(([field, of]) => field !== name || (of as unknown) !== false),
    ) &&
    (door === undefined || door.params[name] !== undefined)

  const example = descriptor.examples.valid
  const taken = Object.entries(example).filter(
    ([name]) => takes(name) && (manner === 'example' || required.includes(name)),
  )
  let params: unknown = Object.fromEntries(taken)
  for (const { predicate, fact } of met) {
    const { param, kindParam } = predicate
    if (kindParam !== undefined && fact.kind !== undefined)
      params = withValueAt(params, kindParam.split('/'), fact.kind)
    if (param === undefined || fact.object === undefined || !takes(param.split('/')[0] ?? '')) continue
    params = withValueAt(params, param.split('/'), fact.object)
  }
  const filled = await fromSources(binding, { required, takes })
  params = { ...(params as JsonObject), ...filled.params }
  const validator = schemas.params(descriptor, actor.door)
  const valid = repaired(fitting(params as JsonObject, binding), {
    schema,
    $defs,
    errors: validator,
    generator,
    dice,
  })
  return filled.secret === undefined ? { params: valid } : { params: valid, secret: filled.secret }
}

/** Of a rule that wants one of several fields, the one that the example has where it may be given, else any. */
function fitting(params: JsonObject, { descriptor, document, generator, actor }: Binding): JsonObject {
  const schema = resolved(paramsSchema(descriptor, actor.door), document.$defs)
  const options = alternatives(schema, 'oneOf').map(requiredOf)
  if (options.length === 0 || options.some((names) => names.every((name) => Object.hasOwn(params, name))))
    return params
  const theirs = descriptor.permissions.doors.includes(actor.door) ? undefined : descriptor.overHttp
  const names =
    options.find((each) => each.every((name) => theirs === undefined || theirs.params[name] !== undefined)) ??
    []
  const made = names.map((name) => {
    const field = schemaAt(schema, [name], document.$defs)
    return [name, descriptor.examples.valid[name] ?? generator.value(field ?? {}, 'least')] as const
  })
  return { ...params, ...Object.fromEntries(made) }
}

interface Rules {
  readonly required: readonly string[]
  takes(name: string): boolean
}

/** What must be given, and with it all else that the same earlier call gives. */
async function fromSources({ descriptor, actor, earlier }: Binding, { required, takes }: Rules) {
  const sources = Object.entries(descriptor.sources ?? {}).filter(([name]) => takes(name))
  const needed = sources.filter(([name]) => required.includes(name))
  const calls = new Map<string, Fact>()
  for (const [, { of }] of needed) if (of !== undefined && !calls.has(of)) calls.set(of, await earlier(of))
  const params: Record<string, Json> = {}
  let secret: string | undefined
  for (const [name, source] of sources) {
    if (source.of === undefined && !required.includes(name)) continue
    if (source.own === 'address') params[name] = actor.address
    else if (source.hash === 'sha256') {
      secret = randomText(source.ofSecretBytes ?? 0)
      params[name] = createHash('sha256').update(secret).digest('hex')
    } else {
      const fact = calls.get(source.of ?? '')
      if (fact === undefined) throw new Error(`nobody here knows the source ${JSON.stringify(source)}`)
      const value = valueOf(fact, source)
      params[name] = source.sign === undefined ? value : await walletOf(actor).sign(source.sign, value)
    }
  }
  return { params, ...(secret === undefined ? {} : { secret }) }
}

function valueOf({ made }: Fact, { field, param, of }: Source): Json {
  const [value] = field === undefined ? valuesAt(made?.params, param ?? '') : valuesAt(made?.answer, field)
  if (value === undefined) throw new Error(`the call behind ${of} has no ${field ?? param}`)
  return value as Json
}

function walletOf({ wallet, door }: Actor): NonNullable<Actor['wallet']> {
  if (wallet === undefined) throw new Error(`whoever calls through ${door} has no wallet of its own`)
  return wallet
}

function randomText(bytes: number): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(bytes))).toString('base64url')
}
