import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  add,
  book,
  bookIds,
  Books,
  keyOf,
  newDirectory,
  opened,
  refusalOf,
  shelf,
  Tickets,
} from '../conformance/shelf.ts'
import { Mark } from '../mark.ts'
import { stateRoot } from '../state-root.ts'
import { frame } from './frames.ts'
import { openFileStore } from './store.ts'

const journal = 'journal-0.jsonl'

/** A closed store of three books, one a batch. */
async function threeBooks(): Promise<string> {
  const directory = newDirectory()
  const store = await opened('file', { directory })
  // The last one is long, so that a line written over its torn remains would leave some of them behind.
  for (const n of [1, 2, 3]) await add(store, book(keyOf(n), n === 3 ? { note: 'x'.repeat(200) } : {}))
  await store.close()
  return directory
}

/** The journal of three batches, without the mark that stood beside it. */
async function crashed(): Promise<{ bytes: Buffer; lastStart: number }> {
  const bytes = readFileSync(join(await threeBooks(), journal))
  return { bytes, lastStart: lineAt(bytes, bytes.length - 2) }
}

/** Where the line starts that has this byte. */
function lineAt(bytes: Buffer, at: number): number {
  return at === 0 ? 0 : bytes.lastIndexOf(0x0a, at - 1) + 1
}

function directoryWith(bytes: Uint8Array): string {
  const directory = newDirectory()
  writeFileSync(join(directory, journal), bytes)
  return directory
}

describe('the journal', { timeout: 60_000 }, () => {
  it('is lines that a person can read', async () => {
    const text = readFileSync(join(await threeBooks(), journal), 'utf8')
    expect(text).toMatch(
      /^\d+ [0-9a-f]{32} \{"format":"openclaw-web3-market journal","version":1,"generation":0\}\n/,
    )
    expect(text).toContain(
      '[{"put":"book","key":"b00001","body":{"rev":0,"bookId":"b00001","status":"draft","tags":[],"price":"1"}}]',
    )
  })

  it('loses a last line that was cut short at any byte, and nothing else', async () => {
    const { bytes, lastStart } = await crashed()
    for (let length = lastStart; length <= bytes.length; length++) {
      const directory = directoryWith(bytes.subarray(0, length))
      const store = openFileStore({ directory, collections: shelf })
      expect(await bookIds(store)).toEqual([1, 2, ...(length === bytes.length ? [3] : [])].map(keyOf))
      await add(store, book(keyOf(9)))
      await store.close()
      const again = openFileStore({ directory, collections: shelf })
      expect((await bookIds(again)).at(-1)).toBe(keyOf(9))
      expect(readFileSync(join(directory, journal)).includes('xxx')).toBe(length === bytes.length)
      await again.close()
    }
  })

  it('loses a last line with a hole, as a power loss leaves it', async () => {
    const { bytes, lastStart } = await crashed()
    for (const [from, to] of [
      [lastStart, lastStart + 20],
      [lastStart + 40, bytes.length - 1],
      [lastStart + 40, bytes.length],
    ] as const) {
      const holed = Buffer.from(bytes)
      holed.fill(0, from, to)
      const store = await opened('file', { directory: directoryWith(holed) })
      expect(await bookIds(store)).toEqual([1, 2].map(keyOf))
      await store.close()
    }
  })

  it('is refused, by file and offset, when any byte of it is flipped or its end is cut', async () => {
    const directory = await threeBooks()
    const bytes = readFileSync(join(directory, journal))
    const lastStart = lineAt(bytes, bytes.length - 2)
    const short = `${journal} ends before what was acknowledged`
    for (let at = 0; at < bytes.length; at++) {
      const flipped = Buffer.from(bytes)
      flipped[at] = (flipped[at] ?? 0) ^ (1 << (at % 8))
      writeFileSync(join(directory, journal), flipped)
      const line = lineAt(bytes, at)
      expect(() => openFileStore({ directory, collections: shelf })).toThrow(
        line === lastStart ? journal : `${journal} is damaged at byte ${line}`,
      )
    }
    writeFileSync(join(directory, journal), bytes.subarray(0, lastStart))
    expect(() => openFileStore({ directory, collections: shelf })).toThrow(short)
    await expect(opened('file', { directory })).rejects.toMatchObject({
      code: 'E_UNAVAILABLE',
      hint: expect.stringContaining('remove the file "acknowledged"'),
    })
    rmSync(join(directory, journal))
    await expect(opened('file', { directory })).rejects.toThrow(`${journal} is missing`)
  })

  it('is made by the next process when the first one died before it had', async () => {
    const directory = newDirectory()
    Mark.open(directory).close()
    const store = await opened('file', { directory })
    expect(await bookIds(store)).toEqual([])
    await add(store, book(keyOf(1)))
  })

  it('is read again to find damage that is done to it while it is in use', async () => {
    const directory = newDirectory()
    const store = await opened('file', { directory })
    await add(store, book(keyOf(1)))
    await add(store, book(keyOf(2)))
    const bytes = readFileSync(join(directory, journal))
    expect(await store.findDamage()).toBeUndefined()
    for (const at of [0, 200, bytes.length - 20]) {
      const flipped = Buffer.from(bytes)
      flipped[at] = (flipped[at] ?? 0) ^ 1
      writeFileSync(join(directory, journal), flipped)
      expect(await store.findDamage()).toContain(journal)
    }
    writeFileSync(join(directory, journal), bytes)
    expect(await store.findDamage()).toBeUndefined()
    expect(await bookIds(store)).toHaveLength(2)
  })

  it('is refused when a line is missing, doubled or moved', async () => {
    const lines = readFileSync(join(await threeBooks(), journal), 'utf8')
      .trimEnd()
      .split('\n')
    const [header = '', one = '', two = '', ...rest] = lines
    for (const wrong of [
      [header, two, ...rest],
      [header, one, one, two, ...rest],
      [header, two, one, ...rest],
      [one, two, ...rest],
    ]) {
      const directory = directoryWith(Buffer.from(`${wrong.join('\n')}\n`))
      await expect(opened('file', { directory })).rejects.toMatchObject({ code: 'E_UNAVAILABLE' })
    }
  })

  it('is refused when a later version or another program wrote it', async () => {
    const headerOf = (header: object): Uint8Array => Buffer.from(frame('', JSON.stringify(header)).text)
    const later = directoryWith(
      headerOf({ format: 'openclaw-web3-market journal', version: 2, generation: 0 }),
    )
    await expect(opened('file', { directory: later })).rejects.toMatchObject({
      message: expect.stringContaining('format 2'),
    })
    const other = directoryWith(headerOf({ format: 'other', version: 1, generation: 0 }))
    await expect(opened('file', { directory: other })).rejects.toMatchObject({
      message: expect.stringContaining('some other program'),
    })
  })
})

describe('snapshots', { timeout: 60_000 }, () => {
  /** A store whose journal was replaced by snapshots several times. Closed. */
  async function renewed(mark = ''): Promise<{ directory: string; root: string; names: readonly string[] }> {
    const directory = newDirectory()
    const store = openFileStore({ directory, collections: shelf, snapshotAfterBytes: 2_000 })
    for (let n = 0; n < 60; n++) {
      await add(store, book(keyOf(n), { tags: ['t'], isbn: `i${n}${mark}` }))
      await store.write((tx) =>
        tx.insert(Tickets, { rev: 0, ticketId: `t${n}`, code: `c${n}`, tags: [], dueAt: n }),
      )
      if (n > 0) await store.write((tx) => tx.remove(Tickets, `t${n - 1}`))
      await store.write((tx) => tx.update(Books, book(keyOf(0), { rev: n, tags: [`${n}`] })))
    }
    const root = await stateRoot(store)
    await store.close()
    return {
      directory,
      root,
      names: readdirSync(directory).filter((name) => name.endsWith('.jsonl') || name.endsWith('.new')),
    }
  }

  it('replace the journal, and hold the same state', async () => {
    const { directory, root, names } = await renewed()
    expect(names).toHaveLength(2)
    const generation = Number(/\d+/.exec(names[0] ?? '')?.[0])
    expect(generation).toBeGreaterThan(3)
    expect(names).toEqual([`journal-${generation}.jsonl`, `snapshot-${generation}.jsonl`])
    const store = await opened('file', { directory })
    expect(await stateRoot(store)).toBe(root)
    await add(store, book('next'))
    await store.close()
    expect(await bookIds(await opened('file', { directory }))).toContain('next')
  })

  it('are refused when any byte is flipped, cut or added, or when a file is missing', async () => {
    const { directory, names } = await renewed()
    const snapshot = names[1] ?? ''
    const bytes = readFileSync(join(directory, snapshot))
    const copy = (): string => {
      const to = join(newDirectory(), 'copy')
      mkdirSync(to)
      for (const name of names) copyFileSync(join(directory, name), join(to, name))
      return to
    }
    const passed: string[] = []
    const refused = async (to: string, what: string): Promise<void> => {
      if ((await refusalOf(opened('file', { directory: to }))) !== 'E_UNAVAILABLE') passed.push(what)
    }
    for (let at = 0; at < bytes.length; at += 97) {
      const to = copy()
      const flipped = Buffer.from(bytes)
      flipped[at] = (flipped[at] ?? 0) ^ 0x10
      writeFileSync(join(to, snapshot), flipped)
      await refused(to, `${at}`)
    }
    const other = await renewed('x')
    const exchanged = copy()
    copyFileSync(join(other.directory, snapshot), join(exchanged, snapshot))
    await refused(exchanged, "with another store's snapshot")
    const cut = copy()
    truncateSync(join(cut, snapshot), bytes.lastIndexOf(0x0a, bytes.length - 2) + 1)
    await refused(cut, 'without its last line')
    const added = copy()
    appendFileSync(join(added, snapshot), '\n')
    await refused(added, 'with a line more')
    for (const missing of names) {
      const to = newDirectory()
      for (const name of names) if (name !== missing) copyFileSync(join(directory, name), join(to, name))
      await refused(to, `without ${missing}`)
    }
    expect(passed).toEqual([])
  })

  it('that were never finished are swept away', async () => {
    const { directory, root, names } = await renewed()
    const next = Number(/\d+/.exec(names[0] ?? '')?.[0]) + 1
    writeFileSync(join(directory, `snapshot-${next}.jsonl.new`), 'half a snap')
    copyFileSync(join(directory, names[0] ?? ''), join(directory, `journal-${next}.jsonl`))
    const store = await opened('file', { directory })
    expect(await stateRoot(store)).toBe(root)
    expect(readdirSync(directory).filter((name) => name.includes('jsonl'))).toEqual(names)
  })

  it('keep the records of collections that are not declared now', async () => {
    const { directory, root } = await renewed()
    const fewer = openFileStore({ directory, collections: shelf.slice(1), snapshotAfterBytes: 1 })
    for (let n = 0; n < 3; n++) {
      await fewer.write((tx) =>
        tx.insert(Tickets, { rev: 0, ticketId: `x${n}`, code: `x${n}`, tags: [], dueAt: n }),
      )
      await fewer.write((tx) => tx.remove(Tickets, `x${n}`))
    }
    await fewer.close()
    expect(await stateRoot(await opened('file', { directory }))).toBe(root)
  })
})

it('takes no more than its bound, says where to move, and still lets records shrink and go', async () => {
  const store = await opened('file', { maxBytes: 2_000 })
  await store.write((tx) => tx.insert(Tickets, { rev: 0, ticketId: 't', code: 'c', tags: [], dueAt: 0 }))
  await add(store, book('b1', { note: 'x'.repeat(1_500) }))
  await expect(add(store, book('b2', { note: 'x'.repeat(500) }))).rejects.toMatchObject({
    code: 'E_UNAVAILABLE',
    hint: expect.stringContaining('sqlite'),
  })
  await store.write((tx) => tx.update(Books, book('b1')))
  await store.write((tx) => tx.remove(Tickets, 't'))
  await add(store, book('b2', { note: 'x'.repeat(500) }))
  expect(await bookIds(store)).toEqual(['b1', 'b2'])
})
