/** What a butler reads of one capability: everything it decides by, derived from the capability and this gateway's state. */
import { Type, type Static } from '@sinclair/typebox'
import { toFailure, type ErrorCode } from '@openclaw-market/protocol/errors'
import { codec, invalidArgument } from '@openclaw-market/protocol/schema/codec'
import { closed, literals } from '@openclaw-market/protocol/schema/scalars'
import { doors, groups, repeats, type Capability } from './capability.ts'
import { codesOfEveryCall, meaningOfEveryCall } from './every-call.ts'
import { asJsonSchema, type JsonSchema } from './json-schema.ts'
import type { Naming } from './naming.ts'
import { outline } from './outline.ts'
import type { PredicateName } from './predicate.ts'

const Text = Type.String()
const Json = Type.Record(Text, Type.Unknown())

const said = (description: string) => Type.Optional(Type.String({ description }))

const predicate = {
  is: Type.String({ description: 'predicates says what it means and who brings it about' }),
  kind: Type.Optional(Text),
  param: said('the parameter that names the object'),
  kindParam: said('the parameter that says its kind'),
}
const PredicateView = closed(predicate)
const EffectView = closed({
  ...predicate,
  field: said('the field of the answer that names the object'),
  kindOf: said('it is of the kind of the object of this prerequisite'),
  header: said('to be sent with later calls, * being the field'),
  forOthers: Type.Optional(Type.Literal(true, { description: 'for everybody but the caller' })),
})
const FoundView = closed({
  is: Text,
  field: said('names the objects; * is each item'),
  kindField: said('says the kind of each'),
  notOwn: said('says whose each is; your own do not count'),
})
const SourceView = closed({
  of: said('from the call that brought this predicate about:'),
  field: said('that field of its answer'),
  param: said('that parameter of it'),
  sign: said("signed as it stands by the caller's wallet, by this method"),
  own: said("the caller's wallet's"),
  hash: said('in lower-case hex, of a secret that you make and keep'),
  ofSecretBytes: Type.Optional(
    Type.Integer({ description: 'so many random bytes; what is hashed is their base64url text' }),
  ),
})

/** By code. */
export const Meanings = Type.Record(Text, Text)

export const Descriptor = closed({
  name: Text,
  group: literals(groups),
  summary: Text,
  whenToUse: Text,
  whenNotToUse: Text,
  availability: Type.Optional(
    closed({ available: Type.Literal(false), reason: Text }, { description: 'absent: it can be used now' }),
  ),
  paramsSchema: Json,
  byDoor: Type.Optional(
    Type.Record(Text, Type.Unknown(), { description: 'a schema that holds as well through that door' }),
  ),
  sources: Type.Optional(
    Type.Record(Text, SourceView, { description: 'where the value of a parameter comes from' }),
  ),
  returns: closed({
    fields: Type.String({
      description: 'by name: ? may be absent, [] a list, { } what it has, + all of that shape',
    }),
    schema: Type.Optional(
      Type.Record(Text, Type.Unknown(), { description: 'of one capability, or when it was asked for' }),
    ),
    meaning: Text,
  }),
  errors: Type.Record(Text, Text, { description: 'what its own codes mean; those of everyCall come on top' }),
  withoutMarket: Type.Optional(
    literals(
      ['answers', 'own', 'seen'],
      "while the market is not running; own: the owner's own backend does for the owner, if there is one; seen: what other markets offered when last heard, but not through api; else and absent: E_UNAVAILABLE",
    ),
  ),
  permissions: closed({
    scope: literals(['read', 'write', 'admin']),
    actor: Text,
    doors: Type.Array(literals(doors)),
    approval: Type.Optional(
      literals(
        ['owner', 'allowance'],
        'as a tool only when the owner sent the message; allowance: or a sender who has one; absent: not needed',
      ),
    ),
  }),
  risk: closed({
    level: literals(['none', 'low', 'medium', 'high']),
    discloses: Type.Optional(Type.String({ description: 'absent: nothing new to anyone' })),
    reversible: Type.Boolean(),
  }),
  pricing: closed({
    charge: literals(
      ['none', 'lease', 'lock'],
      'lease: to the lease, within its lock; lock: money is locked by the call itself',
    ),
    units: Type.Optional(Type.Array(Text)),
    upperBound: Type.Optional(Text),
  }),
  prerequisites: Type.Array(PredicateView),
  effects: Type.Array(EffectView),
  finds: Type.Optional(Type.Array(FoundView, { description: 'what its answer names' })),
  ends: Type.Optional(
    Type.Array(Text, { description: 'prerequisites that do not hold any more afterwards' }),
  ),
  next: Type.Array(closed({ name: Text, when: Text })),
  idempotency: literals(repeats, 'what a second, equal call comes to'),
  examples: closed({
    valid: Json,
    invalid: closed({ params: Json, error: Text, message: Text, rule: Text }),
  }),
  overHttp: Type.Optional(
    closed(
      {
        method: literals(['GET', 'POST']),
        path: Text,
        bearer: Type.String({ description: 'with the secret of this prerequisite in authorization: Bearer' }),
        params: Type.Record(Text, Text, { description: 'their names there; others cannot be given' }),
      },
      { description: 'how whoever made the secret of a lease itself does the same' },
    ),
  ),
})
export type Descriptor = Static<typeof Descriptor>

export interface DescribeContext {
  readonly naming: Naming
  /** Capabilities that bring a predicate about. */
  obtainedBy(is: PredicateName): readonly string[]
  /** Capabilities whose answer names objects of which it holds. */
  foundBy(is: PredicateName): readonly string[]
  /** Why the capability cannot be used now; undefined when it can. */
  unavailable(capability: Capability): string | undefined
}

export interface Schemas {
  readonly params: JsonSchema
  readonly result?: JsonSchema
}

/** @param schemas as the document that it stands in shares them */
export function describe(capability: Capability, schemas: Schemas, context: DescribeContext): Descriptor {
  const { contract, facts } = capability
  const { naming, unavailable } = context
  const { charge, units, upperBound } = facts.pricing
  const reason = unavailable(capability)
  return naming.resolve({
    name: naming.shown(contract.name),
    group: facts.group,
    summary: contract.summary,
    whenToUse: facts.whenToUse,
    whenNotToUse: facts.whenNotToUse,
    ...(reason === undefined ? {} : { availability: { available: false as const, reason } }),
    paramsSchema: schemas.params,
    ...(facts.byDoor === undefined ? {} : { byDoor: facts.byDoor }),
    ...(facts.sources === undefined ? {} : { sources: facts.sources }),
    returns: {
      fields: outline(asJsonSchema(contract.result)).text,
      ...(schemas.result === undefined ? {} : { schema: schemas.result }),
      meaning: facts.returns,
    },
    errors: Object.fromEntries(
      ownCodes(capability).map((code) => [code, facts.errors[code] ?? meaningOfEveryCall(code) ?? code]),
    ),
    ...withoutMarket(facts),
    permissions: {
      scope: contract.scope,
      actor: facts.actor,
      doors: [...facts.doors],
      ...(contract.effect === 'read' || !facts.doors.includes('tool')
        ? {}
        : { approval: facts.byAllowance === true ? ('allowance' as const) : ('owner' as const) }),
    },
    risk: facts.risk,
    pricing: {
      charge,
      ...(units.length === 0 ? {} : { units: [...units] }),
      ...(upperBound === undefined ? {} : { upperBound }),
    },
    prerequisites: [...facts.prerequisites],
    effects: [...facts.effects],
    ...(facts.finds === undefined ? {} : { finds: [...facts.finds] }),
    ...(facts.ends === undefined ? {} : { ends: [...facts.ends] }),
    next: facts.next.map(({ name, when }) => ({ name: naming.shown(name), when })),
    idempotency: facts.idempotency,
    examples: {
      valid: facts.examples.valid,
      invalid: { params: facts.examples.invalid, ...exactError(capability) },
    },
    ...(facts.overHttp === undefined ? {} : { overHttp: facts.overHttp }),
  })
}

function withoutMarket({
  offline,
  fallback,
  fromSeen,
}: Capability['facts']): Pick<Descriptor, 'withoutMarket'> {
  if (offline === true) return { withoutMarket: 'answers' }
  if (fromSeen === true) return { withoutMarket: 'seen' }
  return fallback === undefined ? {} : { withoutMarket: 'own' }
}

/** What it declares, and those of every call that mean something of their own here. */
function ownCodes({ contract, facts }: Capability): readonly ErrorCode[] {
  const worded = Object.keys(facts.errors) as ErrorCode[]
  return [...new Set([...contract.errors, ...worded])]
}

/** Every code that can come out, each once. */
export function codesOf(capability: Capability): readonly ErrorCode[] {
  return [...new Set([...ownCodes(capability), ...codesOfEveryCall(capability.facts.doors)])]
}

/** What the invalid example is answered with, from the same schema that answers it. */
function exactError({ contract, facts }: Capability) {
  const problem = codec(contract.params).problem(facts.examples.invalid)
  if (problem === undefined) throw new Error(`the invalid example of ${contract.name} is valid`)
  const { error, message } = toFailure(invalidArgument(problem))
  return { error, message, rule: problem.rule }
}
