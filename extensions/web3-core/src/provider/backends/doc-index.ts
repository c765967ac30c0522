/** The full-text index: SQLite FTS5 in memory. Words are stemmed (English) and accents do not matter. */
import Database from 'better-sqlite3'

export interface DocHit {
  readonly path: string
  readonly title: string
  readonly snippet: string
}

export interface IndexedDoc {
  readonly path: string
  readonly stamp: string
  readonly title: string
  readonly body: string
}

const maxTerms = 32
const maxTermLength = 64

export class DocIndex {
  readonly #db = new Database(':memory:')

  constructor() {
    this.#db.exec(`
      CREATE TABLE docs (id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, stamp TEXT NOT NULL) STRICT;
      CREATE VIRTUAL TABLE words USING fts5(title, body, tokenize = 'porter unicode61 remove_diacritics 2');
    `)
  }

  /** Path and stamp of everything that was taken in. */
  stamps(): Map<string, string> {
    const rows = this.#db.prepare<[], { path: string; stamp: string }>('SELECT path, stamp FROM docs').all()
    return new Map(rows.map(({ path, stamp }) => [path, stamp]))
  }

  /** All or none of a batch. */
  update(changes: { readonly put: readonly IndexedDoc[]; readonly drop: readonly string[] }): void {
    const idOf = this.#db.prepare<[string], { id: number }>('SELECT id FROM docs WHERE path = ?')
    const dropDoc = this.#db.prepare('DELETE FROM docs WHERE id = ?')
    const dropWords = this.#db.prepare('DELETE FROM words WHERE rowid = ?')
    const addDoc = this.#db.prepare('INSERT INTO docs (path, stamp) VALUES (?, ?)')
    const addWords = this.#db.prepare('INSERT INTO words (rowid, title, body) VALUES (?, ?, ?)')
    const drop = (path: string): void => {
      const row = idOf.get(path)
      if (row === undefined) return
      dropWords.run(row.id)
      dropDoc.run(row.id)
    }
    this.#db.transaction(() => {
      changes.drop.forEach(drop)
      for (const { path, stamp, title, body } of changes.put) {
        drop(path)
        addWords.run(addDoc.run(path, stamp).lastInsertRowid, title, body)
      }
    })()
  }

  /** Best first. Documents with all the words; if there are none, with any of them. */
  search(q: string, limit: number, folder: string): DocHit[] {
    const terms = termsOf(q)
    if (terms.length === 0) return []
    const all = this.#match(terms.join(' '), limit, folder)
    return all.length > 0 || terms.length === 1 ? all : this.#match(terms.join(' OR '), limit, folder)
  }

  #match(expression: string, limit: number, folder: string): DocHit[] {
    return this.#db
      .prepare<[string, string, string, number], DocHit>(
        `SELECT docs.path AS path, words.title AS title, snippet(words, 1, '', '', '…', 32) AS snippet
           FROM words JOIN docs ON docs.id = words.rowid
          WHERE words MATCH ? AND rank MATCH 'bm25(8.0, 1.0)' AND substr(docs.path, 1, length(?)) = ?
          ORDER BY rank LIMIT ?`,
      )
      .all(expression, folder, folder, limit)
  }

  close(): void {
    this.#db.close()
  }
}

/**
 * The words of a question as FTS5 strings. FTS5 has a language of its own (AND, NEAR, columns, `*`, `^`); only letters
 * and digits get through, and in quotes they are nothing but words.
 */
export function termsOf(q: string): string[] {
  const words = q.match(/[\p{L}\p{N}][\p{L}\p{N}\p{M}]*/gu) ?? []
  const unique = new Set(words.map((word) => word.slice(0, maxTermLength).toWellFormed()))
  return [...unique].slice(0, maxTerms).map((word) => `"${word.replaceAll('"', '""')}"`)
}
