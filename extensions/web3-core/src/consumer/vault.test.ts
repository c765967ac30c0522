import { mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { describe, expect, it, onTestFinished } from 'vitest'
import { sha256Hex } from '@openclaw-market/protocol/canonical'
import { LeaseId, ResourceId } from '@openclaw-market/protocol/ids'
import { codec } from '@openclaw-market/protocol/schema/codec'
import { secretBox } from '../identity/market-keys.fixture.ts'
import { keptMs, maxClosed } from './vault-entry.ts'
import { openVault } from './vault.ts'
import type { NewVaultEntry, Vault } from './vault.ts'

const secret = 'canary'.repeat(8)
const box = secretBox(secret, 'consumer-vault')
const start = Date.parse('2026-01-01T00:00:00.000Z')
const lease = (n: number): LeaseId => codec(LeaseId).decode(`lease_${String(n).padStart(26, '0')}`)
const resource = (n: number): ResourceId => codec(ResourceId).decode(`res_${String(n).padStart(26, '0')}`)
const entry = (n: number, more: Partial<NewVaultEntry> = {}): NewVaultEntry => ({
  market: 'self',
  resourceId: resource(1),
  kind: 'model',
  idempotencyKey: `lease-key-${n}`,
  ...more,
})

interface Place {
  readonly file: string
  readonly directory: string
  time: number
  open(): Promise<Vault>
}

async function place(): Promise<Place> {
  const root = await mkdtemp(join(tmpdir(), 'market-vault-'))
  onTestFinished(() => rm(root, { recursive: true, force: true }))
  const directory = join(root, 'vault')
  const file = join(directory, 'leases.vault')
  const open = (): Promise<Vault> => openVault({ file, box, now: () => at.time })
  const at: Place = { file, directory, time: start, open }
  return at
}

async function active(vault: Vault, n: number, more: Partial<NewVaultEntry> = {}): Promise<void> {
  const { tokenHash } = await vault.addPending(entry(n, more))
  await vault.activate(tokenHash, { leaseId: lease(n) })
}

describe('the vault', () => {
  it('is empty, and no file, before the first lease', async () => {
    const at = await place()
    const vault = await at.open()
    expect(vault.list()).toEqual([])
    expect(vault.byLease(lease(1))).toBeUndefined()
    await expect(stat(at.file)).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('keeps a lease from its wish to its end, and through a restart', async () => {
    const at = await place()
    const vault = await at.open()
    const wish = entry(1, {
      label: 'a model',
      baseUrl: 'https://provider.example',
      maxCost: 2n ** 100n,
      currency: 'USDC',
    })
    const pending = await vault.addPending(wish)
    expect(pending).toEqual({
      ...wish,
      state: 'pending',
      tokenHash: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      createdAt: start,
    })
    expect((await at.open()).pending()).toEqual([pending])

    const lived = await vault.activate(pending.tokenHash, { leaseId: lease(1), expiresAt: start + 1 })
    expect(lived).toEqual({ ...pending, state: 'active', leaseId: lease(1), expiresAt: start + 1 })
    expect((await at.open()).byLease(lease(1))).toEqual(lived)
    expect((await at.open()).pending()).toEqual([])

    const token = (await at.open()).token(lease(1))
    expect(token).toMatch(/^tok_[A-Za-z0-9_-]{43}$/)
    expect(sha256Hex(token)).toBe(pending.tokenHash)

    at.time = start + 5
    const ended = await vault.close(lease(1))
    expect(ended).toEqual({ ...lived, state: 'closed', closedAt: start + 5 })
    expect((await at.open()).byLease(lease(1))).toEqual(ended)
  })

  it('makes one token for one idempotency key of a market', async () => {
    const at = await place()
    const vault = await at.open()
    const first = await vault.addPending(entry(1))
    expect(await vault.addPending(entry(1))).toEqual(first)
    expect(await (await at.open()).addPending(entry(1))).toEqual(first)
    await expect(vault.addPending(entry(1, { resourceId: resource(2) }))).rejects.toMatchObject({
      code: 'E_CONFLICT',
    })
    const there = await vault.addPending(entry(1, { market: 'other' }))
    expect(there.tokenHash).not.toBe(first.tokenHash)
  })

  it('refuses what cannot be', async () => {
    const vault = await (await place()).open()
    const { tokenHash } = await vault.addPending(entry(1))
    await vault.activate(tokenHash, { leaseId: lease(1) })
    await vault.activate(tokenHash, { leaseId: lease(1) }) // again: nothing
    await expect(vault.activate(tokenHash, { leaseId: lease(2) })).rejects.toMatchObject({
      code: 'E_CONFLICT',
    })
    await expect(vault.activate('00'.repeat(32), { leaseId: lease(2) })).rejects.toMatchObject({
      code: 'E_NOT_FOUND',
    })
    await expect(vault.discard(tokenHash)).rejects.toMatchObject({ code: 'E_CONFLICT' })
    await expect(vault.close(lease(9))).rejects.toMatchObject({ code: 'E_NOT_FOUND' })
    expect(() => vault.token(lease(9))).toThrow(expect.objectContaining({ code: 'E_NOT_FOUND' }))
    const stolen = await vault.addPending(entry(2, { market: 'evil' }))
    await expect(vault.activate(stolen.tokenHash, { leaseId: lease(1) })).rejects.toMatchObject({
      code: 'E_CONFLICT',
    })
    await vault.discard(stolen.tokenHash)
    await vault.discard(stolen.tokenHash) // again: nothing
    expect(vault.pending()).toEqual([])
  })

  it('writes no entry that it could not read again', async () => {
    const at = await place()
    const vault = await at.open()
    await expect(vault.addPending(entry(1, { label: 'two\nlines' }))).rejects.toMatchObject({
      code: 'E_INVALID_ARGUMENT',
    })
    await vault.addPending(entry(2))
    expect((await at.open()).pending()).toHaveLength(1)
  })

  it('lists newest first, by state, kind, market and resource', async () => {
    const at = await place()
    const vault = await at.open()
    for (const [n, more] of [
      {},
      { kind: 'search' },
      { market: 'other' },
      { resourceId: resource(2) },
    ].entries()) {
      at.time = start + n
      await active(vault, n, more as Partial<NewVaultEntry>)
    }
    await vault.close(lease(0))
    const leases = (filter: Parameters<Vault['list']>[0]): (LeaseId | undefined)[] =>
      vault.list(filter).map((e) => e.leaseId)
    expect(leases({})).toEqual([lease(3), lease(2), lease(1), lease(0)])
    expect(leases({ state: 'active' })).toEqual([lease(3), lease(2), lease(1)])
    expect(leases({ kind: 'search' })).toEqual([lease(1)])
    expect(leases({ market: 'other', kind: 'model' })).toEqual([lease(2)])
    expect(leases({ resourceId: resource(2), state: 'closed' })).toEqual([])
  })

  it('shows tokens nowhere but where they are asked for', async () => {
    const at = await place()
    const vault = await at.open()
    await active(vault, 1)
    const token = vault.token(lease(1))
    const all =
      inspect(vault, { depth: 9, showHidden: true }) +
      JSON.stringify([vault, vault.list(), vault.pending(), vault.byLease(lease(1))])
    expect(all).not.toContain(token)
    const bytes = await readFile(at.file, 'latin1')
    expect(bytes).not.toContain('tok_')
    expect(bytes).not.toContain(token.slice(4))
    expect(bytes).not.toContain('lease_')
  })
})

describe('the vault’s file', () => {
  it('is 0600 in a directory 0700, and alone there', async () => {
    const at = await place()
    await active(await at.open(), 1)
    expect((await stat(at.file)).mode & 0o777).toBe(0o600)
    expect((await stat(at.directory)).mode & 0o777).toBe(0o700)
    expect(await readdir(at.directory)).toEqual(['leases.vault'])
  })

  it('opens with what a killed write has left beside it, and sweeps that at the next write', async () => {
    const at = await place()
    await active(await at.open(), 1)
    await writeFile(join(at.directory, '.leases.vault.0123456789abcdef.tmp'), 'torn')
    const vault = await at.open()
    expect(vault.byLease(lease(1))).toBeDefined()
    expect(await readdir(at.directory)).toHaveLength(2)
    await active(vault, 2)
    expect(await readdir(at.directory)).toEqual(['leases.vault'])
  })

  it('that was changed anywhere is refused and left as it is', async () => {
    const at = await place()
    await active(await at.open(), 1)
    const bytes = await readFile(at.file)
    const changed = [0, 10, 22, 23, 40, bytes.length - 1].map((offset) => {
      const copy = Buffer.from(bytes)
      copy.writeUInt8(copy.readUInt8(offset) ^ 1, offset)
      return copy
    })
    const cut = [0, 1, 22, 30, bytes.length - 1].map((length) => bytes.subarray(0, length))
    for (const wrong of [...changed, ...cut, Buffer.concat([bytes, bytes])]) {
      await writeFile(at.file, wrong)
      await expect(at.open()).rejects.toMatchObject({
        code: 'E_NOT_CONFIGURED',
        hint: expect.stringMatching(/\w/) as string,
      })
      expect(await readFile(at.file)).toEqual(wrong)
    }
    await writeFile(at.file, bytes)
    expect((await at.open()).byLease(lease(1))).toBeDefined()
  })

  it('does not open with another key, and says nothing of path or secret', async () => {
    const at = await place()
    await active(await at.open(), 1)
    const before = await readFile(at.file)
    const other = secretBox(`${secret}!`, 'consumer-vault')
    const error: unknown = await openVault({ file: at.file, box: other, now: () => start }).catch(
      (caught: unknown) => caught,
    )
    expect(error).toMatchObject({
      code: 'E_NOT_CONFIGURED',
      details: { config: 'passphraseFile', reason: 'wrong-or-damaged' },
    })
    const text = inspect(error, { depth: 9, showHidden: true })
    expect(text).not.toContain('canary')
    expect(text).not.toContain(at.file)
    expect(await readFile(at.file)).toEqual(before)
  })

  it('is not overwritten when another process has written it', async () => {
    const at = await place()
    const [one, two] = [await at.open(), await at.open()]
    await active(one, 1)
    await expect(two.addPending(entry(2))).rejects.toMatchObject({
      code: 'E_UNAVAILABLE',
      details: { reason: 'in-use' },
    })
    expect((await at.open()).byLease(lease(1))).toBeDefined()
  })

  it('that cannot be written loses nothing and goes on afterwards', async () => {
    const at = await place()
    const vault = await at.open()
    await active(vault, 1)
    await rename(at.directory, `${at.directory}-away`)
    await writeFile(at.directory, '')
    const error: unknown = await vault.addPending(entry(2)).catch((caught: unknown) => caught)
    expect(error).toMatchObject({ code: 'E_UNAVAILABLE' })
    expect(inspect(error)).not.toContain(at.directory)
    expect(vault.pending()).toEqual([])
    expect(vault.byLease(lease(1))).toBeDefined()
    await rm(at.directory)
    await rename(`${at.directory}-away`, at.directory)
    await active(vault, 2)
    expect((await at.open()).list()).toHaveLength(2)
  })

  it('has all of many changes at once', async () => {
    const at = await place()
    const vault = await at.open()
    await Promise.all(Array.from({ length: 200 }, (_, n) => active(vault, n)))
    expect((await at.open()).list({ state: 'active' })).toHaveLength(200)
  })

  it('stays bounded: old closed, long expired and surplus entries go, pending ones stay', async () => {
    const at = await place()
    const vault = await at.open()
    const forgotten = await vault.addPending(entry(-1))
    const { tokenHash } = await vault.addPending(entry(-2))
    await vault.activate(tokenHash, { leaseId: lease(999_999), expiresAt: start })
    await Promise.all(Array.from({ length: maxClosed + 20 }, (_, n) => active(vault, n)))
    for (const [from, to] of [
      [0, 20],
      [20, maxClosed + 20],
    ] as const) {
      at.time += 1
      await Promise.all(Array.from({ length: to - from }, (_, n) => vault.close(lease(from + n))))
    }
    await active(vault, 900_000)
    const closedOnes = (await at.open()).list({ state: 'closed' })
    expect(closedOnes).toHaveLength(maxClosed)
    expect(closedOnes.some(({ leaseId }) => leaseId === lease(19))).toBe(false)
    expect(closedOnes.some(({ leaseId }) => leaseId === lease(20))).toBe(true)
    at.time += keptMs
    await active(vault, 900_001)
    const kept = await at.open()
    expect(kept.list({ state: 'closed' })).toEqual([])
    expect(kept.byLease(lease(999_999))).toBeUndefined()
    expect(kept.pending().map((e) => e.tokenHash)).toEqual([forgotten.tokenHash])
  })
})
