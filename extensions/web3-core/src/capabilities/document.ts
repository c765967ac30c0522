/** One document of descriptors: all, a group, or one. What its parts have in common stands in it once. */
import { Type, type Static } from '@sinclair/typebox'
import { canonicalHash } from '@openclaw-market/protocol/canonical'
import { errorCodes, type ErrorCode, type RetryClass } from '@openclaw-market/protocol/errors'
import { closed } from '@openclaw-market/protocol/schema/scalars'
import type { Capability } from './capability.ts'
import { codesOf, describe, Descriptor, Meanings, type DescribeContext } from './descriptor.ts'
import { everyCall } from './every-call.ts'
import { asJsonSchema, without } from './json-schema.ts'
import { outline } from './outline.ts'
import { predicates, type PredicateName } from './predicate.ts'
import { shareSchemas, type Shared } from './shared-schemas.ts'

export const documentVersion = '1'

const codes = (description: string) => Type.Array(Type.String(), { description })

export const CapabilityDocument = closed({
  version: Type.String(),
  hash: Type.String({ description: 'SHA-256 of the canonical JSON of what follows tokens' }),
  tokens: Type.Integer({ description: 'about how many tokens it takes to read' }),
  $defs: Type.Record(Type.String(), Type.Unknown(), {
    description:
      'what the schemas refer to by #/$defs/…; put beside one of them it makes a whole JSON Schema 2020-12',
  }),
  shapes: Type.Record(Type.String(), Type.String(), {
    description: 'fields that several answers have: +name',
  }),
  predicates: Type.Record(
    Type.String(),
    closed({
      means: Type.String(),
      obtainedBy: Type.Array(Type.String({ description: 'capabilities' })),
      foundBy: Type.Optional(
        Type.Array(Type.String({ description: 'capabilities whose answer names some' })),
      ),
    }),
    { description: 'what prerequisites and effects mean' },
  ),
  retry: closed(
    {
      never: codes('change the plan'),
      'same-request': codes('nothing happened: send it again'),
      'after-fix': codes('nothing happened: mend what the message names, then send it'),
      'unknown-outcome': codes('it may have happened: repeat only with the same idempotencyKey'),
    },
    { description: 'what to do after each code' },
  ),
  everyCall: closed({ anyDoor: Meanings, api: Meanings }, { description: 'errors that any call may end in' }),
  capabilities: Type.Array(Descriptor),
})
export type CapabilityDocument = Static<typeof CapabilityDocument>

/** `schema`: whole, which of several capabilities is more than a model is shown of one tool result. */
export const answerForms = ['outline', 'schema'] as const
export type AnswerForm = (typeof answerForms)[number]

/** Schemas do not change while we run; availability does. By the form of the answers and the names of what is in the document. */
export type SharedSchemas = Map<string, Shared>

export function capabilityDocument(
  capabilities: readonly Capability[],
  answers: AnswerForm,
  context: DescribeContext,
  known: SharedSchemas,
): CapabilityDocument {
  const { $defs, schemas } = shared(capabilities, answers, known)
  const described = capabilities.map((capability, i) => {
    const params = schemas[i] ?? {}
    const result = schemas[capabilities.length + i]
    return describe(capability, { params, ...(result === undefined ? {} : { result }) }, context)
  })
  const content = {
    $defs: { ...$defs },
    shapes: shapes(capabilities),
    predicates: meanings(capabilities, context),
    retry: retries(capabilities),
    everyCall,
    capabilities: described,
  }
  return {
    version: documentVersion,
    hash: canonicalHash(content),
    // About four bytes a token.
    tokens: Math.ceil(JSON.stringify(content).length / 4),
    ...content,
  }
}

/**
 * The schemas of all parameters and, when they are asked for, of all answers: open, because a later version may add a field
 * to an answer.
 */
function shared(capabilities: readonly Capability[], answers: AnswerForm, known: SharedSchemas): Shared {
  const key = [answers, ...capabilities.map(({ contract }) => contract.name)].join(' ')
  const results =
    answers === 'schema'
      ? capabilities.map(({ contract }) => without(asJsonSchema(contract.result), 'additionalProperties'))
      : []
  const params = capabilities.map(({ contract }) => asJsonSchema(contract.params))
  const found = known.get(key) ?? shareSchemas([...params, ...results])
  known.set(key, found)
  return found
}

function shapes(capabilities: readonly Capability[]): Record<string, string> {
  return Object.fromEntries(
    capabilities.flatMap(({ contract }) => [...outline(asJsonSchema(contract.result)).bases]),
  )
}

function meanings(capabilities: readonly Capability[], { naming, obtainedBy, foundBy }: DescribeContext) {
  const used = new Set<PredicateName>(
    capabilities.flatMap(({ facts }) => [
      ...[...facts.prerequisites, ...facts.effects, ...(facts.finds ?? [])].map(({ is }) => is),
      ...Object.values(facts.sources ?? {}).flatMap((source) => ('of' in source ? [source.of] : [])),
    ]),
  )
  const meaning = (is: PredicateName) => {
    const found = [...foundBy(is)]
    return {
      means: naming.resolve(predicates[is]),
      obtainedBy: [...obtainedBy(is)],
      ...(found.length === 0 ? {} : { foundBy: found }),
    }
  }
  return Object.fromEntries([...used].map((is) => [is, meaning(is)]))
}

function retries(capabilities: readonly Capability[]): Record<RetryClass, ErrorCode[]> {
  const here = [...new Set(capabilities.flatMap(codesOf))]
  const after = (retry: RetryClass) => here.filter((code) => errorCodes[code].retry === retry)
  return {
    never: after('never'),
    'same-request': after('same-request'),
    'after-fix': after('after-fix'),
    'unknown-outcome': after('unknown-outcome'),
  }
}
