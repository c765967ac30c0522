import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { publishResource } from '@openclaw-market/market-core'
import { leaseAs, outsideWallet } from '../plugin/outside-wallet.fixture.ts'
import { sharedFile } from '../plugin/state-files.ts'
import { bad, good } from '../plugin/world.fixture.ts'
import { callAsNode } from '../surface/gateway-methods.ts'
import { byName, everything, household, list, open } from './household.fixture.ts'
import { tendShared } from './tend.ts'

const stores = ['sqlite', 'file'] as const

it('is for the owner at the gateway alone', async () => {
  const world = await open(await household())
  for (const from of [
    { door: 'tool', owner: true },
    { door: 'tool', owner: false },
    { door: 'gateway', owner: false },
  ] as const) {
    const start = { things: [{ name: 'searxng' }] }
    expect(bad(await callAsNode('web3.share.start', start, from)).error).toBe('E_FORBIDDEN')
    expect(bad(await callAsNode('web3.share.stop', {}, from)).error).toBe('E_FORBIDDEN')
  }
  const stranger = outsideWallet(world)
  expect(bad((await stranger.api('web3.share.status')).body).error).toBe('E_FORBIDDEN')
})

describe.each(stores)('what is shared, store %s', (store) => {
  it('serves and is sold at once, and again after a restart, from a file that only the owner reads', async () => {
    const home = await household()
    const world = await open(home, { store })
    const things = ['ollama-llama3-2-3b', 'searxng', 'docs-2', 'disk-2'].map((name) => ({ name }))
    const started = good(await world.call('web3.share.start', { ...everything(home), things }))
    expect(list(started['shared']).map(({ name, done }) => [name, done])).toEqual(
      things.map(({ name }) => [name, 'published']),
    )
    expect(started['notes']).toEqual([])
    const listed = good(await world.call('web3.resources.list'))
    expect(list(listed['resources'])).toHaveLength(4)
    const file = sharedFile(join(home.home, 'state'))
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect(JSON.stringify([started, listed, world.log])).not.toContain(home.home)
    await world.stop()

    const later = await open(home, { store })
    const { shared } = good(await later.call('web3.share.status'))
    expect(list(shared).map(({ name, state, answers }) => [name, state, answers])).toEqual(
      things.map(({ name }) => [name, 'shared', true]),
    )
    const consumer = outsideWallet(later)
    await later.fund(consumer.actorId, 1_000_000n)
    const resourceId = String(byName(shared, 'docs-2')['resourceId'])
    const { token } = await leaseAs(consumer, resourceId, '5000')
    const found = await fetch(`${later.url}/web3/resources/search/query`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: '{"q":"moon"}',
    })
    expect([found.status, await found.json()]).toMatchObject([200, { results: [{ title: 'Tides' }] }])
    await home.servers[0]?.close()
    const without = good(await later.call('web3.share.status'))
    expect(byName(without['shared'], 'ollama-llama3-2-3b')['answers']).toBe(false)
    expect(byName(without['shared'], 'docs-2')).toMatchObject({
      answers: true,
      calls: 1,
      money: [{ currency: 'USDC', earned: '0', owed: '1000', usage: [{ unit: 'query', quantity: '1' }] }],
    })
  })

  it('stays as it is when it is shared again, at the price that its owner gave it; what differs is published anew', async () => {
    const home = await household()
    const world = await open(home, { store })
    const price = (amount: string) => [{ unit: 'query', amount, per: '1', currency: 'USDC' }]
    const share = async (thing: object) =>
      list(
        good(await world.call('web3.share.start', { things: [{ name: 'searxng', ...thing }] }))['shared'],
      )[0]
    const first = await share({ prices: price('77') })
    expect(await share({})).toMatchObject({ resourceId: first?.['resourceId'], done: 'unchanged' })
    const found = good(await world.call('web3.share.find'))
    expect(byName(found['found'], 'searxng')).toMatchObject({ shared: true, prices: price('77') })
    expect(await share({ prices: price('78'), label: 'The web' })).toMatchObject({ done: 'republished' })
    expect(await share({})).toMatchObject({ done: 'unchanged', label: 'The web', prices: price('78') })
  })

  it('leaves nothing behind when it is refused', async () => {
    const home = await household()
    const world = await open(home, { store })
    const wrong = [{ unit: 'put', amount: '1', per: '1', currency: 'USDC' }]
    const refused = bad(
      await world.call('web3.share.start', { things: [{ name: 'searxng', prices: wrong }] }),
    )
    expect(refused).toMatchObject({
      error: 'E_INVALID_ARGUMENT',
      details: { pointer: '/things/0/prices/0/unit' },
    })
    const overlapping = { folder: join(home.home, 'files'), bytes: 5_000_000 }
    const twice = bad(
      await world.call('web3.share.start', { disk: overlapping, things: [{ name: 'disk-2' }] }),
    )
    expect(twice).toMatchObject({
      error: 'E_CONFLICT',
      message: expect.stringContaining('another filesystem'),
    })
    expect(bad(await world.call('web3.share.start', { things: [{ name: 'nobody' }] })).error).toBe(
      'E_NOT_FOUND',
    )
    expect(good(await world.call('web3.share.status'))['shared']).toEqual([])
    expect(world.running.web3.backends.has('searxng')).toBe(false)
    // The folder is free again for whoever may have it.
    const room = { folder: home.disk, bytes: 5_000_000 }
    good(await world.call('web3.share.start', { disk: room, things: [{ name: 'disk-2' }] }))
    good(await world.call('web3.share.stop'))
    good(await world.call('web3.share.start', { disk: room, things: [{ name: 'disk-2' }] }))
  })

  it('leaves the market when it is stopped, and goes when its last lease has ended', async () => {
    const home = await household()
    const world = await open(home, { store })
    const started = good(await world.call('web3.share.start', { things: [{ name: 'searxng' }] }))
    const resourceId = String(byName(started['shared'], 'searxng')['resourceId'])
    const consumer = outsideWallet(world)
    await world.fund(consumer.actorId, 1_000_000n)
    const { token, leaseId } = await leaseAs(consumer, resourceId, '9000')
    const ask = async () =>
      (
        await fetch(`${world.url}/web3/resources/search/query`, {
          method: 'POST',
          headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
          body: '{"q":"moon"}',
        })
      ).status

    const stopped = good(await world.call('web3.share.stop', { names: ['searxng'] }))
    expect(stopped).toMatchObject({
      stopped: [{ name: 'searxng', status: 'stopping', leases: 1, lastEndsAt: expect.any(String) }],
      ended: [],
    })
    expect(good(await world.call('web3.resources.get', { resourceId }))['resource']).toMatchObject({
      status: 'resource_unpublished',
    })
    await tendShared(world.running.web3)
    expect(await ask()).toBe(200)
    const [before] = list(good(await world.call('web3.share.status'))['shared'])
    expect(before).toMatchObject({ state: 'stopping', money: [{ earned: '0', owed: '2000' }] })
    good((await consumer.api('web3.resources.completeLease', { leaseId })).body)
    const [after] = list(good(await world.call('web3.share.status'))['shared'])
    expect(after).toMatchObject({ calls: 1, leases: [], money: [{ earned: '2000', owed: '0' }] })
    expect(good(await world.call('web3.billing.summary'))['currencies']).toMatchObject([
      { earned: '2000', owed: '0' },
    ])
    // Published by hand over the same backend: that keeps it, too.
    const byHand = {
      kind: 'search',
      label: 'By hand',
      prices: [{ unit: 'query', amount: '1', per: '1', currency: 'USDC' }],
      backend: 'searxng',
    }
    const who = { kind: 'node', actorId: world.market.address, owner: true } as const
    const published = good(await world.market.run(publishResource, { resource: byHand }, who))
    await tendShared(world.running.web3)
    expect(good(await world.call('web3.share.status'))['shared']).toMatchObject([{ state: 'stopping' }])
    good(await world.call('web3.resources.unpublish', { resourceId: published['resourceId'] }))
    await tendShared(world.running.web3)
    expect(good(await world.call('web3.share.status'))['shared']).toEqual([])
    expect(world.running.web3.backends.has('searxng')).toBe(false)
    expect(bad(await world.call('web3.share.stop', { names: ['searxng'] })).error).toBe('E_NOT_FOUND')
  })

  it('comes back as the same resource when it is shared again before its last lease has ended', async () => {
    const home = await household()
    const world = await open(home, { store })
    const start = async () =>
      list(good(await world.call('web3.share.start', { things: [{ name: 'searxng' }] }))['shared'])[0]
    const resourceId = String((await start())?.['resourceId'])
    const consumer = outsideWallet(world)
    await world.fund(consumer.actorId, 1_000_000n)
    await leaseAs(consumer, resourceId, '9000')
    good(await world.call('web3.share.stop'))
    expect(await start()).toMatchObject({ resourceId, done: 'republished' })
    await tendShared(world.running.web3)
    expect(good(await world.call('web3.share.status'))['shared']).toMatchObject([
      { state: 'shared', leases: [{ status: 'lease_active' }] },
    ])
  })

  it('keeps a disk until the last stored file may go', async () => {
    const home = await household()
    const world = await open(home, { store })
    const start = { disk: { folder: home.disk, bytes: 5_000_000 }, things: [{ name: 'disk-2' }] }
    const started = good(await world.call('web3.share.start', start))
    const consumer = outsideWallet(world)
    await world.fund(consumer.actorId, 1_000_000n)
    const { token } = await leaseAs(
      consumer,
      String(byName(started['shared'], 'disk-2')['resourceId']),
      '9000',
    )
    const put = await fetch(`${world.url}/web3/resources/storage/put`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ path: 'a.txt', bytesBase64: 'eA==' }),
    })
    expect(put.status).toBe(200)
    const stopped = good(await world.call('web3.share.stop', { endLeases: true }))
    expect(stopped).toMatchObject({
      stopped: [{ name: 'disk-2', status: 'stopping', leases: 0 }],
      ended: [{ maxCost: '9000', metered: '0' }],
    })
    const backend = world.running.web3.backends.get('disk-2')
    if (backend?.kind !== 'storage') throw new Error('no disk')
    const { resourceId } = byName(started['shared'], 'disk-2')
    await backend.remove(`${String(resourceId)}_${consumer.actorId.toLowerCase()}`)
    await tendShared(world.running.web3)
    expect(world.running.web3.backends.has('disk-2')).toBe(false)
  })
})

it('a list that cannot be read is left as it is and said, and the rest of the gateway serves', async () => {
  const home = await household()
  const file = sharedFile(join(home.home, 'state'))
  await mkdir(join(home.home, 'state', 'web3-core', 'shared'), { recursive: true })
  await writeFile(file, '{"version":1,"shared":[{"name":"x"')
  const world = await open(home)
  for (const [name, params] of [
    ['web3.share.status', {}],
    ['web3.share.start', { things: [{ name: 'searxng' }] }],
    ['web3.share.stop', {}],
  ] as const) {
    expect(bad(await world.call(name, params))).toMatchObject({
      error: 'E_NOT_CONFIGURED',
      message: 'the list of what is shared cannot be read',
    })
  }
  expect(await readFile(file, 'utf8')).toContain('"x"')
  const { problems } = good(await world.call('web3.status.summary'))
  expect(problems).toEqual([{ key: 'shared', problem: 'the list of what is shared cannot be read' }])
  good(await world.call('web3.resources.list'))
})

it('a name that the config takes later is the config’s, and that is said', async () => {
  const home = await household()
  const world = await open(home)
  good(await world.call('web3.share.start', { things: [{ name: 'searxng' }] }))
  await world.stop()
  const config = {
    share: { ports: home.ports },
    provider: { backends: { searxng: { driver: 'local-docs', directory: home.docs } } },
  }
  const later = await open(home, { config })
  expect(good(await later.call('web3.share.status'))['shared']).toMatchObject([
    { name: 'searxng', state: 'not_served', answers: false, trouble: expect.stringContaining('the config') },
  ])
  const { problems } = good(await later.call('web3.status.summary'))
  expect(problems).toMatchObject([{ key: 'shared/searxng' }])
  expect(good(await later.call('web3.share.stop'))['stopped']).toMatchObject([{ status: 'gone' }])
  expect(later.running.web3.backends.get('searxng')?.kind).toBe('search')
})

it('two that start at once do not meet', async () => {
  const home = await household()
  const world = await open(home)
  const start = () => world.call('web3.share.start', { things: [{ name: 'searxng' }] })
  const done = (await Promise.all([start(), start(), start()])).map(
    (answer) => list(good(answer)['shared'])[0]?.['done'],
  )
  expect(done).toEqual(['published', 'unchanged', 'unchanged'])
})
