/** What a butler reads of one capability: everything it decides by, derived from the capability and this gateway's state. */
import { Type, type Static } from '@sinclair/typebox'
import { toFailure, type ErrorCode } from '@openclaw-market/protocol/errors'
import { codec, invalidArgument } from '@openclaw-market/protocol/schema/codec'
import { closed, literals } from '@openclaw-market/protocol/schema/scalars'
import { doors, groups, type Capability } from './capability.ts'
import { codesOfEveryCall, meaningOfEveryCall } from './every-call.ts'
import { asJsonSchema, type JsonSchema } from './json-schema.ts'
import type { Naming } from './naming.ts'
import { outline } from './outline.ts'
import type { PredicateName } from './predicate.ts'

const Text = Type.String()
const Json = Type.Record(Text, Type.Unknown())

const PredicateView = closed({
  is: Type.String({ description: 'predicates says what it means and who brings it about' }),
  kind: Type.Optional(Text),
  param: Type.Optional(Type.String({ description: 'the parameter that names the object' })),
  field: Type.Optional(Type.String({ description: 'the field of the answer that names it' })),
})

/** By code. */
export const Meanings = Type.Record(Text, Text)

export const Descriptor = closed({
  name: Text,
  group: literals(groups),
  summary: Text,
  whenToUse: Text,
  whenNotToUse: Text,
  stability: literals(['stable', 'experimental']),
  availability: closed({ available: Type.Boolean(), reason: Type.Optional(Text) }),
  paramsSchema: Json,
  returns: closed({
    fields: Type.String({
      description: 'by name: ? may be absent, [] a list, { } what it has, + all of that shape',
    }),
    schema: Type.Optional(
      Type.Record(Text, Type.Unknown(), { description: 'when one capability is described' }),
    ),
    meaning: Text,
  }),
  errors: Type.Record(Text, Text, { description: 'what its own codes mean; those of everyCall come on top' }),
  degradation: Text,
  permissions: closed({
    scope: literals(['read', 'write', 'admin']),
    actor: Text,
    doors: Type.Array(literals(doors)),
    budgetCap: Type.Optional(Text),
    approval: Type.Optional(
      Type.Literal('owner', {
        description: 'as a tool only when the owner sent the message; absent: not needed',
      }),
    ),
  }),
  risk: closed({
    level: literals(['none', 'low', 'medium', 'high']),
    discloses: Type.Optional(Type.String({ description: 'absent: nothing new to anyone' })),
    reversible: Type.Boolean(),
  }),
  pricing: closed({
    charge: literals(['none', 'lease', 'lock']),
    units: Type.Optional(Type.Array(Text)),
    upperBound: Type.Optional(Text),
    prepaidLock: Type.Optional(Type.Boolean()),
  }),
  prerequisites: Type.Array(PredicateView),
  effects: Type.Array(PredicateView),
  next: Type.Array(closed({ name: Text, when: Text })),
  idempotency: Text,
  examples: closed({
    valid: Json,
    invalid: closed({ params: Json, error: Text, message: Text, rule: Text }),
  }),
  since: Text,
})
export type Descriptor = Static<typeof Descriptor>

export interface DescribeContext {
  readonly naming: Naming
  /** Capabilities that bring a predicate about. */
  obtainedBy(is: PredicateName): readonly string[]
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
    stability: 'stable' as const,
    availability: { available: reason === undefined, ...(reason === undefined ? {} : { reason }) },
    paramsSchema: schemas.params,
    returns: {
      fields: outline(asJsonSchema(contract.result)).text,
      ...(schemas.result === undefined ? {} : { schema: schemas.result }),
      meaning: facts.returns,
    },
    errors: Object.fromEntries(
      ownCodes(capability).map((code) => [code, facts.errors[code] ?? meaningOfEveryCall(code) ?? code]),
    ),
    degradation: facts.degradation,
    permissions: {
      scope: contract.scope,
      actor: facts.actor,
      doors: [...facts.doors],
      ...(charge === 'none' ? {} : { budgetCap: 'never more than the maxCost of the lease' }),
      ...(contract.effect === 'read' || !facts.doors.includes('tool') ? {} : { approval: 'owner' as const }),
    },
    risk: facts.risk,
    pricing: {
      charge,
      ...(units.length === 0 ? {} : { units: [...units] }),
      ...(upperBound === undefined ? {} : { upperBound }),
      ...(charge === 'lock' ? { prepaidLock: true } : {}),
    },
    prerequisites: [...facts.prerequisites],
    effects: [...facts.effects],
    next: facts.next.map(({ name, when }) => ({ name: naming.shown(name), when })),
    idempotency: facts.idempotency,
    examples: {
      valid: facts.examples.valid,
      invalid: { params: facts.examples.invalid, ...exactError(capability) },
    },
    since: facts.since,
  })
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
