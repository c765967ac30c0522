/** How verification reads: everything once in the order of keys, whatever one record is like, and nothing broken twice. */
import type { Static, TObject } from '@sinclair/typebox'
import type { Collection } from '@openclaw-market/protocol/collection'
import type { Query } from '@openclaw-market/protocol/reading'
import type { ReadTx } from '../../store/store.ts'
import type { Findings } from './findings.ts'

type Where<S extends TObject> = NonNullable<Query<S>['where']>

const pageSize = 500

export class Books {
  readonly findings: Findings
  readonly #tx: ReadTx
  /** `<collection>/<key>` of records that are not what their schema says: no other rule is asked about them. */
  readonly #broken = new Set<string>()

  /** So far nothing was met that cannot be read. */
  #readable = true

  constructor(tx: ReadTx, findings: Findings) {
    this.#tx = tx
    this.findings = findings
  }

  setAside(of: Collection, key: string): void {
    this.#broken.add(`${of.name}/${key}`)
  }

  /** Undefined also for what cannot be read, or was set aside: its own finding is there already. */
  get<S extends TObject>(of: Collection<S>, id: string): Promise<Static<S> | undefined> {
    if (this.#broken.size > 0 && this.#broken.has(`${of.name}/${id}`)) return Promise.resolve(undefined)
    const found = this.#tx.get(of, id)
    return this.#readable ? found : found.catch(() => undefined)
  }

  /** A page at a time, oldest first, without what was set aside. */
  async each<S extends TObject>(
    of: Collection<S>,
    use: (entity: Static<S>) => void | Promise<void>,
    where?: Where<S>,
  ): Promise<void> {
    await this.everyPage(
      of,
      async (items) => {
        for (const item of items) {
          if (this.#broken.size > 0 && this.#broken.has(`${of.name}/${String(item[of.key])}`)) continue
          const used = use(item)
          if (used !== undefined) await used
        }
      },
      where,
    )
  }

  async list<S extends TObject>(of: Collection<S>, where: Where<S>): Promise<Static<S>[]> {
    const items: Static<S>[] = []
    await this.each(of, (item) => void items.push(item), where)
    return items
  }

  /** @returns false when some record could not be read: then all that can be reached from either end was given */
  async everyPage<S extends TObject>(
    of: Collection<S>,
    use: (items: readonly Static<S>[]) => Promise<void>,
    where?: Where<S>,
  ): Promise<boolean> {
    const query = where === undefined ? {} : { where }
    let cursor: string | undefined
    for (const { order, limit } of ways) {
      if (order === 'newest') cursor = undefined
      for (;;) {
        const page = await this.#page(of, {
          ...query,
          order,
          limit,
          ...(cursor === undefined ? {} : { cursor }),
        })
        if (page === undefined) break
        if (page.items.length > 0) await use(page.items)
        cursor = page.nextCursor
        if (cursor === undefined) return order === 'oldest' && limit === pageSize
      }
    }
    return false
  }

  async #page<S extends TObject>(of: Collection<S>, query: Query<S>) {
    try {
      return await this.#tx.list(of, query)
    } catch {
      this.#readable = false
      return undefined
    }
  }
}

/** Past a record that cannot be read no cursor leads: up to it one by one, then one by one from the other end. */
const ways = [
  { order: 'oldest', limit: pageSize },
  { order: 'oldest', limit: 1 },
  { order: 'newest', limit: 1 },
] as const
