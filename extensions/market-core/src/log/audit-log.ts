/**
 * The log as others see it: what was signed about it, proofs from it, and whether its past still holds. Events come into it by
 * the writes that they tell of (`append.ts`); here nothing is written but checkpoints.
 */
import { Checkpoints, type Checkpoint } from '@openclaw-market/protocol/entities/log'
import { Events } from '@openclaw-market/protocol/entities/records'
import type { Scope } from '@openclaw-market/protocol/collection'
import type { EventId } from '@openclaw-market/protocol/ids'
import { canonicalEvent } from '@openclaw-market/protocol/views/event'
import {
  showCheckpoint,
  type AuditStatus,
  type CheckpointView,
  type InclusionProof,
  type SignedLog,
  type VerifiedLog,
} from '@openclaw-market/protocol/views/log'
import type { MarketStore } from '../store/store.ts'
import { tileOldEvents } from './append.ts'
import type { CheckpointFile } from './checkpoint-file.ts'
import { consistencyProof, inclusionProof, rootAt, type Hash } from './merkle.ts'
import { brokenEvent, brokenHead, headOf, headOfKept, type Broken, type Reads } from './past.ts'
import { beyond, noEvent, refused, unsigned } from './refusals.ts'
import { resting } from './resting.ts'
import { checkpointText, signNote, verifierKey, type NoteSigner, type TreeHead } from './signed-note.ts'
import { Misaligned, Tree, type RootMemory } from './tree.ts'

export interface AuditLogParts {
  readonly store: MarketStore
  /** Names the log, and its key, in what is signed. */
  readonly origin: string
  readonly signer: NoteSigner
  readonly file: CheckpointFile
  readonly now: () => number
  readonly report: (what: string, error: unknown) => void
  /** Up to this size all of it is read again before anyone is served, and beyond it meanwhile. */
  readonly readAtStart?: number
}

/** About half a second of work. */
const readAtStart = 20_000

export class AuditLog {
  readonly #parts: AuditLogParts
  readonly #read: Reads
  readonly #roots: RootMemory = new Map()
  readonly #readAtStart: number
  readonly key: string
  #past: AuditStatus['past'] = 'checking'
  #broken: Broken | undefined
  #signing: Promise<unknown> = Promise.resolve()
  #reading: Promise<void> = Promise.resolve()
  #verifying: Promise<VerifiedLog> | undefined
  #closing = false
  /** The note that the file is known to have. */
  #filed: string | undefined

  constructor(parts: AuditLogParts) {
    this.#parts = parts
    this.#readAtStart = parts.readAtStart ?? readAtStart
    this.#read = async (fn) => {
      try {
        return await parts.store.read({ as: 'market' }, fn)
      } catch (error) {
        if (!(error instanceof Misaligned)) throw error
        throw refused(this.#breaks({ kind: 'rewritten', message: error.message }))
      }
    }
    this.key = verifierKey(parts.origin, parts.signer.publicKey)
  }

  /**
   * Compares what stands in the store with what was signed, before anyone is served.
   * @throws MarketError E_UNAVAILABLE when it is another past
   */
  async open(): Promise<void> {
    const { store, file } = this.#parts
    const note = file.read()
    const kept = await this.#newest()
    if (note === undefined && kept === undefined) await store.write(tileOldEvents)
    const broken = (await this.#brokenHeads(note, kept)) ?? (await this.#readAgain())
    if (broken !== undefined) throw refused(broken)
    this.#filed = note
  }

  async #brokenHeads(note: string | undefined, kept: Checkpoint | undefined): Promise<Broken | undefined> {
    const { origin, signer } = this.#parts
    const trusted = { origin, publicKey: signer.publicKey }
    const heads: TreeHead[] = []
    if (kept !== undefined) {
      const head = headOfKept(kept, trusted)
      if (head === undefined) return unsigned(`the newest checkpoint in the store, of ${kept.size} events`)
      heads.push(head)
    }
    if (note !== undefined) {
      const head = headOf(note, trusted)
      if (head === undefined) return unsigned('the checkpoint in the file beside the store')
      heads.push(head)
    }
    for (const head of heads) {
      const broken = await this.#read((tx) => brokenHead(tx, head, trusted))
      if (broken !== undefined) return (await this.#ofSmall()) ?? broken
    }
    return undefined
  }

  /** Says more exactly where, when that can be said soon. */
  async #ofSmall(): Promise<Broken | undefined> {
    return brokenEvent(this.#read, ({ index }) => index < this.#readAtStart)
  }

  /** All of it when it is small; else from here on, beside what is asked. */
  async #readAgain(): Promise<Broken | undefined> {
    let over = false
    const broken = await brokenEvent(this.#read, ({ index, ended }) => {
      over = !ended && index >= this.#readAtStart
      return !over
    })
    if (broken !== undefined || !over) {
      this.#past = 'holds'
      return broken
    }
    this.#reading = this.#readOn().catch((error: unknown) => this.#parts.report('audit log', error))
    return undefined
  }

  async #readOn(): Promise<void> {
    const broken = await brokenEvent(resting(this.#read), () => !this.#closing)
    if (broken !== undefined) this.#breaks(broken)
    else if (!this.#closing) this.#past = 'holds'
  }

  #breaks(broken: Broken): Broken {
    if (this.#broken === undefined) this.#parts.report('audit log', refused(broken))
    this.#past = 'rewritten'
    return (this.#broken ??= broken)
  }

  async status(): Promise<AuditStatus> {
    const checkpoint = await this.#newest()
    const size = await this.#size().catch((error: unknown) => {
      // A past that does not hold is what is to be said, not a reason to say nothing.
      if (this.#broken === undefined) throw error
      return checkpoint?.size ?? 0
    })
    const { note: _note, ...rest } = checkpoint === undefined ? { note: '' } : showCheckpoint(checkpoint)
    return {
      size,
      ...('size' in rest ? { checkpoint: rest } : {}),
      key: this.key,
      past: this.#past,
    }
  }

  /**
   * The newest, signed now when the log has grown since. Undefined while the log is empty.
   * @throws MarketError E_UNAVAILABLE when the past does not hold
   */
  checkpoint(): Promise<Checkpoint | undefined> {
    const signed = this.#signing.then(() => this.#sign())
    this.#signing = signed.catch(() => undefined)
    return signed
  }

  async #sign(): Promise<Checkpoint | undefined> {
    const { store, file } = this.#parts
    let newest = await this.#newest()
    const head = await this.#head()
    if (head.size > (newest?.size ?? 0)) {
      const signed = { rev: 0, checkpointKey: keyOfSize(head.size), ...this.#signed(head) }
      await store.write((tx) => tx.insert(Checkpoints, signed))
      newest = signed
    }
    // Only what is durable in the store goes into the file: a crash in between leaves the file behind, never ahead.
    if (newest !== undefined && newest.note !== this.#filed) {
      file.write(newest.note)
      this.#filed = newest.note
    }
    return newest
  }

  /**
   * The root over the first events; over all when there is no size. What was signed last must still be its beginning.
   * @throws MarketError E_CONFLICT when the log has fewer, E_UNAVAILABLE when the past does not hold
   */
  async #head(size?: number): Promise<TreeHead> {
    if (this.#broken !== undefined) throw refused(this.#broken)
    return this.#read(async (tx) => {
      const tree = await Tree.read(tx, this.#roots)
      const [newest] = (await tx.list(Checkpoints, { limit: 1 })).items
      if (newest !== undefined && newest.size > tree.size)
        throw new Misaligned(`${newest.size} events were signed, and ${tree.size} are there`)
      if (newest !== undefined && hexRoot(await rootAt(newest.size, tree.nodes)) !== newest.rootHash)
        throw new Misaligned(`the first ${newest.size} events are not what was signed`)
      if (size !== undefined && size > tree.size) throw beyond(size, tree.size)
      const until = size ?? tree.size
      return { origin: this.#parts.origin, size: until, root: await rootAt(until, tree.nodes) }
    })
  }

  #signed(head: TreeHead): CheckpointView {
    const { origin, signer, now } = this.#parts
    return {
      size: head.size,
      rootHash: hexRoot(head.root),
      note: signNote(checkpointText(head), origin, signer),
      createdAt: now(),
    }
  }

  /** As it is kept; what is not kept is signed for whoever asks, which changes nothing. */
  async #signedAt(size: number | undefined): Promise<CheckpointView> {
    const head = await this.#head(size)
    const kept = await this.#read((tx) => tx.get(Checkpoints, keyOfSize(head.size)))
    return kept === undefined ? this.#signed(head) : showCheckpoint(kept)
  }

  /**
   * @param size of the checkpoint to prove against; the whole log when absent
   * @param scope who asks: what it may not see is not there
   * @throws MarketError E_NOT_FOUND, E_CONFLICT, E_UNAVAILABLE
   */
  async prove(eventId: EventId, size: number | undefined, scope: Scope): Promise<InclusionProof> {
    const event = await this.#parts.store.read(scope, (tx) => tx.get(Events, eventId))
    if (event === undefined) throw noEvent()
    const checkpoint = await this.#signedAt(size)
    return this.#read(async (tx) => {
      const tree = await Tree.read(tx, this.#roots)
      const index = await tree.indexOf(eventId)
      if (index === undefined) throw noEvent()
      if (index >= checkpoint.size) throw beyond(index + 1, checkpoint.size)
      const proof = shownPath(await inclusionProof(index, checkpoint.size, tree.nodes))
      return { eventId, event: canonicalEvent(event), index, proof, checkpoint, key: this.key }
    })
  }

  /** @param since the size of a checkpoint that somebody has. @throws MarketError E_CONFLICT, E_UNAVAILABLE */
  async signed(since: number | undefined): Promise<SignedLog> {
    const checkpoint = await this.#signedAt(undefined)
    const shown = { ...(checkpoint.size === 0 ? {} : { checkpoint }), key: this.key }
    if (since === undefined) return shown
    if (since > checkpoint.size) throw beyond(since, checkpoint.size)
    const proof = await this.#read(async (tx) => {
      const tree = await Tree.read(tx, this.#roots)
      return consistencyProof(since, checkpoint.size, tree.nodes)
    })
    return { ...shown, since: { size: since, proof: shownPath(proof) } }
  }

  /** Reads all of it again. Who asks meanwhile gets the same answer. */
  verify(): Promise<VerifiedLog> {
    return (this.#verifying ??= this.#verify().finally(() => (this.#verifying = undefined)))
  }

  async #verify(): Promise<VerifiedLog> {
    const checkpoint = await this.#newest()
    let upTo = 0
    const broken =
      (await brokenEvent(this.#read, (place) => {
        upTo = place.index
        return !this.#closing
      })) ?? (await this.#brokenHeads(this.#filed, checkpoint))
    if (broken !== undefined) this.#breaks(broken)
    return {
      holds: broken === undefined,
      size: Math.max(upTo, checkpoint?.size ?? 0),
      upTo: broken?.index ?? (broken === undefined ? upTo : 0),
      ...(broken === undefined ? {} : { problem: broken.message }),
      ...(checkpoint === undefined ? {} : { checkpoint: showCheckpoint(checkpoint) }),
    }
  }

  #size(): Promise<number> {
    return this.#read(async (tx) => (await Tree.read(tx, this.#roots)).size)
  }

  async #newest(): Promise<Checkpoint | undefined> {
    return this.#read(async (tx) => (await tx.list(Checkpoints, { limit: 1 })).items[0])
  }

  /** Signs what is not signed yet. The store is still open. */
  async close(): Promise<void> {
    this.#closing = true
    await this.#reading
    if (this.#broken === undefined) await this.checkpoint()
  }
}

function hexRoot(root: Hash): string {
  return root.toString('hex')
}

function keyOfSize(size: number): string {
  return String(size).padStart(16, '0')
}

function shownPath(hashes: readonly Hash[]): string[] {
  return hashes.map((hash) => hash.toString('base64'))
}
