/**
 * The SQL of a collection's tables. Records: key, revision, a column for each indexed field, a checksum and the JSON
 * body. Each index ends in the key, so that equality on a field comes out in the order of keys. A tag field has a side
 * table of (value, key).
 */
import type { Layout } from '../layout.ts'

export const quoted = (name: string): string => `"${name}"`
export const sideTable = (layout: Layout, tag: string): string => quoted(`${layout.name}__${tag}`)

export function createTables(layout: Layout): readonly string[] {
  const table = quoted(layout.name)
  const columns = layout.columns.map(({ field, type }) => `${quoted(field)} ${type}, `).join('')
  return [
    `CREATE TABLE ${table} (key TEXT NOT NULL PRIMARY KEY, rev INTEGER NOT NULL, ${columns}sum INTEGER NOT NULL, body TEXT NOT NULL) STRICT`,
    ...layout.columns.map(({ field, unique }) =>
      unique
        ? `CREATE UNIQUE INDEX ${quoted(`${layout.name}__by_${field}`)} ON ${table} (${quoted(field)})`
        : `CREATE INDEX ${quoted(`${layout.name}__by_${field}`)} ON ${table} (${quoted(field)}, key)`,
    ),
    ...layout.tags.flatMap((tag) => [
      `CREATE TABLE ${sideTable(layout, tag)} (value TEXT NOT NULL, key TEXT NOT NULL, PRIMARY KEY (value, key)) STRICT, WITHOUT ROWID`,
      // To take a changed record's old tags out; an appended record never changes.
      ...(layout.collection.keeping === 'append'
        ? []
        : [`CREATE INDEX ${quoted(`${layout.name}__${tag}__by_key`)} ON ${sideTable(layout, tag)} (key)`]),
    ]),
  ]
}

/** Equal texts for equal tables; kept in the file so that a changed declaration is noticed. */
export function tablesText(layout: Layout): string {
  return createTables(layout).join(';\n')
}
