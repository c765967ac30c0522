/**
 * The document as its reader knows it: from its JSON alone. Nothing here or in the programs beside it is imported from the
 * market, so what they cannot find in the document they do not know.
 */
import { createHash } from 'node:crypto'

export type Json = null | boolean | number | string | readonly Json[] | JsonObject
export interface JsonObject {
  readonly [key: string]: Json
}
/** A JSON Schema 2020-12. */
export type Schema = { readonly [keyword: string]: unknown }

export interface Predicate {
  readonly is: string
  readonly kind?: string
  readonly param?: string
  readonly kindParam?: string
}

export interface Effect extends Predicate {
  readonly field?: string
  readonly kindOf?: string
  readonly header?: string
  readonly forOthers?: true
}

export interface Found {
  readonly is: string
  readonly field: string
  readonly kindField?: string
  readonly notOwn?: string
}

export interface Source {
  readonly of?: string
  readonly field?: string
  readonly param?: string
  readonly sign?: string
  readonly own?: string
  readonly hash?: string
  readonly ofSecretBytes?: number
}

export interface Descriptor {
  readonly name: string
  readonly group: string
  readonly summary: string
  readonly whenToUse: string
  readonly whenNotToUse: string
  readonly availability?: { readonly available: false; readonly reason: string }
  readonly paramsSchema: Schema
  readonly byDoor?: Readonly<Record<string, Schema>>
  readonly sources?: Readonly<Record<string, Source>>
  readonly returns: { readonly fields: string; readonly schema?: Schema; readonly meaning: string }
  readonly errors: Readonly<Record<string, string>>
  readonly withoutMarket?: 'answers' | 'own' | 'seen'
  readonly permissions: {
    readonly scope: string
    readonly actor: string
    readonly doors: readonly string[]
    readonly approval?: string
  }
  readonly risk: { readonly level: string; readonly discloses?: string; readonly reversible: boolean }
  readonly pricing: {
    readonly charge: string
    readonly units?: readonly string[]
    readonly upperBound?: string
  }
  readonly prerequisites: readonly Predicate[]
  readonly effects: readonly Effect[]
  readonly finds?: readonly Found[]
  readonly ends?: readonly string[]
  readonly next: readonly { readonly name: string; readonly when: string }[]
  readonly idempotency: string
  readonly examples: {
    readonly valid: JsonObject
    readonly invalid: {
      readonly params: JsonObject
      readonly error: string
      readonly message: string
      readonly rule: string
    }
  }
  readonly overHttp?: {
    readonly method: string
    readonly path: string
    readonly bearer: string
    readonly params: Readonly<Record<string, string>>
  }
}

export interface Document {
  readonly version: string
  readonly hash: string
  readonly tokens: number
  readonly $defs: Readonly<Record<string, Schema>>
  readonly shapes: Readonly<Record<string, string>>
  readonly predicates: Readonly<
    Record<
      string,
      { readonly means: string; readonly obtainedBy: readonly string[]; readonly foundBy?: readonly string[] }
    >
  >
  readonly retry: Readonly<Record<string, readonly string[]>>
  readonly everyCall: Readonly<Record<'anyDoor' | 'api', Readonly<Record<string, string>>>>
  readonly capabilities: readonly Descriptor[]
}

/** What every call is answered with. */
export interface Answer {
  readonly ok: boolean
  readonly error?: string
  readonly message?: string
  readonly hint?: string
  readonly details?: JsonObject
  readonly [field: string]: Json | undefined
}

export function descriptorOf(document: Document, name: string): Descriptor {
  const found = document.capabilities.find((each) => each.name === name)
  if (found === undefined) throw new Error(`the document has no ${name}`)
  return found
}

/** Codes that a call through this door may end in. */
export function codesOf({ everyCall }: Document, { errors }: Descriptor, door: string): ReadonlySet<string> {
  return new Set(
    [errors, everyCall.anyDoor, ...(door === 'api' ? [everyCall.api] : [])].flatMap((each) =>
      Object.keys(each),
    ),
  )
}

/** What follows `tokens`, hashed and measured as the document says that it is. */
export function measure(text: string): { readonly hash: string; readonly tokens: number } {
  const {
    ok: _ok,
    version: _version,
    hash: _hash,
    tokens: _tokens,
    ...content
  } = JSON.parse(text) as JsonObject
  const hash = createHash('sha256').update(canonical(content)).digest('hex')
  return { hash, tokens: Math.ceil(JSON.stringify(content).length / 4) }
}

/** RFC 8785, for JSON whose numbers are whole. */
function canonical(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  const fields = Object.entries(value as JsonObject).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${fields.map(([key, each]) => `${JSON.stringify(key)}:${canonical(each)}`).join(',')}}`
}
