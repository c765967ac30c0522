import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import type { Envelope } from '@openclaw-market/protocol/errors'
import { callAsNode } from '../surface/gateway-methods.ts'
import { runningWeb3 } from './handle.ts'
import { outsideWallet, post, publishAs } from './outside-wallet.fixture.ts'
import { backendsOf, startWorld, type RunningWorld } from './running-world.fixture.ts'
import { bad, good, offerOf, temporaryHome, testWorld, type Json } from './world.fixture.ts'

const capabilities = ({ running }: RunningWorld) => running.web3.registry.capabilities

/** Every capability of the owner's, by its valid example. */
async function everyCall(world: RunningWorld): Promise<readonly (readonly [string, Envelope])[]> {
  const owners = capabilities(world).filter(({ facts }) => facts.doors.includes('gateway'))
  return Promise.all(
    owners.map(
      async ({ contract, facts }) =>
        [contract.name, await world.call(contract.name, facts.examples.valid)] as const,
    ),
  )
}

/** A server of the test's own with the handler that the gateway's port would have. */
async function gatewayDoor({ running }: RunningWorld): Promise<string> {
  const server = createServer((request, response) => void running.http(request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function taken(world: RunningWorld, seller: ReturnType<typeof outsideWallet>): Promise<string> {
  await world.fund(world.market.address, 100_000n)
  const resourceId = await publishAs(seller, offerOf('search').resource)
  const wish = { resourceId, ttlMs: 3_600_000, maxCost: '50000' }
  return String(good(await world.call('web3.resources.lease', wish))['leaseId'])
}

/** A home over whose search an outside account may publish. */
async function homeWithSeller() {
  const home = await temporaryHome()
  const account = privateKeyToAccount(generatePrivateKey())
  const { docs, ...others } = backendsOf(home)
  const config = { provider: { backends: { ...others, docs: { ...docs, publishers: [account.address] } } } }
  return { home, account, config }
}

describe('starting and stopping', () => {
  it('before the start and after the stop there is nobody to ask; in between there is, from any module instance', async () => {
    expect(bad(await callAsNode('web3.status.summary', {}, { door: 'tool', owner: true }))).toMatchObject({
      error: 'E_UNAVAILABLE',
    })
    const world = await startWorld({ home: await temporaryHome() })
    const path = '../surface/gateway-methods.ts?another-instance'
    const another = (await import(path)) as { callAsNode: typeof callAsNode }
    expect(another.callAsNode).not.toBe(callAsNode)
    good(await another.callAsNode('web3.status.summary', {}, { door: 'tool', owner: true }))
    await world.stop()
    expect(
      bad(await another.callAsNode('web3.status.summary', {}, { door: 'tool', owner: true })),
    ).toMatchObject({
      error: 'E_UNAVAILABLE',
    })
    await expect(fetch(world.url)).rejects.toThrow()
  })

  it('started again in the same process: leases, their tokens and sessions are still there', async () => {
    const { home, account, config } = await homeWithSeller()
    const first = await startWorld({ home, config })
    const leaseId = await taken(first, outsideWallet(first, account))
    const session = await outsideWallet(first).signIn()
    await first.stop()
    const again = await testWorld({ home, config })
    expect(good(await again.call('web3.search.query', { q: 'tides' }))).toMatchObject({
      servedBy: { leaseId, agrees: true },
    })
    expect(
      (await post(again.url, 'web3.resources.leases', {}, { authorization: `Bearer ${session}` })).status,
    ).toBe(200)
  })

  it('what an earlier one leaves behind when it stops is not what a later one has published', async () => {
    const first = await startWorld({ home: await temporaryHome() })
    const later = await testWorld()
    await first.running.stop()
    expect(runningWeb3()).toBe(later.running.web3)
    await first.running.stop()
    expect(runningWeb3()).toBe(later.running.web3)
  })
})

describe('while the market is off', () => {
  it('everything that needs it says so, in the same words; and all is well when it is back', async () => {
    const { home, account, config } = await homeWithSeller()
    const world = await testWorld({ home, config })
    const leaseId = await taken(world, outsideWallet(world, account))
    const token = world.running.web3
      .vault()
      .token(leaseId as Parameters<ReturnType<typeof world.running.web3.vault>['token']>[0])
    await world.stopMarket()
    for (const [name, answer] of await everyCall(world)) {
      if (name === 'web3.capabilities.describe') expect(answer).toMatchObject({ ok: true })
      else
        expect(answer, name).toMatchObject({
          ok: false,
          error: 'E_UNAVAILABLE',
          message: 'the market is not running',
        })
    }
    const described = good(await world.call('web3.capabilities.describe', { group: 'resources' }))
    for (const each of described['capabilities'] as Json[]) {
      expect(each['availability']).toEqual({ available: false, reason: 'the market is not running' })
    }
    const query = () =>
      fetch(`${world.url}/web3/resources/search/query`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: '{"q":"tides"}',
      })
    expect((await query()).status).toBe(503)
    await world.startMarket()
    expect((await query()).status).toBe(200)
    expect(good(await world.call('web3.search.query', { q: 'tides' }))).toMatchObject({
      servedBy: { leaseId, agrees: true },
    })
    good(await world.call('web3.resources.publish', offerOf('search')))
  })
})

describe('a config with a mistake', () => {
  const backends = { docs: { driver: 'local-docs', directory: '/secret/place' } }
  const secret = /\/secret|listner|8787/

  it('turns our part off and tells the owner which key and why; outsiders learn nothing of it', async () => {
    const world = await testWorld({ config: { provider: { backends, listner: { port: 8787 } } } })
    const problem = { key: '/provider/listner', problem: 'unknown field' }
    for (const [name, answer] of await everyCall(world)) {
      if (name === 'web3.capabilities.describe') continue
      expect(answer, name).toMatchObject({
        error: 'E_NOT_CONFIGURED',
        details: { plugin: 'web3-core', problems: [problem] },
      })
    }
    expect(world.log).toContain('config /provider/listner: unknown field')
    const url = await gatewayDoor(world)
    const answers = await Promise.all([
      post(url, 'web3.resources.list', {}),
      post(url, 'web3.siwe.challenge', { address: '0x70997970C51812dc3A010C7d01b50e0d17dc79C8' }),
      post(url, 'web3.capabilities.describe', { name: 'web3.resources.list' }),
    ])
    expect(answers.map(({ status }) => status)).toEqual([503, 503, 200])
    const [list, , described] = answers
    expect(list?.body).toMatchObject({ error: 'E_UNAVAILABLE', message: 'the market is not running' })
    expect(good(described?.body ?? bad({ ok: true }))).toMatchObject({
      capabilities: [{ availability: { available: false } }],
    })
    expect(JSON.stringify(answers)).not.toMatch(secret)
  })

  it.each([
    [{ markets: [{ name: 'local', url: 'http://x.example' }] }, '/markets/0/name', 'local is taken'],
    [{ markets: [{ name: 'a', url: 'http://[' }] }, '/markets/0/url', 'is not an address'],
    [{ provider: { publicUrl: 'http://[' } }, '/provider/publicUrl', 'is not an address'],
  ])('%j', async (config, key, problem) => {
    const world = await testWorld({ config })
    expect(bad(await world.call('web3.status.summary'))).toMatchObject({
      details: { problems: [{ key, problem }] },
    })
  })

  it('in one backend leaves the others; in a fallback or a taken port likewise', async () => {
    const home = await temporaryHome()
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    onTestFinished(() => void taken.close())
    const { port } = taken.address() as AddressInfo
    const world = await testWorld({
      home,
      config: {
        provider: { listen: { port }, backends: { ...backendsOf(home), ...backends } },
        fallback: { search: 'docs', storage: 'nothing' },
      },
    })
    const { problems, backends: usable } = good(await world.call('web3.status.summary'))
    expect(problems).toEqual([
      { key: '/provider/backends/docs/directory', problem: 'does not exist, or may not be read' },
      { key: '/fallback/search', problem: 'names no backend that can serve' },
      { key: '/fallback/storage', problem: 'names no backend that can serve' },
      {
        key: '/provider/listen',
        problem: 'cannot listen there (EADDRINUSE); leaseholders are served through the gateway only',
      },
    ])
    expect(usable).toEqual([{ name: 'disk', kind: 'storage' }])
    good(await world.call('web3.resources.publish', offerOf('storage')))
    expect(bad(await world.call('web3.resources.publish', offerOf('search')))).toMatchObject({
      error: 'E_NOT_CONFIGURED',
    })
    expect((await post(await gatewayDoor(world), 'web3.resources.list', {})).status).toBe(200)
    expect(JSON.stringify([problems, world.log])).not.toContain('/secret/place')
    const stranger = good(await callAsNode('web3.status.summary', {}, { door: 'tool', owner: false }))
    expect(stranger).toMatchObject({ problems: [] })
  })

  it('without a backend publishing is not available, and says why', async () => {
    const world = await testWorld({ config: { provider: { backends: {} } } })
    const {
      capabilities: [publish],
    } = good(await world.call('web3.capabilities.describe', { name: 'web3.resources.publish' })) as {
      capabilities: Json[]
    }
    expect(publish?.['availability']).toEqual({ available: false, reason: 'no backend is configured' })
    const listed = good(await world.call('web3.capabilities.list', { group: 'resources' }))
    expect(JSON.stringify(listed)).not.toContain('web3.resources.publish')
    const whole = good(
      await world.call('web3.capabilities.list', { group: 'resources', includeUnavailable: true }),
    )
    expect(whole['capabilities']).toContainEqual(
      expect.objectContaining({ name: 'web3.resources.publish', available: false }),
    )
  })
})
