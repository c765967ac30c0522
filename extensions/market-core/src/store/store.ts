/**
 * The store interface (DESIGN §6). One write carries all changes of one operation or none of them; what it resolved with
 * is on disk. Writes run one at a time in a queue, each in a savepoint, and writes that wait together share one commit.
 * Inside `read` and `write` nothing but the transaction may be awaited.
 */
import type { Static, TObject } from '@sinclair/typebox'
import type { Collection, Scope } from '@openclaw-market/protocol/collection'
import type { Page, Query, ReadTx } from '@openclaw-market/protocol/reading'

export type { Page, Query, ReadTx }

/** A write sees everything (`scope` is the market's); who may see what is the operation's business there. */
export interface WriteTx extends ReadTx {
  /** @throws MarketError E_CONFLICT when the key or a unique field is taken. `rev` must be 0. */
  insert<S extends TObject>(into: Collection<S>, entity: Static<S>): Promise<void>
  /**
   * Replaces the record. `entity.rev` is the revision it was made from; the stored one becomes `rev + 1`.
   * @throws MarketError E_CONFLICT when the stored revision is another, or the collection keeps append only.
   */
  update<S extends TObject>(of: Collection<S>, entity: Static<S>): Promise<void>
  /** Only for collections that keep `ephemeral`. Removing what is not there is no error. */
  remove<S extends TObject>(from: Collection<S>, id: string): Promise<void>
}

export interface MarketStore {
  readonly backend: 'sqlite' | 'file'
  /** What it was opened with. */
  readonly collections: readonly Collection[]
  read<T>(scope: Scope, fn: (tx: ReadTx) => Promise<T>): Promise<T>
  /** Serialisable, all or nothing, on disk when it resolves; when `fn` throws, nothing of it stays and the error passes through. */
  write<T>(fn: (tx: WriteTx) => Promise<T>): Promise<T>
  /** Reads all that is on disk again. @returns what is damaged, or undefined. Holds up the process for as long as it takes. */
  findDamage(): Promise<string | undefined>
  /** Ends after the writes that are queued; later calls are refused with E_UNAVAILABLE. */
  close(): Promise<void>
}

export interface OpenStoreOptions {
  readonly directory: string
  readonly collections: readonly Collection[]
  /** Bytes of records that the file backend takes before it asks to move on to sqlite; 256 MiB unless told. */
  readonly maxBytes?: number
}
