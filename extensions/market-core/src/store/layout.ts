/**
 * What a backend keeps of a collection beside each record's JSON, derived from the declaration (DESIGN §6): the value
 * of each field that a query or a visibility rule names, and the values of each tag field. Both backends keep the same
 * rows, so that they can only agree.
 */
import { Kind, type Static, type TObject, type TSchema } from '@sinclair/typebox'
import type { Collection } from '@openclaw-market/protocol/collection'
import { MarketError } from '@openclaw-market/protocol/errors'
import { codec } from '@openclaw-market/protocol/schema/codec'

/** A field's value as a backend compares it: times and booleans are integers; absent is null and equals nothing. */
export type ColumnValue = string | number | null

export interface Column {
  readonly field: string
  readonly type: 'TEXT' | 'INTEGER'
  readonly unique: boolean
  /**
   * How little a value of it is expected to leave, for choosing which of several conditions to search by: 0 one record
   * (unique), 1 a few, 2 all of an actor's, 3 a good part of the collection (a status, a kind, a flag).
   */
  readonly rank: 0 | 1 | 2 | 3
}

export interface Layout {
  readonly name: string
  readonly collection: Collection
  readonly columns: readonly Column[]
  readonly tags: readonly string[]
}

/** A record as it is kept. `columns` and `tags` run beside those of the layout; `body` is the JSON of the encoded entity. */
export interface Row {
  readonly key: string
  readonly rev: number
  readonly columns: readonly ColumnValue[]
  readonly tags: readonly (readonly string[])[]
  readonly body: string
}

const reserved: ReadonlySet<string> = new Set(['key', 'rev', 'sum', 'body', 'rowid'])

export function layoutOf(collection: Collection): Layout {
  const { name, schema, visibility, indexes, unique, tags } = collection
  const open = visibility.public === undefined ? [] : [visibility.public.field]
  const fields = new Set([...indexes, ...unique, ...visibility.parties, ...open])
  const columns = [...fields].map((field): Column => {
    const property = propertyOf(collection, field)
    if (reserved.has(field.toLowerCase()))
      throw misdeclared(`${name}.${field} has a name that backends use themselves`)
    const isUnique = unique.includes(field)
    const rank = isUnique
      ? 0
      : isCoarse(property) || collection.coarse.includes(field)
        ? 3
        : visibility.parties.includes(field)
          ? 2
          : 1
    return { field, type: columnType(property), unique: isUnique, rank }
  })
  for (const tag of tags) {
    if (propertyOf(collection, tag)[Kind] !== 'Array') throw misdeclared(`${name}.${tag} is no array`)
  }
  if (columnType(propertyOf(collection, collection.key)) !== 'TEXT')
    throw misdeclared(`${name}'s key is no string`)
  if (schema.properties['rev']?.[Kind] !== 'Integer') throw misdeclared(`${name} has no integer rev`)
  return { name, collection, columns, tags }
}

/** @throws MarketError E_INTERNAL when two collections share a name or a declaration cannot be laid out. */
export function layoutsOf(collections: readonly Collection[]): ReadonlyMap<string, Layout> {
  const layouts = new Map<string, Layout>()
  for (const each of collections) {
    if (!/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/.test(each.name))
      throw misdeclared(`"${each.name}" is not snake_case`)
    if (layouts.has(each.name)) throw misdeclared(`two collections are named "${each.name}"`)
    layouts.set(each.name, layoutOf(each))
  }
  return layouts
}

/**
 * @throws MarketError E_INVALID_ARGUMENT for a key that cannot be one: cursors and the order of keys, which must be the
 * same in every backend, rest on keys being printable ASCII.
 */
export function rowOf<S extends TObject>(
  layout: Layout,
  of: Collection<S>,
  entity: Static<S>,
  rev: number,
): Row {
  const key = fieldOf(entity, of.key)
  if (!isKey(key)) {
    throw new MarketError('E_INVALID_ARGUMENT', `/${of.key}: is not 1 to 512 printable ASCII characters`, {
      details: { pointer: `/${of.key}`, rule: 'key' },
      hint: `Give ${of.key} a value of 1 to 512 printable ASCII characters without spaces.`,
    })
  }
  const stored = fieldOf(entity, 'rev') === rev ? entity : { ...entity, rev }
  return indexed(layout, entity, key, rev, JSON.stringify(codec(of.schema).encode(stored)))
}

/** The row of a body that was kept before, given as JSON value. */
export function rowOfBody(layout: Layout, body: unknown): Row {
  const { collection } = layout
  const entity = codec(collection.schema).revive(body)
  return indexed(
    layout,
    entity,
    String(fieldOf(entity, collection.key)),
    Number(fieldOf(entity, 'rev')),
    JSON.stringify(body),
  )
}

function indexed(layout: Layout, entity: object, key: string, rev: number, body: string): Row {
  const columns = layout.columns.map((column) => columnValue(column, fieldOf(entity, column.field)))
  const tags = layout.tags.map((tag) => tagValues(tag, fieldOf(entity, tag)))
  return { key, rev, columns, tags, body }
}

export function entityOf<S extends TObject>(of: Collection<S>, body: string): Static<S> {
  return codec(of.schema).revive(JSON.parse(body))
}

export function fieldOf(entity: object, field: string): unknown {
  return (entity as Readonly<Record<string, unknown>>)[field]
}

/** @throws MarketError E_INVALID_ARGUMENT for a value that the column's type does not hold exactly. */
export function columnValue(column: Column, value: unknown): ColumnValue {
  if (value === undefined || value === null) return null
  if (column.type === 'TEXT') {
    // Half a surrogate pair has no UTF-8 form: a database would keep, and find, another text.
    if (typeof value === 'string' && value.isWellFormed()) return value
  } else {
    if (typeof value === 'boolean') return value ? 1 : 0
    if (Number.isSafeInteger(value)) return value as number
  }
  throw unfit(column)
}

function unfit(column: Column): MarketError {
  return new MarketError('E_INVALID_ARGUMENT', `/${column.field}: cannot be indexed`, {
    details: {
      pointer: `/${column.field}`,
      rule: column.type === 'TEXT' ? 'well-formed text' : 'safe integer',
    },
    hint: `Correct /${column.field}: an indexed field holds well-formed text, a safe integer or a boolean.`,
  })
}

/** Each value once, however often the entity names it. */
function tagValues(tag: string, value: unknown): readonly string[] {
  if (value === undefined) return []
  const column: Column = { field: tag, type: 'TEXT', unique: false, rank: 1 }
  if (!Array.isArray(value)) throw unfit(column)
  const values = value.map((each: unknown) => {
    const text = columnValue(column, each)
    if (typeof text !== 'string') throw unfit(column)
    return text
  })
  return values.length > 1 ? [...new Set(values)] : values
}

function isKey(value: unknown): value is string {
  return typeof value === 'string' && value.length <= 512 && /^[\x21-\x7e]+$/.test(value)
}

function propertyOf(collection: Collection, field: string): TSchema {
  const property = collection.schema.properties[field]
  if (property === undefined) throw misdeclared(`${collection.name} has no field "${field}"`)
  return property
}

function columnType(property: TSchema): Column['type'] {
  switch (property[Kind]) {
    case 'String':
      // An exact amount does not fit a 64-bit column.
      if (property['format'] === 'base-units' || property['format'] === 'running-total') break
      return property['format'] === 'date-time' ? 'INTEGER' : 'TEXT'
    case 'Integer':
    case 'Boolean':
      return 'INTEGER'
    case 'Literal':
      if (typeof property['const'] === 'string') return 'TEXT'
      break
    case 'Union':
      if ((property['anyOf'] as readonly TSchema[]).every((each) => columnType(each) === 'TEXT'))
        return 'TEXT'
      break
    default:
  }
  throw misdeclared('only strings, integers, booleans and times can be indexed')
}

function isCoarse(property: TSchema): boolean {
  return property[Kind] === 'Union' || property[Kind] === 'Literal' || property[Kind] === 'Boolean'
}

function misdeclared(what: string): MarketError {
  return new MarketError('E_INTERNAL', `a collection is declared wrongly: ${what}`, {
    hint: 'Correct the declaration of the collection in packages/protocol.',
  })
}
