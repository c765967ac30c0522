import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import { sha256Hex } from '@openclaw-market/protocol/canonical'
import { describe, expect, it } from 'vitest'
import { codeOf, contentOf, filesBelow, newRoot, roomy, storageAt, text } from './filesystem-fixture.ts'
import { sidecarName } from './sidecar.ts'

/** The folder before a put and after it, of which every state that a crash in between can leave is put together. */
async function beforeAndAfter(): Promise<{ before: string; after: string }> {
  const before = newRoot()
  await storageAt(before).put('t', { path: 'd/f', bytes: text('older'), mime: 'text/old' }, roomy)
  const after = newRoot()
  cpSync(before, after, { recursive: true })
  // The same size, so that only the bytes tell the two apart.
  await storageAt(after).put('t', { path: 'd/f', bytes: text('newer'), mime: 'text/new' }, roomy)
  return { before, after }
}

const meta = (root: string): string => path.join(root, 't/.ocm/meta')

describe('after a crash', () => {
  it('before the bytes took their place, the older ones stand', async () => {
    const { before, after } = await beforeAndAfter()
    cpSync(meta(after), meta(before), { recursive: true })
    writeFileSync(path.join(before, 't/.ocm/tmp/rest'), 'newer')
    const storage = storageAt(before)
    expect(await storage.get('t', 'd/f')).toMatchObject({ mime: 'text/old', bytes: text('older') })
    expect(filesBelow(path.join(before, 't'))).toHaveLength(2)
  })

  it('after the bytes took their place, the newer ones stand', async () => {
    const { before, after } = await beforeAndAfter()
    cpSync(meta(before), meta(after), { recursive: true })
    const storage = storageAt(after)
    expect(await storage.get('t', 'd/f')).toMatchObject({ mime: 'text/new', bytes: text('newer') })
    expect(filesBelow(path.join(after, 't'))).toHaveLength(2)
  })

  it('a put that fails before its bytes took their place leaves the older ones', async () => {
    const { before } = await beforeAndAfter()
    const storage = storageAt(before)
    // A folder where the sidecar of the newer bytes belongs: its rename fails.
    const inTheWay = path.join(meta(before), sidecarName({ path: 'd/f', etag: sha256Hex('newer') }))
    mkdirSync(inTheWay)
    expect(await codeOf(storage.put('t', { path: 'd/f', bytes: text('newer') }, roomy))).toBe('E_UNAVAILABLE')
    expect(await contentOf(storage, 't', 'd/f')).toBe('older')
    expect(await contentOf(storageAt(before), 't', 'd/f')).toBe('older')
    rmSync(inTheWay, { recursive: true })
    await storage.put('t', { path: 'd/f', bytes: text('newer') }, roomy)
    expect(await contentOf(storageAt(before), 't', 'd/f')).toBe('newer')
  })

  it('in a first put, there is nothing, and the place is free', async () => {
    const { after } = await beforeAndAfter()
    rmSync(path.join(after, 't/d/f'))
    const storage = storageAt(after)
    expect(await codeOf(storage.get('t', 'd/f'))).toBe('E_NOT_FOUND')
    expect(await storage.usage('t')).toEqual({ bytes: 0, files: 0 })
    expect(readdirSync(meta(after))).toEqual([])
    await storage.put('t', { path: 'd/f', bytes: text('third') }, roomy)
  })

  it('in a removal, it is finished', async () => {
    const root = newRoot()
    mkdirSync(path.join(root, '.removed-0011223344556677/d'), { recursive: true })
    await storageAt(root).usage('t')
    expect(readdirSync(root)).toEqual([])
  })

  it('a torn sidecar harms no file', async () => {
    const { before } = await beforeAndAfter()
    writeFileSync(path.join(meta(before), 'x.json'), '{"path":')
    await storageAt(before).put('t', { path: 'g', bytes: text('x') }, roomy)
    expect(await contentOf(storageAt(before), 't', 'd/f')).toBe('older')
  })
})

const writer = `
  import { filesystemBackend } from ${JSON.stringify(pathToFileURL(path.join(import.meta.dirname, 'filesystem.ts')).href)}
  const storage = filesystemBackend({ config: { directory: process.argv[1] } })
  const bytes = (i) => new TextEncoder().encode(String(i).padStart(2_000, '0'))
  for (let i = 1; ; i++) {
    await storage.put('t', { path: 'd/f' + (i % 3), bytes: bytes(i), mime: 'text/v' + i }, { maxTotalBytes: 1e9 })
    process.stdout.write(i + '\\n')
  }
`

describe('kill -9', () => {
  it('loses nothing that was acknowledged and leaves nothing half written', { timeout: 60_000 }, async () => {
    const root = newRoot()
    for (const killAfter of [1, 4, 9, 14]) {
      const child = spawn(process.execPath, ['--input-type=module', '-e', writer, root], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const closed = once(child, 'close')
      let acknowledged = 0
      for await (const line of createInterface({ input: child.stdout })) {
        acknowledged = Number(line)
        if (acknowledged === killAfter) child.kill('SIGKILL')
      }
      await closed
      expect(acknowledged).toBeGreaterThanOrEqual(killAfter)
      const storage = storageAt(root)
      const { files } = await storage.list('t', {})
      for (const { path: at } of files) {
        const version = Number(await contentOf(storage, 't', at))
        const { mime } = await storage.get('t', at)
        expect(mime).toBe(`text/v${version}`)
        const residue = Number(at.at(-1))
        const last = acknowledged - ((acknowledged - residue) % 3)
        // The last that was acknowledged, or the one that was under way.
        expect([last, acknowledged + 1]).toContain(version)
      }
      expect(files.length).toBeGreaterThanOrEqual(Math.min(acknowledged, 3))
      expect(existsSync(path.join(root, 't/.ocm/tmp'))).toBe(true)
      expect(filesBelow(path.join(root, 't'))).toHaveLength(files.length * 2)
      await storage.remove('t')
    }
  })
})
