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
import { settleFile, syncDirectory } from '../directory.ts'
import { readMark, type Mark } from '../mark.ts'
import { NothingKept } from '../queue.ts'
import { fileName, headerText } from './files.ts'
import { frame } from './frames.ts'

/** Where a journal ends, as `load` has found it. */
export interface End {
  readonly generation: number
  readonly end: number
  readonly sum: string
  /** Its last line was cut short; what is from `end` on is to be cut off. */
  readonly torn: boolean
}

export class Journal {
  readonly generation: number
  readonly #fd: number
  #end: number
  #sum: string
  readonly #mark: Mark

  private constructor(generation: number, fd: number, end: number, sum: string, mark: Mark) {
    this.generation = generation
    this.#mark = mark
    this.#fd = fd
    this.#end = end
    this.#sum = sum
  }

  /** An empty journal, whole and synced under its own name. */
  static create(directory: string, generation: number, snapshotSum: string | undefined, mark: Mark): Journal {
    const path = join(directory, fileName('journal', generation))
    const fd = openSync(`${path}.new`, 'w', 0o600)
    try {
      const header = frame('', headerText('journal', generation, snapshotSum))
      const journal = new Journal(generation, fd, 0, header.sum, mark)
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
  static resume(directory: string, { generation, end, sum, torn }: End, mark: Mark): Journal {
    const marked = readMark(directory)
    const fd = openSync(join(directory, fileName('journal', generation)), 'r+')
    try {
      if (torn) ftruncateSync(fd, end)
      settleFile(fd, marked?.generation === generation ? marked.at : 0)
      return new Journal(generation, fd, end, sum, mark)
    } catch (error) {
      closeSync(fd)
      throw error
    }
  }

  get bytes(): number {
    return this.#end
  }

  /** Of its last line, over all lines before it. */
  get sum(): string {
    return this.#sum
  }

  /** Durable when it resolves. @throws NothingKept when the disk is full and the line is gone again. */
  async append(json: string): Promise<void> {
    this.#append(json)
    await new Promise<void>((resolve, reject) =>
      fdatasync(this.#fd, (error) => (error === null ? resolve() : reject(error))),
    )
    this.#mark.set({ generation: this.generation, at: this.#end })
  }

  close(): void {
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
