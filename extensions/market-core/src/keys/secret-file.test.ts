import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { makeSecretFile, privateDirectory, readSecretFile, sweepUnfinished } from './secret-file.ts'
import type { SecretFile } from './secret-file.ts'
import { temporaryDirectory } from './temporary-directory.fixture.ts'

const file = async (...rest: string[]): Promise<SecretFile> => ({
  config: 'passphraseFile',
  path: join(await temporaryDirectory(), ...(rest.length === 0 ? ['secret'] : rest)),
})
const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777

describe('making a secret file', () => {
  it('makes it 0600 in a directory 0700, and leaves nothing beside it', async () => {
    const secret = await file('private', 'deep', 'secret')
    expect(await makeSecretFile(secret, 'content')).toBe('made')
    expect(await readFile(secret.path, 'utf8')).toBe('content')
    expect(await modeOf(secret.path)).toBe(0o600)
    expect(await modeOf(join(secret.path, '..'))).toBe(0o700)
    expect(await readdir(join(secret.path, '..'))).toEqual(['secret'])
  })

  it('never overwrites, however many try at once', async () => {
    const secret = await file()
    const results = await Promise.all(
      Array.from({ length: 16 }, (_, i) => makeSecretFile(secret, `content ${i}`)),
    )
    expect(results.filter((result) => result === 'made')).toHaveLength(1)
    expect(await readFile(secret.path, 'utf8')).toBe(`content ${results.indexOf('made')}`)
    expect(await readdir(join(secret.path, '..'))).toEqual(['secret'])
  })

  it('never fails because another start sweeps', async () => {
    for (let round = 0; round < 50; round++) {
      const secret = await file()
      const results = await Promise.all(
        Array.from({ length: 8 }, async (_, i) => {
          const result = await makeSecretFile(secret, `content ${i}`)
          await sweepUnfinished(secret)
          return result
        }),
      )
      expect(results.filter((result) => result === 'made')).toHaveLength(1)
      expect(await readdir(join(secret.path, '..'))).toEqual(['secret'])
    }
  })

  it('says only the code of what went wrong', async () => {
    const secret = await file('a-file', 'below')
    await writeFile(join(secret.path, '..'), '')
    await expect(makeSecretFile(secret, 'content')).rejects.toMatchObject({
      code: 'E_NOT_CONFIGURED',
      message: expect.not.stringContaining('a-file') as string,
      details: { config: 'passphraseFile', reason: expect.stringMatching(/^E[A-Z]+$/) as string },
    })
  })

  it('sweeps what killed starts have left, and nothing else', async () => {
    const secret = await file()
    const directory = join(secret.path, '..')
    await makeSecretFile(secret, 'content')
    for (const name of ['.secret.0123456789abcdef.tmp', '.secret.txt', '.other.0123456789abcdef.tmp']) {
      await writeFile(join(directory, name), '')
    }
    await sweepUnfinished(secret)
    expect((await readdir(directory)).toSorted()).toEqual([
      '.other.0123456789abcdef.tmp',
      '.secret.txt',
      'secret',
    ])
  })
})

describe('reading a secret file', () => {
  it('tells a missing one from the others', async () => {
    expect(await readSecretFile(await file(), 10)).toBeUndefined()
  })

  it('follows a symbolic link', async () => {
    const secret = await file()
    await makeSecretFile(secret, 'content')
    const link = { ...secret, path: `${secret.path}-link` }
    await symlink(secret.path, link.path)
    expect((await readSecretFile(link, 10))?.toString()).toBe('content')
  })

  it.each([0o640, 0o604, 0o620, 0o602, 0o610, 0o601, 0o644, 0o666])('refuses mode %o', async (mode) => {
    const secret = await file()
    await makeSecretFile(secret, 'content')
    await chmod(secret.path, mode)
    await expect(readSecretFile(secret, 10)).rejects.toMatchObject({ details: { reason: 'exposed' } })
  })

  it('takes a file that cannot be written', async () => {
    const secret = await file()
    await makeSecretFile(secret, 'content')
    await chmod(secret.path, 0o400)
    expect((await readSecretFile(secret, 10))?.toString()).toBe('content')
  })

  it('refuses a directory and a large file', async () => {
    const secret = await file()
    await mkdir(secret.path, { mode: 0o700 })
    await expect(readSecretFile(secret, 10)).rejects.toMatchObject({ details: { reason: 'not-a-file' } })
    const large = await file()
    await makeSecretFile(large, 'content content')
    await expect(readSecretFile(large, 10)).rejects.toMatchObject({ details: { reason: 'too-large' } })
  })
})

describe('a private directory', () => {
  it('is made 0700', async () => {
    const { path } = await file('deep', 'keys')
    await privateDirectory('keyDirectory', path)
    expect(await modeOf(path)).toBe(0o700)
  })

  it('is refused when others may enter, and left as it is', async () => {
    const { path } = await file()
    await mkdir(path)
    await chmod(path, 0o750)
    await expect(privateDirectory('keyDirectory', path)).rejects.toMatchObject({
      code: 'E_NOT_CONFIGURED',
      details: { config: 'keyDirectory', reason: 'exposed' },
    })
    expect(await modeOf(path)).toBe(0o750)
  })
})
