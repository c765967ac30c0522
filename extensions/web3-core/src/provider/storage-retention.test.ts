import { completeLease, revokeLease } from '@openclaw-market/market-core'
import { describe, expect, it } from 'vitest'
import { filesBelow, newRoot, storageAt } from './backends/filesystem-fixture.ts'
import { get, paths, post } from './client-fixture.ts'
import { door, fundedConsumer, lease, publish, storeKinds, testMarket } from './provider-fixture.ts'
import { sweepStoredFiles, type RetentionPosition } from './storage-retention.ts'

const dayMs = 86_400_000
const file = { path: 'kept', bytesBase64: 'eA==' }

describe.each(storeKinds)('files of ended leases on the %s store', (store) => {
  async function storing(keepFilesDays?: number) {
    const test = await testMarket(store)
    const root = newRoot()
    const backend = storageAt(root)
    const backends = new Map([['main', backend]])
    const at = await door(test, { main: backend })
    const consumer = await fundedConsumer(test)
    const policy = keepFilesDays === undefined ? {} : { keepFilesDays }
    const resourceId = await publish(test, { kind: 'storage', prices: [['put', 1]], policy })
    const reports: string[] = []
    const env = {
      market: () => test.market,
      backends,
      report: (what: string, error: unknown) => void reports.push(`${what} ${String(error)}`),
    }
    const all = async (limit = 100): Promise<number> => {
      let removed = 0
      let from: RetentionPosition | undefined
      do {
        const pass = await sweepStoredFiles(env, limit, from)
        expect(pass.examined).toBeLessThanOrEqual(limit)
        removed += pass.removed
        from = pass.next
      } while (from !== undefined)
      expect(reports).toEqual([])
      return removed
    }
    return { test, root, at, consumer, resourceId, all, env }
  }

  it('go when the days of the policy are over, and not before', async () => {
    const { test, root, at, consumer, resourceId, all } = await storing(2)
    const leased = await lease(test, consumer, resourceId)
    await post(at, leased, paths.put, file)
    expect(await all()).toBe(0)
    await test.run(completeLease, { leaseId: leased.leaseId }, consumer.who)
    test.clock.advance(2 * dayMs - 1)
    expect([await all(), filesBelow(root).length]).toEqual([0, 2])
    test.clock.advance(1)
    expect([await all(), filesBelow(root)]).toEqual([1, []])
    // Again: there is nothing left to remove, and that is no error.
    expect(await all()).toBe(1)
  })

  it('stay while another lease of the consumer runs, and its end decides', async () => {
    const { test, root, at, consumer, resourceId, all } = await storing(1)
    const first = await lease(test, consumer, resourceId)
    await post(at, first, paths.put, file)
    await test.run(revokeLease, { leaseId: first.leaseId }, consumer.who)
    const second = await lease(test, consumer, resourceId, { ttlMs: 7 * dayMs })
    test.clock.advance(3 * dayMs)
    expect(await all()).toBe(0)
    expect((await get(at, second, `${paths.get}?path=kept`)).status).toBe(200)
    await test.run(completeLease, { leaseId: second.leaseId }, consumer.who)
    expect(await all()).toBe(0)
    test.clock.advance(dayMs)
    expect([await all(), filesBelow(root)]).toEqual([1, []])
  })

  it('are those of this consumer alone, whatever the size of a pass', async () => {
    const { test, root, at, consumer, resourceId, all } = await storing()
    const stays = await lease(test, await fundedConsumer(test), resourceId)
    await post(at, stays, paths.put, file)
    for (let i = 0; i < 3; i++) {
      const leased = await lease(test, consumer, resourceId)
      await post(at, leased, paths.put, file)
      test.clock.advance(1)
      await test.run(i === 1 ? revokeLease : completeLease, { leaseId: leased.leaseId }, consumer.who)
    }
    expect(await all(1)).toBe(1)
    expect(filesBelow(root)).toHaveLength(2)
    expect((await get(at, stays, `${paths.get}?path=kept`)).text).toBe('x')
  })

  it('of a lease that comes just then are not lost', async () => {
    const { test, at, consumer, resourceId, all } = await storing()
    const first = await lease(test, consumer, resourceId)
    await post(at, first, paths.put, file)
    await test.run(completeLease, { leaseId: first.leaseId }, consumer.who)
    const [second] = await Promise.all([
      lease(test, consumer, resourceId).then(async (leased) => {
        await Promise.all(
          Array.from({ length: 5 }, (_n, i) => post(at, leased, paths.put, { ...file, path: `new/${i}` })),
        )
        return leased
      }),
      (async () => {
        for (let i = 0; i < 20; i++) await all()
      })(),
    ])
    const listed = await post(at, second, paths.list, { prefix: 'new/' })
    expect(listed.json['files']).toHaveLength(5)
  })

  it('are left alone where the backend is no longer configured', async () => {
    const { test, at, consumer, resourceId, env } = await storing()
    const leased = await lease(test, consumer, resourceId)
    await post(at, leased, paths.put, file)
    await test.run(completeLease, { leaseId: leased.leaseId }, consumer.who)
    expect(await sweepStoredFiles({ ...env, backends: new Map() }, 10)).toMatchObject({
      examined: 1,
      removed: 0,
      errors: 0,
    })
  })
})
