/** The file backend: everything in memory, a journal on disk, and a snapshot when the journal has grown. */
import { rm } from 'node:fs/promises'
import type { Collection, Scope } from '@openclaw-market/protocol/collection'
import { isMarketError } from '@openclaw-market/protocol/errors'
import { syncDirectory } from '../directory.ts'
import { Holds } from '../hold.ts'
import { layoutsOf } from '../layout.ts'
import { assertMarked, isMarked, Mark } from '../mark.ts'
import { WriteQueue, type BatchBackend } from '../queue.ts'
import { closed, unreadable } from '../refusals.ts'
import type { MarketStore, OpenStoreOptions, ReadTx, WriteTx } from '../store.ts'
import { ReadTransaction, WriteTransaction, type Layouts } from '../transaction.ts'
import { currentGeneration, fileName, sweepFiles } from './files.ts'
import { Journal } from './journal.ts'
import { load, type Others } from './load.ts'
import { FileReader, FileWriter, type Places, type Savepoint } from './records.ts'
import { newPath, publishSnapshot, writeSnapshot } from './snapshot.ts'
import { emptyState, type State } from './state.ts'

export interface FileStoreOptions extends OpenStoreOptions {
  /** A journal that is longer than this, and than the records themselves, is replaced by a snapshot. */
  readonly snapshotAfterBytes?: number
}

const defaultMaxBytes = 256 * 1024 * 1024
const defaultSnapshotAfterBytes = 8 * 1024 * 1024

/** The directory is prepared and locked by the caller. */
export function openFileStore(options: FileStoreOptions, holds: Holds = new Holds()): MarketStore {
  const { directory } = options
  const layouts = layoutsOf(options.collections)
  const places: Places = new Map([...layouts.values()].map((layout, at) => [layout, at]))
  const generation = currentGeneration(directory)
  if (generation === undefined && isMarked(directory))
    throw unreadable(`${fileName('journal', 0)} is missing`)
  const loaded = generation === undefined ? undefined : load(directory, generation, layouts, places)
  if (loaded !== undefined) {
    assertMarked(
      directory,
      { generation: loaded.generation, at: loaded.end },
      fileName('journal', loaded.generation),
    )
    sweepFiles(directory, loaded.generation)
  }
  const mark = Mark.open(directory)
  const journal =
    loaded === undefined
      ? Journal.create(directory, 0, undefined, mark)
      : Journal.resume(directory, loaded, mark)
  const { state, others } = loaded ?? { state: emptyState(layouts.values()), others: new Map() }
  const batches = new FileBatches(options, layouts, places, journal, mark, state, others)
  return new FileStore(options, layouts, holds, batches)
}

class FileStore implements MarketStore {
  readonly backend = 'file'
  readonly collections: readonly Collection[]
  readonly #layouts: Layouts
  readonly #holds: Holds
  readonly #batches: FileBatches
  readonly #queue: WriteQueue
  #closing: Promise<void> | undefined

  constructor(options: OpenStoreOptions, layouts: Layouts, holds: Holds, batches: FileBatches) {
    this.collections = options.collections
    this.#layouts = layouts
    this.#holds = holds
    this.#batches = batches
    this.#queue = new WriteQueue(batches, holds)
  }

  /** A snapshot is the state of this moment: it never changes, and later commits make others. */
  async read<T>(scope: Scope, fn: (tx: ReadTx) => Promise<T>): Promise<T> {
    if (this.#closing !== undefined) throw closed()
    const tx = new ReadTransaction(this.#layouts, this.#batches.reader(), scope)
    try {
      return await this.#holds.run(() => fn(tx))
    } finally {
      tx.end()
    }
  }

  write<T>(fn: (tx: WriteTx) => Promise<T>): Promise<T> {
    return this.#queue.write(fn)
  }

  /** In the queue, where no batch is on its way to the disk. */
  findDamage(): Promise<string | undefined> {
    return this.#queue.write(async () => this.#batches.findDamage())
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#queue.close().then(() => this.#batches.close()))
  }
}

class FileBatches implements BatchBackend {
  readonly #directory: string
  readonly #snapshotAfter: number
  readonly #layouts: Layouts
  readonly #places: Places
  readonly #others: Others
  readonly #writer: FileWriter
  readonly #mark: Mark
  #journal: Journal
  #committed: State
  #savepoint: Savepoint
  /** The journal's length at which the next snapshot is tried. */
  #snapshotAt = 0

  constructor(
    options: FileStoreOptions,
    layouts: Layouts,
    places: Places,
    journal: Journal,
    mark: Mark,
    state: State,
    others: Others,
  ) {
    this.#directory = options.directory
    this.#snapshotAfter = options.snapshotAfterBytes ?? defaultSnapshotAfterBytes
    this.#layouts = layouts
    this.#places = places
    this.#others = others
    this.#journal = journal
    this.#mark = mark
    this.#committed = state
    let otherBytes = 0
    for (const records of others.values())
      for (const body of records.values()) otherBytes += Buffer.byteLength(body)
    this.#writer = new FileWriter(places, state, options.maxBytes ?? defaultMaxBytes, otherBytes)
    this.#savepoint = this.#writer.savepoint()
  }

  reader(): FileReader {
    return new FileReader(this.#places, this.#committed)
  }

  begin(): void {
    this.#writer.begin(this.#committed)
  }

  savepoint(): void {
    this.#savepoint = this.#writer.savepoint()
  }

  release(): void {}

  undo(): void {
    this.#writer.undo(this.#savepoint)
  }

  commit(): void | Promise<void> {
    const { log, state } = this.#writer
    return log.length === 0 ? undefined : this.#append(`[${log.join(',')}]`, state)
  }

  abandon(): void {
    this.#writer.begin(this.#committed)
  }

  open(): { readonly tx: WriteTx; readonly end: () => void } {
    const tx = new WriteTransaction(this.#layouts, this.#writer, { as: 'market' })
    return { tx, end: () => tx.end() }
  }

  rest(): void | Promise<void> {
    if (this.#journal.bytes <= Math.max(this.#snapshotAfter, this.#committed.bytes, this.#snapshotAt))
      return undefined
    return this.#renew()
  }

  findDamage(): string | undefined {
    const { generation, bytes, sum } = this.#journal
    try {
      const loaded = load(this.#directory, generation, this.#layouts, this.#places)
      // Its last checksum covers all that came before.
      if (loaded.end === bytes && loaded.sum === sum) return undefined
      return `${fileName('journal', generation)} is not as it was written`
    } catch (error) {
      if (isMarketError(error)) return error.message
      throw error
    }
  }

  close(): void {
    this.#journal.close()
    this.#mark.close()
  }

  async #append(json: string, state: State): Promise<void> {
    await this.#journal.append(json)
    this.#committed = state
  }

  /**
   * Starts the next generation: snapshot and journal are made whole, then the snapshot's rename switches over. Until
   * then a failure changes nothing and the old journal goes on; from then on it leaves us not knowing which one counts.
   */
  async #renew(): Promise<void> {
    const old = this.#journal
    const generation = old.generation + 1
    let journal: Journal
    try {
      const sum = await writeSnapshot(this.#directory, generation, this.#committed, this.#others)
      journal = Journal.create(this.#directory, generation, sum, this.#mark)
    } catch {
      await rm(newPath(this.#directory, generation), { force: true }).catch(() => undefined)
      this.#snapshotAt = old.bytes * 2 // a disk too full for a snapshot may still have room for the journal
      return
    }
    await publishSnapshot(this.#directory, generation)
    syncDirectory(this.#directory)
    this.#journal = journal
    this.#snapshotAt = 0
    old.close()
    sweepFiles(this.#directory, generation)
  }
}
