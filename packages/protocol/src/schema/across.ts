/**
 * Two rules across the items of a list that JSON Schema has no word for. They stand in the schema under names of ours, so that
 * whoever reads the schema knows them, and the codec holds them.
 */
import { Kind, type TSchema } from '@sinclair/typebox'
import type { SchemaProblem } from './codec.ts'

export interface AcrossItems {
  /** No two items have the same value of this field. */
  readonly 'x-uniqueBy'?: string
  /** All items have the same value of this field. */
  readonly 'x-sameBy'?: string
}

/** Of a value that matches the rest of its schema. */
export type AcrossCheck = (json: unknown, pointer: string) => SchemaProblem | undefined

/** Undefined when the schema has no such rule anywhere: then nobody need look. */
export function acrossCheck(schema: TSchema): AcrossCheck | undefined {
  if (schema[Kind] === 'Object') {
    const fields = Object.entries(schema['properties'] as Record<string, TSchema>).flatMap(
      ([name, field]) => {
        const check = acrossCheck(field)
        return check === undefined ? [] : [{ name, check }]
      },
    )
    if (fields.length === 0) return undefined
    return (json, pointer) => {
      const object = json as Readonly<Record<string, unknown>>
      return firstOf(fields, ({ name, check }) =>
        object[name] === undefined ? undefined : check(object[name], `${pointer}/${name}`),
      )
    }
  }
  if (schema[Kind] !== 'Array') return undefined
  const { 'x-uniqueBy': unique, 'x-sameBy': same } = schema as AcrossItems
  const within = acrossCheck(schema['items'] as TSchema)
  if (unique === undefined && same === undefined && within === undefined) return undefined
  return (json, pointer) => {
    const items = json as readonly Readonly<Record<string, unknown>>[]
    return firstOf([...items.entries()], ([i, item]) => {
      const again = items.findIndex((other) => unique !== undefined && other[unique] === item[unique])
      if (unique !== undefined && again < i)
        return problem(`${pointer}/${i}/${unique}`, 'uniqueItems', 'stands twice')
      if (same !== undefined && item[same] !== items[0]?.[same])
        return problem(`${pointer}/${i}/${same}`, 'sameItems', 'is not that of the first item')
      return within?.(item, `${pointer}/${i}`)
    })
  }
}

function problem(pointer: string, rule: string, message: string): SchemaProblem {
  return { pointer, rule, message }
}

function firstOf<T>(
  items: readonly T[],
  check: (item: T) => SchemaProblem | undefined,
): SchemaProblem | undefined {
  for (const item of items) {
    const found = check(item)
    if (found !== undefined) return found
  }
  return undefined
}
