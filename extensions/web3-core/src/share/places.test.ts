import { mkdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryHome } from '../plugin/world.fixture.ts'
import { checkRoom, openFolder, whyPrivate } from './places.ts'

describe('a folder to share', () => {
  const at = { state: '/var/claw', home: '/home/me' }

  it.each([
    ['/var/claw'],
    ['/var/claw/workspace'],
    ['/var'],
    ['/'],
    ['/home/me'],
    ['/home'],
    ['/home/me/.ssh'],
    ['/srv/.git/docs'],
  ])('is not %s: it holds what is private', (folder) => {
    expect(whyPrivate(folder, at)).toBeDefined()
  })

  it.each([['/home/me/notes'], ['/srv/docs'], ['/var/claws'], ['/home/me/a.b']])('may be %s', (folder) => {
    expect(whyPrivate(folder, at)).toBeUndefined()
  })

  it('is looked at behind its links, and no refusal repeats its path', async () => {
    const home = await temporaryHome()
    const state = join(home, 'state')
    await mkdir(state)
    await symlink(state, join(home, 'innocent'))
    for (const [folder, code] of [
      [join(home, 'innocent'), 'E_FORBIDDEN'],
      [join(home, 'missing'), 'E_NOT_FOUND'],
      [join(home, 'docs', 'moon.md'), 'E_NOT_FOUND'],
    ] as const) {
      const refused = await openFolder('/docs', folder, state).catch((error: unknown) => error)
      expect(refused).toMatchObject({ code, details: { pointer: '/docs' } })
      expect(JSON.stringify([refused, (refused as Error).message])).not.toContain(home)
    }
    expect(await openFolder('/docs', join(home, 'docs'), state)).toBe(join(home, 'docs'))
  })

  it('has room, or it is said how much', async () => {
    const home = await temporaryHome()
    await checkRoom('/disk/bytes', home, 1_000_000)
    await expect(checkRoom('/disk/bytes', home, 2 ** 50)).rejects.toMatchObject({
      code: 'E_QUOTA_EXCEEDED',
      details: { most: expect.stringMatching(/^\d+$/) },
    })
  })
})
