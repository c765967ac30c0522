import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { makePassphrase } from './passphrase.ts'
import { openSecretBox, secretBox } from './secret-box.ts'
import { shown, temporaryDirectory } from './temporary-directory.fixture.ts'

const secret = 'canary'.repeat(10)
const box = secretBox(secret, 'consumer-vault')
const plain = Buffer.from('canary text')
const refused = expect.objectContaining({
  code: 'E_NOT_CONFIGURED',
  details: { config: 'passphraseFile', reason: 'wrong' },
}) as Error

describe('a secret box', () => {
  it('opens what it has sealed', () => {
    expect(Buffer.from(box.open(box.seal(plain, 'file 1'), 'file 1'))).toEqual(plain)
    expect(box.open(box.seal(new Uint8Array(), ''), '')).toHaveLength(0)
  })

  it('opens in another process, with the same secret and purpose', () => {
    expect(Buffer.from(secretBox(secret, 'consumer-vault').open(box.seal(plain, 'c'), 'c'))).toEqual(plain)
  })

  it('seals the same text otherwise each time, and shows none of it', () => {
    const sealed = [box.seal(plain, 'c'), box.seal(plain, 'c')].map((bytes) =>
      Buffer.from(bytes).toString('latin1'),
    )
    expect(sealed[0]).not.toBe(sealed[1])
    expect(sealed.join('')).not.toContain('canary')
  })

  it('does not open with another secret, purpose or context', () => {
    const sealed = box.seal(plain, 'file 1')
    expect(() => secretBox(`${secret} `, 'consumer-vault').open(sealed, 'file 1')).toThrow(refused)
    expect(() => secretBox(secret, 'archive').open(sealed, 'file 1')).toThrow(refused)
    expect(() => box.open(sealed, 'file 2')).toThrow(refused)
  })

  it('does not open when any bit or length was changed', () => {
    const sealed = Buffer.from(box.seal(plain, 'c'))
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const changed = Buffer.from(sealed)
      changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
      expect(() => box.open(changed, 'c')).toThrow(refused)
    }
    for (let length = 0; length < sealed.length; length++) {
      expect(() => box.open(sealed.subarray(0, length), 'c')).toThrow(refused)
    }
    expect(() => box.open(Buffer.concat([sealed, Buffer.of(0)]), 'c')).toThrow(refused)
  })

  it('shows neither key nor secret', () => {
    expect(inspect(box, { depth: 5, showHidden: true }) + JSON.stringify(box)).not.toContain('canary')
    let error: unknown
    try {
      box.open(Buffer.alloc(40), 'canary-context')
    } catch (caught) {
      error = caught
    }
    expect(error).toEqual(refused)
    expect(shown(error)).not.toContain('canary')
  })

  it.each(['', 'Upper', 'with space', 'a'.repeat(65)])('has no purpose %j', (purpose) => {
    expect(() => secretBox(secret, purpose)).toThrow(RangeError)
  })
})

describe('a secret box from the passphrase file', () => {
  it('has the key of the file', async () => {
    const passphraseFile = join(await temporaryDirectory(), 'passphrase')
    const made = secretBox(await makePassphrase(passphraseFile), 'consumer-vault')
    const opened = await openSecretBox({ passphraseFile, purpose: 'consumer-vault' })
    expect(Buffer.from(opened.open(made.seal(plain, 'c'), 'c'))).toEqual(plain)
  })

  it('is refused without the file, and makes none', async () => {
    const passphraseFile = join(await temporaryDirectory(), 'passphrase')
    const open = (): Promise<unknown> => openSecretBox({ passphraseFile, purpose: 'consumer-vault' })
    await expect(open()).rejects.toMatchObject({ code: 'E_NOT_CONFIGURED', details: { reason: 'missing' } })
    await expect(open()).rejects.toMatchObject({ details: { reason: 'missing' } })
    await writeFile(passphraseFile, secret, { mode: 0o604 })
    await expect(open()).rejects.toMatchObject({ details: { reason: 'exposed' } })
  })
})
