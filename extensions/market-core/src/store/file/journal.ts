/** The file that a batch is durable in. One line a batch: what has not been synced is never more than the last line. */
import {
  closeSync,
  fdatasync,
  fdatasyncSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  renameSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { syncDirectory } from '../directory.ts'
import { NothingKept } from '../queue.ts'
import { fileName, headerText } from './files.ts'
import { frame } from './frames.ts'

export class Journal {
  readonly generation: number
  readonly #fd: number
  #end: number
  #sum: string
  /** A closing line stands at the end, so that damage to the last batch is not taken for a write that was cut short. */
  #marked = true

  private constructor(generation: number, fd: number, end: number, sum: string) {
    this.generation = generation
    this.#fd = fd
    this.#end = end
    this.#sum = sum
  }

  /** An empty journal, whole and synced under its own name. */
  static create(directory: string, generation: number, snapshotSum: string | undefined): Journal {
    const path = join(directory, fileName('journal', generation))
    const fd = openSync(`${path}.new`, 'w', 0o600)
    try {
      const header = frame('', headerText('journal', generation, snapshotSum))
      const journal = new Journal(generation, fd, 0, header.sum)
      journal.#write(header.text)
      fsyncSync(fd)
      renameSync(`${path}.new`, path)
      syncDirectory(directory)
      return journal
    } catch (error) {
      closeSync(fd)
      throw error
    }
  }

  /** Goes on where `load` found the end; what lies behind it is cut off. */
  static resume(directory: string, generation: number, end: number, sum: string, torn: boolean): Journal {
    const fd = openSync(join(directory, fileName('journal', generation)), 'r+')
    try {
      if (torn) {
        ftruncateSync(fd, end)
        fsyncSync(fd)
      }
      return new Journal(generation, fd, end, sum)
    } catch (error) {
      closeSync(fd)
      throw error
    }
  }

  get bytes(): number {
    return this.#end
  }

  /** Durable when it resolves. @throws NothingKept when the disk is full and the line is gone again. */
  async append(json: string): Promise<void> {
    this.#append(json)
    this.#marked = false
    await new Promise<void>((resolve, reject) =>
      fdatasync(this.#fd, (error) => (error === null ? resolve() : reject(error))),
    )
  }

  close(): void {
    try {
      if (!this.#marked) {
        this.#append('[]')
        fdatasyncSync(this.#fd)
      }
    } catch {
      // Without its closing line the journal is as it would be after a crash: whole.
    } finally {
      this.discard()
    }
  }

  /** Closes the file as it is. */
  discard(): void {
    closeSync(this.#fd)
  }

  #append(json: string): void {
    const { text, sum } = frame(this.#sum, json)
    const before = this.#end
    try {
      this.#write(text)
    } catch (cause) {
      this.#end = before
      if (!(cause instanceof Error && 'code' in cause && cause.code === 'ENOSPC')) throw cause
      ftruncateSync(this.#fd, before)
      fdatasyncSync(this.#fd)
      throw new NothingKept('the disk is full', { cause })
    }
    this.#sum = sum
  }

  #write(text: string): void {
    const bytes = Buffer.from(text, 'utf8')
    for (let written = 0; written < bytes.length;) {
      const step = writeSync(this.#fd, bytes, written, bytes.length - written, this.#end)
      written += step
      this.#end += step
    }
  }
}
