/** SIGKILL while a thing is shared or stopped: what is left serves, or is mended by the next start or stop, or by itself. */
import { describe, expect, it, onTestFinished } from 'vitest'
import { childWorld, type ChildWorld } from '../plugin/child-world.fixture.ts'
import type { Death } from '../plugin/market-child.fixture.ts'
import { good, temporaryHome, type Json } from '../plugin/world.fixture.ts'
import { localServer, searxngRoutes } from './local-servers.fixture.ts'

const thing = { things: [{ name: 'searxng' }] }

const shared = async (world: ChildWorld) => good(await world.call('web3.share.status'))['shared'] as Json[]
const offered = async (world: ChildWorld) =>
  (good(await world.call('web3.resources.list'))['resources'] as Json[]).length

// The list is the same file whatever the store is, and what the store promises of a write it proves elsewhere.
describe('killed', () => {
  /** @returns the world that came after */
  async function dies(at: Death, doing: (world: ChildWorld) => Promise<unknown>): Promise<ChildWorld> {
    const server = await localServer(searxngRoutes('json'))
    onTestFinished(() => server.close())
    const options = { home: await temporaryHome(), config: { share: { ports: [server.port] } } }
    if (at.endsWith('unpublish')) {
      const before = await childWorld(options)
      good(await before.call('web3.share.start', thing))
      await before.stop()
    }
    const victim = await childWorld({ ...options, dies: at })
    await expect(doing(victim)).rejects.toThrow('gone')
    expect(await victim.death()).toBe(at)
    return childWorld(options)
  }
  const start = (world: ChildWorld) => world.call('web3.share.start', thing)
  const stop = (world: ChildWorld) => world.call('web3.share.stop')

  it('before it is sold: it is on the list only, and the next start sells it', async () => {
    const world = await dies('before publish', start)
    expect(await shared(world)).toMatchObject([
      { name: 'searxng', state: 'off_market', leases: [], money: [] },
    ])
    expect(await offered(world)).toBe(0)
    expect(good(await start(world))['shared']).toMatchObject([{ done: 'published' }])
    expect(await offered(world)).toBe(1)
  })

  it('before it is sold: or the next stop forgets it', async () => {
    const world = await dies('before publish', start)
    expect(good(await stop(world))['stopped']).toMatchObject([{ name: 'searxng', status: 'gone' }])
    expect(await shared(world)).toEqual([])
  })

  it('after it was sold: it serves, and the next start finds it done', async () => {
    const world = await dies('after publish', start)
    expect(await shared(world)).toMatchObject([{ name: 'searxng', state: 'shared', answers: true }])
    expect(good(await start(world))['shared']).toMatchObject([{ done: 'unchanged' }])
    expect(await offered(world)).toBe(1)
  })

  it.each(['before unpublish', 'after unpublish'] as const)('%s: it is gone by itself', async (at) => {
    const world = await dies(at, stop)
    await expect.poll(() => shared(world), { timeout: 20_000 }).toEqual([])
    expect(await offered(world)).toBe(0)
  })
})
