/**
 * The fields of a schema by name, in one line: `leases[] { +lease, market }, nextCursor?`. For documents of several
 * capabilities, where the schemas of all answers together are more than a model is shown of one tool result.
 */
import type { JsonSchema } from './json-schema.ts'
import { extensionOf } from './known-schemas.ts'

export interface Outline {
  readonly text: string
  /** The bases that it names, `+lease`, with their own fields. */
  readonly bases: ReadonlyMap<string, string>
}

const known = new WeakMap<JsonSchema, Outline>()

export function outline(schema: JsonSchema): Outline {
  const made = known.get(schema) ?? outlined(schema)
  known.set(schema, made)
  return made
}

function outlined(schema: JsonSchema): Outline {
  const bases = new Map<string, string>()
  const fieldsOf = (each: JsonSchema): string => {
    const extension = extensionOf(each)
    const required = (each['required'] ?? []) as readonly string[]
    const own = extension?.fields ?? propertiesOf(each)
    if (extension !== undefined) bases.set(extension.name, plainFields(extension.base))
    const texts = Object.entries(own).map(
      ([name, field]) => `${name}${required.includes(name) ? '' : '?'}${within(field)}`,
    )
    return [...(extension === undefined ? [] : [`+${extension.name}`]), ...texts].join(', ')
  }
  const within = (field: JsonSchema): string => {
    if (field['type'] === 'array') return `[]${within((field['items'] ?? {}) as JsonSchema)}`
    return field['properties'] === undefined ? '' : ` { ${fieldsOf(field)} }`
  }
  const plainFields = (base: JsonSchema): string => {
    const required = (base['required'] ?? []) as readonly string[]
    return Object.entries(propertiesOf(base))
      .map(([name, field]) => `${name}${required.includes(name) ? '' : '?'}${within(field)}`)
      .join(', ')
  }
  return { text: fieldsOf(schema), bases }
}

function propertiesOf(schema: JsonSchema): Readonly<Record<string, JsonSchema>> {
  return (schema['properties'] ?? {}) as Readonly<Record<string, JsonSchema>>
}
