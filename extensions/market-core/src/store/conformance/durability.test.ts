import { spawn, type ChildProcess } from 'node:child_process'
import { mkdirSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createInterface } from 'node:readline'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Collection } from '@openclaw-market/protocol/collection'
import { stateRoot } from '../state-root.ts'
import type { MarketStore } from '../store.ts'
import { Pairs } from './pairs.ts'
import { add, backends, book, Books, getBook, market, newDirectory, opened, type Backend } from './shelf.ts'

const script = fileURLToPath(new URL('writer.child.ts', import.meta.url))
const pairs = [Pairs] as readonly unknown[] as readonly Collection[]

/** Starts the writing child; `limit` bounds the size of any file it writes, in KiB. */
function startWriter(kind: Backend, directory: string, writers: number, limit?: number): ChildProcess {
  const command = `${limit === undefined ? '' : `ulimit -f ${limit}; `}exec "$0" "$@"`
  const child = spawn('bash', ['-c', command, process.execPath, script, kind, directory, String(writers)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

/** The child's lines until it ends; `each` sees them as they come. */
async function linesOf(
  child: ChildProcess,
  each: (line: string) => void = () => {},
): Promise<readonly string[]> {
  if (child.stdout === null) throw new Error('the child has no stdout')
  const lines: string[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line)
    each(line)
  }
  return lines
}

const named = (lines: readonly string[], word: string): readonly string[] =>
  lines.flatMap((line) => (line.startsWith(`${word} `) ? [line.split(' ')[1] ?? ''] : []))

/** Which writes are in the store. Throws when one is there by half. */
async function wholePairs(store: MarketStore): Promise<ReadonlySet<string>> {
  const { items } = await store.read(market, (tx) => tx.list(Pairs, { limit: 1_000_000 }))
  const names = items.map((each) => each.name)
  const whole = new Set(names)
  expect(names.length).toBe(whole.size * 2)
  return whole
}

describe.each(backends)('what %s has acknowledged', { timeout: 60_000 }, (kind) => {
  it('is there after close and open, with the same root and the same indexes', async () => {
    const directory = newDirectory()
    const store = await opened(kind, { directory })
    await add(store, book('b1', { isbn: 'i', shelf: 'x', tags: ['t'], price: 7n }), book('b2', { dueAt: 5 }))
    await store.write((tx) => tx.update(Books, book('b1', { isbn: 'i', shelf: 'y', tags: ['t'] })))
    const root = await stateRoot(store)
    await store.close()
    for (let again = 0; again < 3; again++) {
      const next = await opened(kind, { directory })
      expect(await stateRoot(next)).toBe(root)
      await next.read(market, async (tx) => {
        expect((await tx.find(Books, 'isbn', 'i'))?.rev).toBe(1)
        expect((await tx.list(Books, { where: { shelf: 'x' }, limit: 9 })).items).toEqual([])
        expect(
          (await tx.list(Books, { tagged: { tags: 't' }, where: { shelf: 'y' }, limit: 9 })).items,
        ).toHaveLength(1)
        expect(
          (await tx.list(Books, { order: 'due', atMost: { field: 'dueAt', value: 5 }, limit: 9 })).items,
        ).toHaveLength(1)
      })
      await next.close()
    }
  })

  it('survives SIGKILL, again and again, and what was not is there whole or not at all', async () => {
    const directory = newDirectory()
    const kept = new Set<string>()
    for (const writers of [1, 16]) {
      const child = startWriter(kind, directory, writers)
      let count = 0
      const lines = await linesOf(child, (line) => {
        if (line.startsWith('kept') && ++count === 200) child.kill('SIGKILL')
      })
      // The second child meets the first one's names; those are refused as taken, and that ends its writers.
      for (const name of named(lines, 'kept')) kept.add(name)
      const store = await opened(kind, { directory, collections: pairs })
      const whole = await wholePairs(store)
      expect([...kept].filter((name) => !whole.has(name))).toEqual([])
      await store.close()
    }
    expect(kept.size).toBeGreaterThanOrEqual(200)
  })

  it('survives a disk that takes no more, which ends writing but not reading', async () => {
    const directory = newDirectory()
    const lines = await linesOf(startWriter(kind, directory, 8, 256))
    const refused = lines.filter((line) => line.startsWith('refused'))
    expect(refused).toHaveLength(8 + 1)
    for (const line of refused.slice(0, 8))
      expect(line).toMatch(/ (E_OUTCOME_UNKNOWN unknown|E_UNAVAILABLE nothing)$/)
    expect(refused[0]).toMatch(/E_OUTCOME_UNKNOWN unknown$/)
    expect(refused.at(-1)).toBe('refused after E_UNAVAILABLE nothing')
    expect(lines).toContain('reads 1')
    expect(lines.at(-1)).toBe('closed')
    const store = await opened(kind, { directory, collections: pairs })
    const whole = await wholePairs(store)
    const kept = named(lines, 'kept')
    expect(kept.length).toBeGreaterThan(50)
    expect(kept.filter((name) => !whole.has(name))).toEqual([])
    expect(whole).not.toContain('after')
  })

  it('is behind a lock that one process has at a time, and that dies with it', async () => {
    const directory = newDirectory()
    const child = startWriter(kind, directory, 1)
    const refusal: unknown = await new Promise((resolve, reject) => {
      linesOf(child, (line) => {
        if (line !== 'open') return
        opened(kind, { directory, collections: pairs }).then(
          () => reject(new Error('it was let in')),
          resolve,
        )
      }).catch(reject)
    })
    expect(refusal).toMatchObject({ code: 'E_UNAVAILABLE', hint: expect.any(String) })
    expect(String(refusal)).toContain(`process ${child.pid}`)
    child.kill('SIGKILL')
    await new Promise((resolve) => child.once('close', resolve))
    await opened(kind, { directory, collections: pairs })
  })

  it('is behind a lock within one process too', async () => {
    const directory = newDirectory()
    const store = await opened(kind, { directory })
    for (let again = 0; again < 2; again++) {
      await expect(opened(kind, { directory })).rejects.toMatchObject({
        code: 'E_UNAVAILABLE',
        message: expect.stringContaining('this process'),
      })
    }
    // Looking at the lock must not have dropped it: POSIX locks go when any descriptor of the file is closed.
    const [line] = await linesOf(startWriter(kind, directory, 1))
    expect(line).toMatch(/^refused open .* is open already, in process \d+$/)
    await add(store, book('b1'))
    await store.close()
    expect(await getBook(await opened(kind, { directory }), 'b1')).toBeDefined()
  })

  it('is private to its user', async () => {
    const directory = join(newDirectory(), 'new', 'store')
    const store = await opened(kind, { directory })
    await add(store, book('b1'))
    expect(statSync(directory).mode & 0o777).toBe(0o700)
    const files = readdirSync(directory)
    expect(files.length).toBeGreaterThan(2)
    expect(files.filter((name) => (statSync(join(directory, name)).mode & 0o777) !== 0o600)).toEqual([])
    const shared = join(newDirectory(), 'shared')
    mkdirSync(shared, { mode: 0o755 })
    await opened(kind, { directory: shared })
    expect(statSync(shared).mode & 0o777, 'closed to those who could enter').toBe(0o700)
  })
})
