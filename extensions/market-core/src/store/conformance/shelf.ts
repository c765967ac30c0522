/** Small collections with every trait that a declaration can have, and stores to keep them in. For tests. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Type, type Static } from '@sinclair/typebox'
import { collection, type Collection, type Scope } from '@openclaw-market/protocol/collection'
import { isMarketError } from '@openclaw-market/protocol/errors'
import { ActorId, Amount, closed, literals, Timestamp } from '@openclaw-market/protocol/schema/scalars'
import { codec } from '@openclaw-market/protocol/schema/codec'
import { onTestFinished } from 'vitest'
import { openStore } from '../open.ts'
import type { MarketStore, OpenStoreOptions } from '../store.ts'

export const backends = ['sqlite', 'file'] as const
export type Backend = (typeof backends)[number]

const BookSchema = closed({
  rev: Type.Integer(),
  bookId: Type.String(),
  ownerId: Type.Optional(ActorId),
  holderId: Type.Optional(ActorId),
  status: literals(['draft', 'open', 'gone']),
  shelf: Type.Optional(Type.String()),
  signed: Type.Optional(Type.Boolean()),
  pages: Type.Optional(Type.Integer()),
  isbn: Type.Optional(Type.String()),
  tags: Type.Array(Type.String()),
  genres: Type.Optional(Type.Array(Type.String())),
  price: Amount,
  dueAt: Type.Optional(Timestamp),
  note: Type.Optional(Type.String()),
})
export type Book = Static<typeof BookSchema>

export const Books = collection({
  name: 'book',
  schema: BookSchema,
  key: 'bookId',
  indexes: ['status', 'shelf', 'signed', 'pages', 'dueAt'],
  unique: ['isbn'],
  tags: ['tags', 'genres'],
  visibility: { parties: ['ownerId', 'holderId'], public: { field: 'status', equals: 'open' } },
})

export const Entries = collection({
  name: 'entry',
  schema: closed({
    rev: Type.Integer(),
    entryId: Type.String(),
    actorId: Type.Optional(ActorId),
    text: Type.String(),
    tags: Type.Array(Type.String()),
  }),
  key: 'entryId',
  indexes: ['actorId'],
  tags: ['tags'],
  visibility: { parties: ['actorId'] },
  keeping: 'append',
})

export const Tickets = collection({
  name: 'ticket',
  schema: closed({
    rev: Type.Integer(),
    ticketId: Type.String(),
    code: Type.String(),
    tags: Type.Array(Type.String()),
    dueAt: Timestamp,
  }),
  key: 'ticketId',
  indexes: ['dueAt'],
  unique: ['code'],
  tags: ['tags'],
  keeping: 'ephemeral',
})

export const shelf = [Books, Entries, Tickets] as readonly unknown[] as readonly Collection[]

const actor = codec(ActorId)
export const alice = actor.decode('0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045')
export const bob = actor.decode('0x52908400098527886E0F7030069857D2E4169EE7')
export const carol = actor.decode('0x8617E340B3D01FA5F11F306F4090FD50E238070D')

export const market: Scope = { as: 'market' }
export const nobody: Scope = { as: 'nobody' }
export const as = (actorId: ActorId): Scope => ({ as: 'actor', actorId })

export function book(bookId: string, fields: Partial<Book> = {}): Book {
  return { rev: 0, bookId, status: 'draft', tags: [], price: 1n, ...fields }
}

/** A key whose text order is the order of its number. */
export const keyOf = (n: number): string => `b${String(n).padStart(5, '0')}`

export function newDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'market-store-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** A store that the test closes, or that is closed after it. */
export async function opened(kind: Backend, options: Partial<OpenStoreOptions> = {}): Promise<MarketStore> {
  const store = await openStore(kind, {
    directory: options.directory ?? newDirectory(),
    collections: shelf,
    ...options,
  })
  onTestFinished(() => store.close())
  return store
}

export async function add(store: MarketStore, ...books: readonly Book[]): Promise<void> {
  await store.write(async (tx) => {
    for (const each of books) await tx.insert(Books, each)
  })
}

/** `code` or `code reason` of the refusal that a promise ends in; 'done' when it is not refused. */
export async function refusalOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
    return 'done'
  } catch (error) {
    if (!isMarketError(error) || error.hint === undefined) throw error
    const reason = error.details?.['pointer'] ?? error.details?.['reason']
    return typeof reason === 'string' ? `${error.code} ${reason}` : error.code
  }
}

export function getBook(store: MarketStore, bookId: string): Promise<Book | undefined> {
  return store.read(market, (tx) => tx.get(Books, bookId))
}

/** The keys of all books, oldest first. */
export async function bookIds(store: MarketStore): Promise<readonly string[]> {
  const page = await store.read(market, (tx) => tx.list(Books, { order: 'oldest', limit: 10_000 }))
  return page.items.map((each) => each.bookId)
}
