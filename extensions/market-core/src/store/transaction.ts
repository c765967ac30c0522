/**
 * The transactions that callers get: scope, revisions and refusals, the same over every backend. Each method acts at
 * once; its promise is there for backends that will have to wait.
 */
import type { Static, TObject } from '@sinclair/typebox'
import { isVisible, type Collection, type Scope } from '@openclaw-market/protocol/collection'
import { MarketError } from '@openclaw-market/protocol/errors'
import { columnValue, entityOf, fieldOf, rowOf, type Layout } from './layout.ts'
import { columnOf, listPage } from './query.ts'
import type { Clash, RecordReader, RecordWriter } from './records.ts'
import { misuse } from './refusals.ts'
import type { Page, Query, ReadTx, WriteTx } from './store.ts'

export type Layouts = ReadonlyMap<string, Layout>

export class ReadTransaction<R extends RecordReader = RecordReader> implements ReadTx {
  readonly scope: Scope
  readonly #layouts: Layouts
  #records: R | undefined

  constructor(layouts: Layouts, records: R, scope: Scope) {
    this.#layouts = layouts
    this.#records = records
    this.scope = scope
  }

  /** After this every call is refused: the snapshot or the savepoint is gone. */
  end(): void {
    this.#records = undefined
  }

  async get<S extends TObject>(of: Collection<S>, id: string): Promise<Static<S> | undefined> {
    return this.#seen(of, this.records.get(this.layout(of), id))
  }

  async find<S extends TObject>(
    of: Collection<S>,
    field: keyof Static<S> & string,
    value: string,
  ): Promise<Static<S> | undefined> {
    const layout = this.layout(of)
    const at = columnOf(layout, field)
    const column = layout.columns[at]
    if (column?.unique !== true)
      throw misuse(`${of.name}.${field} is not unique`, 'Use list, or name it in unique.')
    const wanted = columnValue(column, value)
    if (wanted === null) throw misuse(`nothing to find ${of.name}.${field} by`, 'Give the value to look for.')
    return this.#seen(of, this.records.find(layout, at, wanted))
  }

  async list<S extends TObject>(of: Collection<S>, query: Query<S>): Promise<Page<Static<S>>> {
    return listPage(this.records, this.layout(of), of, query, this.scope)
  }

  protected get records(): R {
    if (this.#records === undefined) {
      throw misuse(
        'this transaction is over',
        'Await every call of a transaction inside the callback that got it.',
      )
    }
    return this.#records
  }

  protected layout<S extends TObject>(of: Collection<S>): Layout {
    const layout = this.#layouts.get(of.name)
    if (layout === undefined)
      throw misuse(`the store was opened without ${of.name}`, 'Open it with this collection.')
    return layout
  }

  #seen<S extends TObject>(of: Collection<S>, body: string | undefined): Static<S> | undefined {
    if (body === undefined) return undefined
    const entity = entityOf(of, body)
    return isVisible(of, entity, this.scope) ? entity : undefined
  }
}

export class WriteTransaction extends ReadTransaction<RecordWriter> implements WriteTx {
  async insert<S extends TObject>(into: Collection<S>, entity: Static<S>): Promise<void> {
    const layout = this.layout(into)
    if (fieldOf(entity, 'rev') !== 0) throw conflict(into.name, { reason: 'revision' })
    const clash = this.records.insert(layout, rowOf(layout, into, entity, 0))
    if (clash !== undefined) throw conflict(into.name, clash)
  }

  async update<S extends TObject>(of: Collection<S>, entity: Static<S>): Promise<void> {
    const layout = this.layout(of)
    if (of.keeping === 'append') throw kept(of.name, 'changed')
    const from = fieldOf(entity, 'rev')
    if (!Number.isSafeInteger(from)) throw conflict(of.name, { reason: 'revision' })
    const clash = this.records.update(layout, rowOf(layout, of, entity, Number(from) + 1), Number(from))
    if (clash !== undefined) throw conflict(of.name, clash)
  }

  async remove<S extends TObject>(from: Collection<S>, id: string): Promise<void> {
    const layout = this.layout(from)
    if (from.keeping !== 'ephemeral') throw kept(from.name, 'removed')
    this.records.remove(layout, id)
  }
}

function conflict(entity: string, clash: Clash): MarketError {
  switch (clash.reason) {
    case 'key':
      return new MarketError('E_CONFLICT', `there is a ${entity} with this id already`, {
        details: { entity, reason: clash.reason },
        hint: 'Read the one that is there, or use another id.',
      })
    case 'unique':
      return new MarketError('E_CONFLICT', `another ${entity} has the same ${clash.field}`, {
        details: { entity, reason: clash.reason, field: clash.field },
        hint: `Read the ${entity} that has it, or use another ${clash.field}.`,
      })
    case 'revision':
      return new MarketError('E_CONFLICT', `the ${entity} is not at the revision that this was made from`, {
        details: { entity, reason: clash.reason },
        hint: 'Read it again, decide again on what it says now, then repeat the request.',
      })
  }
}

function kept(entity: string, verb: 'changed' | 'removed'): MarketError {
  return new MarketError('E_CONFLICT', `a ${entity} is never ${verb}`, {
    details: { entity, reason: 'keeping' },
    hint:
      verb === 'changed'
        ? 'Append another record that says what is different.'
        : 'Let it stay; change its state where it has one.',
  })
}
