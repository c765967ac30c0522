import { Type } from '@sinclair/typebox'
import { anyCollection, type Collection } from '@openclaw-market/protocol/collection'
import { allCollections } from '@openclaw-market/protocol/entities/all'
import { Events } from '@openclaw-market/protocol/entities/records'
import { MarketError } from '@openclaw-market/protocol/errors'
import { idPrefixes } from '@openclaw-market/protocol/ids'
import { query } from '@openclaw-market/protocol/operation'
import type { Query, ReadTx } from '@openclaw-market/protocol/reading'
import { codec } from '@openclaw-market/protocol/schema/codec'
import { closed, line, Timestamp } from '@openclaw-market/protocol/schema/scalars'

/** Records of one answer, and ids that are followed to get them. */
const most = 500

const anId = new RegExp(`^(${idPrefixes.join('|')})_[0-9A-HJKMNP-TV-Z]{26}$`)

/**
 * Named by very many, and part of none of their lives: the offer that a lease was taken from is shown, the other leases that
 * were taken from it are not.
 */
const shared: ReadonlySet<string> = new Set(['res', 'offer', 'ses', 'alw'])

const traced = allCollections.filter(({ name }) => name !== 'log_tile' && name !== 'checkpoint')

type Entity = Readonly<Record<string, unknown>>

interface Piece {
  readonly at: number
  readonly kind: string
  readonly id: string
  readonly record: Readonly<Record<string, unknown>>
}

export const traceId = query({
  name: 'market.transparency.trace',
  summary:
    'Everything that hangs together with an id, in the order of time: records, transfers of money, events.',
  scope: 'admin',
  params: closed({ id: line(1, 128, 'of anything: a lease, an order, a transfer, an event …') }),
  result: closed({
    id: Type.String(),
    pieces: Type.Array(
      closed({
        at: Type.Optional(Timestamp),
        kind: Type.String({ description: 'what it is: lease, transfer, event …' }),
        id: Type.String(),
        record: Type.Record(Type.String(), Type.Unknown(), {
          description: 'as it is kept, without what is secret',
        }),
      }),
    ),
    complete: Type.Boolean({ description: `false: there is more than these ${most}` }),
  }),
  errors: ['E_NOT_FOUND'],
  callers: ['operator'],
  async answer(tx, { id }) {
    const { pieces, complete } = await everythingAbout(tx, id)
    if (pieces.length === 0) {
      throw new MarketError('E_NOT_FOUND', 'there is nothing that has to do with this id', {
        hint: 'Give the id as an answer or an event shows it, with its prefix.',
      })
    }
    const ordered = pieces.toSorted((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1))
    return {
      id,
      pieces: ordered.map(({ at, ...rest }) => ({ ...rest, ...(Number.isFinite(at) ? { at } : {}) })),
      complete,
    }
  },
})

async function everythingAbout(tx: ReadTx, id: string) {
  const pieces = new Map<string, Piece>()
  const asked = new Set<string>()
  const ahead = [id]
  let complete = true
  for (let next = ahead.shift(); next !== undefined && pieces.size <= most; next = ahead.shift()) {
    if (asked.has(next)) continue
    asked.add(next)
    const { found, all } = await naming(tx, next, next !== id && isShared(next))
    complete &&= all
    for (const [of, entity] of found) {
      const key = String(entity[of.key])
      const name = `${of.name}/${key}`
      if (pieces.has(name)) continue
      pieces.set(name, { at: timeOf(entity), kind: of.name, id: key, record: shownOf(of, entity) })
      // From an event only its subjects are looked at, and from what is shared nothing: the way leads through lives.
      if (next === id || !isShared(key)) ahead.push(...idsIn(entity).filter((each) => !isOfEvent(each)))
    }
  }
  return { pieces: [...pieces.values()].slice(0, most), complete: complete && pieces.size <= most }
}

interface Named {
  readonly found: readonly (readonly [Collection, Entity])[]
  /** false: more than are found name it. */
  readonly all: boolean
}

/** The record with this key, and, unless it alone is wanted, records that name it in a field they are looked up by. */
async function naming(tx: ReadTx, id: string, alone: boolean): Promise<Named> {
  const found: (readonly [Collection, Entity])[] = []
  let all = true
  const list = async (of: Collection, query: Omit<Query<Collection['schema']>, 'limit'>): Promise<void> => {
    const { items, nextCursor } = await tx.list(of, { ...query, limit: most })
    for (const entity of items) found.push([of, entity])
    all &&= nextCursor === undefined
  }
  for (const of of traced) {
    const itself = await tx.get(of, id)
    if (itself !== undefined) found.push([of, itself])
    if (alone) continue
    const fields = of.indexes.filter((field) => /Id$|^reference$/.test(field) && isText(of, field))
    for (const field of fields) await list(of, { where: { [field]: id } })
  }
  if (!alone) await list(anyCollection(Events), { tagged: { subjects: id } })
  return { found, all }
}

/** The id of a chain is a number. */
function isText(of: Collection, field: string): boolean {
  return of.schema.properties[field]?.['type'] === 'string'
}

function isShared(id: string): boolean {
  return shared.has(id.slice(0, id.indexOf('_')))
}

/** Nothing names an event. */
function isOfEvent(id: string): boolean {
  return id.startsWith('evt_')
}

function idsIn(value: unknown): string[] {
  if (typeof value === 'string') return anId.test(value) ? [value] : []
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(idsIn) : []
}

/** When it came to be. */
function timeOf(entity: Entity): number {
  for (const field of ['createdAt', 'openedAt', 'boundAt', 'issuedAt']) {
    const time = entity[field]
    if (typeof time === 'number') return time
  }
  return Number.POSITIVE_INFINITY
}

function shownOf(of: Collection, entity: Entity): Piece['record'] {
  const json = codec(of.schema).encode(entity) as Record<string, unknown>
  const hidden: readonly string[] = ['rev', ...of.secrets]
  return Object.fromEntries(Object.entries(json).filter(([field]) => !hidden.includes(field)))
}
