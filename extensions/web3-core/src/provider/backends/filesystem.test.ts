import { mkdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { sha256Hex } from '@openclaw-market/protocol/canonical'
import { describe, expect, it } from 'vitest'
import { codeOf, contentOf, filesBelow, newRoot, roomy, storageAt, text } from './filesystem-fixture.ts'

const mode = (place: string): string => (statSync(place).mode & 0o777).toString(8)

describe('put, get, list', () => {
  it('gives back what was put, also after a restart', async () => {
    const root = newRoot()
    const storage = storageAt(root)
    const put = await storage.put(
      'lease_1',
      { path: 'a/ä.txt', bytes: text('hello'), mime: 'text/plain' },
      roomy,
    )
    expect(put).toEqual({
      path: 'a/ä.txt',
      etag: sha256Hex('hello'),
      size: 5,
      mime: 'text/plain',
      createdAt: 1_000,
    })
    for (const at of [storage, storageAt(root)]) {
      expect(await at.get('lease_1', 'a/ä.txt')).toEqual({ ...put, bytes: text('hello') })
      expect(await at.usage('lease_1')).toEqual({ bytes: 5, files: 1 })
      expect(await at.list('lease_1', {})).toEqual({ files: [put] })
    }
    const folder = path.join(root, 'lease_1')
    expect([folder, path.join(folder, 'a'), path.join(folder, '.ocm/meta')].map(mode)).toEqual([
      '700',
      '700',
      '700',
    ])
    expect(filesBelow(folder)).toHaveLength(2)
    for (const file of filesBelow(folder)) expect(mode(path.join(folder, file))).toBe('600')
    expect(readFileSync(path.join(folder, 'a/ä.txt'), 'utf8')).toBe('hello')
  })

  it('replaces, and counts only what is there', async () => {
    const root = newRoot()
    const storage = storageAt(root)
    await storage.put('t', { path: 'f', bytes: text('first'), mime: 'text/plain' }, roomy)
    const second = await storage.put('t', { path: 'f', bytes: text('2') }, roomy)
    for (const at of [storage, storageAt(root)]) {
      expect(await at.get('t', 'f')).toEqual({ ...second, bytes: text('2') })
      expect(await at.usage('t')).toEqual({ bytes: 1, files: 1 })
    }
    await storage.put('t', { path: 'f', bytes: text('2'), mime: 'text/html' }, roomy)
    expect((await storageAt(root).get('t', 'f')).mime).toBe('text/html')
    expect(filesBelow(path.join(root, 't'))).toHaveLength(2)
  })

  it('keeps an empty file', async () => {
    const root = newRoot()
    await storageAt(root).put('t', { path: 'empty', bytes: new Uint8Array() }, roomy)
    expect((await storageAt(root).get('t', 'empty')).size).toBe(0)
  })

  it('keeps tenants apart', async () => {
    const storage = storageAt(newRoot())
    for (const tenant of ['t', 'T', 'u']) await storage.put(tenant, { path: 'f', bytes: text(tenant) }, roomy)
    for (const tenant of ['t', 'T', 'u']) expect(await contentOf(storage, tenant, 'f')).toBe(tenant)
    expect(await codeOf(storage.get('v', 'f'))).toBe('E_NOT_FOUND')
    expect(await codeOf(storage.get('../t', 'f'))).toBe('E_INVALID_ARGUMENT')
  })

  it('lists by path, page by page, and by prefix', async () => {
    const storage = storageAt(newRoot())
    const paths = ['b/2', 'a', 'b/1', 'c', 'b/10', 'b.txt', 'Z']
    for (const at of paths) await storage.put('t', { path: at, bytes: text(at) }, roomy)
    const sorted = [...paths].sort()
    for (const limit of [1, 2, 3, 7, 200]) {
      const seen: string[] = []
      let cursor: string | undefined
      do {
        const page = await storage.list('t', { limit, ...(cursor === undefined ? {} : { cursor }) })
        expect(page.files.length).toBeLessThanOrEqual(limit)
        seen.push(...page.files.map((file) => file.path))
        cursor = page.nextCursor
      } while (cursor !== undefined)
      expect(seen).toEqual(sorted)
    }
    const below = await storage.list('t', { prefix: 'b/', limit: 2 })
    expect(below.files.map((file) => file.path)).toEqual(['b/1', 'b/10'])
    const rest = await storage.list('t', { prefix: 'b/', limit: 2, cursor: below.nextCursor ?? '' })
    expect(rest).toMatchObject({ files: [{ path: 'b/2' }] })
    expect(rest.nextCursor).toBeUndefined()
    for (const query of [
      { limit: 0 },
      { limit: 201 },
      { cursor: '' },
      { cursor: 'Li4vYQ' },
      { prefix: 'x'.repeat(513) },
    ]) {
      expect(await codeOf(storage.list('t', query))).toBe('E_INVALID_ARGUMENT')
    }
  })

  it('refuses paths and types that it should', async () => {
    const root = newRoot()
    const storage = storageAt(root)
    for (const at of ['../x', '/x', 'a//b', '.ocm/meta/x']) {
      expect(await codeOf(storage.put('t', { path: at, bytes: text('x') }, roomy))).toBe('E_INVALID_ARGUMENT')
      expect(await codeOf(storage.get('t', at))).toBe('E_INVALID_ARGUMENT')
    }
    expect(await codeOf(storage.put('t', { path: 'a', bytes: text('x'), mime: 'x' }, roomy))).toBe(
      'E_INVALID_ARGUMENT',
    )
    expect(filesBelow(root)).toEqual([])
  })

  it('refuses names that stand in each other’s way, also after a restart', async () => {
    const root = newRoot()
    const first = storageAt(root)
    await first.put('t', { path: 'Dir/File', bytes: text('x') }, roomy)
    for (const storage of [first, storageAt(root)]) {
      for (const at of ['Dir/file', 'dir/other', 'Dir', 'dir', 'Dir/File/below', 'DIR/FILE']) {
        expect(await codeOf(storage.put('t', { path: at, bytes: text('y') }, roomy))).toBe('E_CONFLICT')
      }
    }
    expect(await contentOf(first, 't', 'Dir/File')).toBe('x')
    expect(await codeOf(first.get('t', 'dir/file'))).toBe('E_NOT_FOUND')
  })
})

describe('limits', () => {
  it('holds a tenant to its bytes before it writes', async () => {
    const root = newRoot()
    const storage = storageAt(root)
    const limits = { maxTotalBytes: 10 }
    await storage.put('t', { path: 'a', bytes: text('12345') }, limits)
    expect(await codeOf(storage.put('t', { path: 'b', bytes: text('123456') }, limits))).toBe(
      'E_QUOTA_EXCEEDED',
    )
    expect(filesBelow(path.join(root, 't'))).toHaveLength(2)
    await storage.put('t', { path: 'b', bytes: text('12345') }, limits)
    await storage.put('t', { path: 'a', bytes: text('54321') }, limits)
    expect(await codeOf(storage.put('t', { path: 'a', bytes: text('543210') }, limits))).toBe(
      'E_QUOTA_EXCEEDED',
    )
    expect(await contentOf(storage, 't', 'a')).toBe('54321')
  })

  it('lets no race pass the limit', async () => {
    const storage = storageAt(newRoot())
    const puts = Array.from({ length: 20 }, (_, i) =>
      storage.put('t', { path: `f${i}`, bytes: text('123') }, { maxTotalBytes: 10 }),
    )
    const done = await Promise.allSettled(puts)
    expect(done.filter((d) => d.status === 'fulfilled')).toHaveLength(3)
    expect(await storage.usage('t')).toEqual({ bytes: 9, files: 3 })
  })

  it('holds all tenants together to the folder’s bytes, also after a restart', async () => {
    const root = newRoot()
    const storage = storageAt(root, 10)
    const done = await Promise.allSettled(
      Array.from({ length: 8 }, (_, i) => storage.put(`t${i}`, { path: 'f', bytes: text('123') }, roomy)),
    )
    expect(done.filter((d) => d.status === 'fulfilled')).toHaveLength(3)
    const again = storageAt(root, 10)
    expect(await codeOf(again.put('x', { path: 'f', bytes: text('12') }, roomy))).toBe('E_UNAVAILABLE')
    const kept = done.findIndex((d) => d.status === 'fulfilled')
    await again.remove(`t${kept}`)
    await again.put('x', { path: 'f', bytes: text('1234') }, roomy)
    expect(await codeOf(again.put('y', { path: 'f', bytes: text('1') }, roomy))).toBe('E_UNAVAILABLE')
  })
})

describe('what others did to the folder', () => {
  it('never follows a link, in or out', async () => {
    const root = newRoot()
    const outside = newRoot()
    writeFileSync(path.join(outside, 'f'), 'outside')
    const storage = storageAt(root)
    await storage.put('t', { path: 'd/f', bytes: text('outside') }, roomy)
    const folder = path.join(root, 't')
    symlinkSync(outside, path.join(folder, 'link'))
    symlinkSync(path.join(outside, 'f'), path.join(folder, 'file'))
    expect(await codeOf(storage.get('t', 'link/f'))).toBe('E_NOT_FOUND')
    expect(await codeOf(storage.get('t', 'file'))).toBe('E_NOT_FOUND')
    expect(await codeOf(storage.put('t', { path: 'link/g', bytes: text('x') }, roomy))).toBe('E_CONFLICT')
    expect(await codeOf(storage.put('t', { path: 'file', bytes: text('x') }, roomy))).toBe('E_CONFLICT')
    // A stored file whose folder, or which itself, was swapped for a link to the very same bytes.
    rmSync(path.join(folder, 'd'), { recursive: true })
    symlinkSync(outside, path.join(folder, 'd'))
    expect(await codeOf(storage.get('t', 'd/f'))).toBe('E_UNAVAILABLE')
    expect(await codeOf(storage.put('t', { path: 'd/f', bytes: text('x') }, roomy))).toBe('E_CONFLICT')
    rmSync(path.join(folder, 'd'))
    mkdirSync(path.join(folder, 'd'))
    symlinkSync(path.join(outside, 'f'), path.join(folder, 'd/f'))
    expect(await codeOf(storage.get('t', 'd/f'))).toBe('E_UNAVAILABLE')
    expect(filesBelow(outside)).toEqual(['f'])
    expect(readFileSync(path.join(outside, 'f'), 'utf8')).toBe('outside')
  })

  it('does not take a link for a tenant', async () => {
    const root = newRoot()
    const outside = newRoot()
    const storage = storageAt(root)
    symlinkSync(outside, path.join(root, 't'))
    expect(await codeOf(storage.put('t', { path: 'f', bytes: text('x') }, roomy))).toBe('E_UNAVAILABLE')
    expect(await codeOf(storage.list('t', {}))).toBe('E_UNAVAILABLE')
    expect(await codeOf(storage.remove('t'))).toBe('E_UNAVAILABLE')
    expect(filesBelow(outside)).toEqual([])
    await storage.put('u', { path: 'f', bytes: text('x') }, roomy)
  })

  it('does not pass altered bytes off as those that were put', async () => {
    const root = newRoot()
    const storage = storageAt(root)
    await storage.put('t', { path: 'f', bytes: text('right') }, roomy)
    writeFileSync(path.join(root, 't/f'), 'wrong')
    expect(await codeOf(storage.get('t', 'f'))).toBe('E_UNAVAILABLE')
    await storage.put('t', { path: 'f', bytes: text('right') }, roomy)
    expect(await contentOf(storage, 't', 'f')).toBe('right')
  })

  it('says nothing of a folder that is gone, and works again when it is back', async () => {
    const root = newRoot()
    const storage = storageAt(root)
    renameSync(root, `${root}-away`)
    expect(await codeOf(storage.put('t', { path: 'f', bytes: text('x') }, roomy))).toBe('E_UNAVAILABLE')
    renameSync(`${root}-away`, root)
    await storage.put('t', { path: 'f', bytes: text('x') }, roomy)
    expect(await contentOf(storage, 't', 'f')).toBe('x')
  })

  it('fails a put that the disk refuses, and keeps its books right', async () => {
    const root = newRoot()
    const storage = storageAt(root, 10)
    await storage.put('t', { path: 'f', bytes: text('kept') }, roomy)
    // A folder in the place of the temporary files: refused for root too, whom permissions do not stop.
    const temporary = path.join(root, 't/.ocm/tmp')
    rmSync(temporary, { recursive: true })
    writeFileSync(temporary, '')
    expect(await codeOf(storage.put('t', { path: 'g', bytes: text('123456') }, roomy))).toBe('E_UNAVAILABLE')
    rmSync(temporary)
    await storage.put('t', { path: 'g', bytes: text('123456') }, roomy)
    expect(await storage.usage('t')).toEqual({ bytes: 10, files: 2 })
  })
})

describe('remove', () => {
  it('leaves nothing, and does nothing twice', async () => {
    const root = newRoot()
    const storage = storageAt(root)
    await storage.put('t', { path: 'a/b', bytes: text('x') }, roomy)
    await storage.put('u', { path: 'a/b', bytes: text('y') }, roomy)
    await storage.remove('t')
    await storage.remove('t')
    expect(filesBelow(root).every((file) => file.startsWith('u/'))).toBe(true)
    expect(await storage.usage('t')).toEqual({ bytes: 0, files: 0 })
    expect(await codeOf(storage.get('t', 'a/b'))).toBe('E_NOT_FOUND')
    await storage.put('t', { path: 'A/b', bytes: text('z') }, roomy)
    expect(await contentOf(storage, 't', 'A/b')).toBe('z')
  })
})
