import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { makePassphrase, readPassphrase } from './passphrase.ts'
import { shown, temporaryDirectory } from './temporary-directory.fixture.ts'

const path = async (): Promise<string> => join(await temporaryDirectory(), 'passphrase')

describe('the passphrase', () => {
  it('is 32 random bytes in hex, in a file of mode 0600', async () => {
    const file = await path()
    expect(await readPassphrase(file)).toBeUndefined()
    const text = await makePassphrase(file)
    expect(text).toMatch(/^[0-9a-f]{64}$/)
    expect(await readFile(file, 'utf8')).toBe(`${text}\n`)
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect(await readPassphrase(file)).toBe(text)
  })

  it('is the same one for all who make it at once', async () => {
    const file = await path()
    const texts = await Promise.all(Array.from({ length: 8 }, () => makePassphrase(file)))
    expect(new Set(texts).size).toBe(1)
  })

  it.each(['a phrase of the operator', 'a phrase of the operator\n', 'a phrase of the operator\r\n'])(
    'of the operator is read without its line break: %j',
    async (content) => {
      const file = await path()
      await writeFile(file, content, { mode: 0o600 })
      expect(await readPassphrase(file)).toBe('a phrase of the operator')
    },
  )

  it.each([
    ['', 'empty'],
    ['\n', 'empty'],
    [' '.repeat(40), 'empty'],
    ['canary-canary\n', 'too-short'],
  ])('%j is refused as %s, and not shown', async (content, reason) => {
    const file = await path()
    await writeFile(file, content, { mode: 0o600 })
    const error: unknown = await makePassphrase(file).catch((caught: unknown) => caught)
    expect(error).toMatchObject({ code: 'E_NOT_CONFIGURED', details: { config: 'passphraseFile', reason } })
    expect((error as { hint?: string }).hint).toMatch(/\w/)
    expect(shown(error)).not.toContain('canary')
    expect(shown(error)).not.toContain(file)
    expect(await readFile(file, 'utf8')).toBe(content)
  })
})
