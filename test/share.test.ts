/**
 * `openclaw share` in the real gateway: what runs on this machine is found, sold, used by an outside wallet and taken back,
 * and what the commands say agrees with the books to the unit.
 */
import { mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  lmStudioRoutes,
  localServer,
  ollamaRoutes,
  searxngRoutes,
  vllmRoutes,
  type LocalServer,
} from '../extensions/web3-core/src/share/local-servers.fixture.ts'
import type { CliResult } from '../scripts/gateway/gateway-process.ts'
import { parseJson, type JsonRecord } from '../scripts/gateway/json-value.ts'
import {
  bootMarket,
  freePort,
  list,
  record,
  temporaryDirectory,
  text,
  type MarketGateway,
} from './market-gateway.fixture.ts'
import { deposit, writeDocs } from './offers.fixture.ts'
import { good, outsideWallet, type Leased, type OutsideWallet } from './outside-wallet.fixture.ts'
import { sitAt } from './terminal.fixture.ts'

const home = temporaryDirectory('share-test')
const models = ['ollama-llama3-2-3b', 'lm-studio-qwen2-5-7b-instruct', 'vllm-mistral-small-24b']
const all = [...models, 'searxng', 'docs', 'disk']
const granted = 50_000_000n

let servers: readonly LocalServer[] = []
let places: readonly string[] = []
let listener = ''
let boot: () => Promise<MarketGateway>
let gateway: MarketGateway
let consumer: OutsideWallet

beforeAll(async () => {
  servers = await Promise.all(
    [ollamaRoutes, lmStudioRoutes, vllmRoutes, searxngRoutes('json')].map((routes) => localServer(routes)),
  )
  const disk = join(home.path, 'room')
  mkdirSync(disk)
  places = [
    ...servers.flatMap(({ port }) => ['--at', String(port)]),
    '--docs',
    writeDocs(home.path),
    '--disk',
    disk,
    '--size',
    '5MB',
  ]
  const port = await freePort()
  listener = `http://127.0.0.1:${port}`
  boot = () =>
    bootMarket({
      dir: join(home.path, 'gateway'),
      store: 'sqlite',
      market: { disputeWindowSeconds: 600, sweepSeconds: 1 },
      web3: { provider: { listen: { port } } },
    })
  gateway = await boot()
  consumer = outsideWallet(listener)
  await consumer.signIn()
  await deposit(gateway, consumer.address, granted.toString())
})
afterAll(async () => {
  await gateway?.host.stop()
  for (const server of servers) await server.close()
  home.remove()
})

const share = (...args: readonly string[]): Promise<CliResult> => gateway.host.openclaw(['share', ...args])
const json = ({ stdout, stderr }: CliResult): JsonRecord => record(parseJson(stdout || stderr))
const status = () => gateway.call('web3.share.status')
const named = (of: unknown, name: string): JsonRecord =>
  record(list(of).find((each) => each['name'] === name))

/** Where things are is in no answer. */
function expectNoSecret(...said: readonly unknown[]): void {
  const text_ = JSON.stringify(said)
  const ports = servers.map(({ port }) => `:${port}`)
  const folders = [join(home.path, 'docs-folder'), join(home.path, 'room'), '/srv/private']
  for (const secret of [...folders, ...ports]) expect(text_).not.toContain(secret)
}

describe('before anything is shared', () => {
  it('says what it would do when there is nobody to ask, and when there is nothing to do', async () => {
    const [unasked, nothing] = await Promise.all([
      share('start', ...places, '--json'),
      share('start', '--at', String(await freePort()), '--yes'),
    ])
    expect([unasked.code, unasked.stdout]).toEqual([1, ''])
    const refused = json(unasked)
    expect(refused).toMatchObject({ error: 'E_APPROVAL_REQUIRED' })
    expect(list(record(refused['details'])['wouldShare']).map(({ name, price }) => [name, price])).toEqual([
      ['ollama-llama3-2-3b', '0.05/0.15 USDC per million tokens in/out'],
      ['lm-studio-qwen2-5-7b-instruct', '0.1/0.3 USDC per million tokens in/out'],
      ['vllm-mistral-small-24b', '0.3/0.9 USDC per million tokens in/out'],
      ['searxng', '0.002 USDC per query'],
      ['docs', '0.001 USDC per query'],
      ['disk', '0.001 USDC per GB and day'],
    ])
    expect(nothing).toMatchObject({ code: 1, stdout: '' })
    expect(nothing.stderr).toMatch(/^E_NOT_FOUND: nothing that can be shared is found here\n.*--docs DIR/s)
    // Whoever may share a folder may read it: that takes more than to write.
    for (const method of ['web3.share.find', 'web3.share.start', 'web3.share.stop']) {
      const scopes = ['operator.read', 'operator.write'] as const
      expect(JSON.stringify(await gateway.refusal(method, {}, scopes))).toContain('operator.admin')
    }
    expect(list((await gateway.call('web3.resources.list'))['resources'])).toEqual([])
    expectNoSecret(unasked, nothing)
  })
})

describe('sharing', () => {
  const leases = new Map<string, Leased>()

  it('puts everything that was found on the market, once', async () => {
    const start = ['start', ...places, '--price', 'docs=0.004', '--yes', '--json']
    const first = await share(...start)
    expect(first).toMatchObject({ code: 0, stderr: '' })
    expect(list(json(first)['shared']).map(({ name, done }) => [name, done])).toEqual(
      all.map((name) => [name, 'published']),
    )
    expect(json(first)['reach']).toMatchObject({
      url: listener,
      missing: expect.stringContaining('publicUrl'),
    })
    const again = await share('start', ...places, '--yes')
    expect(again).toMatchObject({ code: 0, stderr: '' })
    for (const name of all) expect(again.stdout).toMatch(new RegExp(`^${name} +unchanged `, 'm'))
    const { resources } = await gateway.call('web3.resources.list')
    expect(list(resources).map(({ version }) => version)).toEqual(all.map(() => 1))
    expectNoSecret(first, again, resources, gateway.host.log())
    const file = join(gateway.host.stateDir, 'web3-core', 'shared', 'shared.json')
    expect(statSync(file).mode & 0o777).toBe(0o600)
  })

  it('is used by an outside wallet, and the status agrees with the books to the unit', async () => {
    const { shared } = await status()
    for (const name of all)
      leases.set(name, await consumer.lease(text(named(shared, name)['resourceId']), '1000000'))
    const post = async (name: string, path: string, body: object): Promise<number> => {
      const { token } = leases.get(name) ?? { token: '' }
      const response = await fetch(`${listener}/web3/resources/${path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
      await response.arrayBuffer()
      return response.status
    }
    const question = { messages: [{ role: 'user', content: 'Tell me of the sea.' }], max_tokens: 50 }
    for (const name of models) expect(await post(name, 'model/chat', question)).toBe(200)
    for (const q of ['moon', 'bread', 'salt']) expect(await post('docs', 'search/query', { q })).toBe(200)
    expect(await post('searxng', 'search/query', { q: 'tides' })).toBe(200)
    expect(await post('disk', 'storage/put', { path: 'a.txt', bytesBase64: 'eA==' })).toBe(200)
    good(await consumer.api('web3.resources.completeLease', { leaseId: leases.get('docs')?.leaseId }))

    const [inJson, inText] = await Promise.all([share('status', '--json'), share('status', '--yes')])
    const said = json(inJson)
    expectNoSecret(inJson, inText)
    const sums = { earned: 0n, owed: 0n }
    for (const thing of list(said['shared'])) {
      const { currencies } = await gateway.call('market.ledger.summary', { resourceId: thing['resourceId'] })
      const [booked] = list(currencies)
      const [money] = list(thing['money'])
      expect(thing, text(thing['name'])).toMatchObject({ state: 'shared', answers: true })
      expect([thing['calls'], money?.['usage']]).toEqual([booked?.['entries'], booked?.['byUnit']])
      expect(BigInt(text(money?.['earned'])) + BigInt(text(money?.['owed']))).toBe(
        BigInt(text(booked?.['totalCost'])),
      )
      sums.earned += BigInt(text(money?.['earned']))
      sums.owed += BigInt(text(money?.['owed']))
    }
    // Three queries at the price that was typed, released; the rest is owed.
    expect(sums.earned).toBe(12_000n)
    expect(list((await gateway.call('web3.billing.summary'))['currencies'])).toMatchObject([
      { earned: sums.earned.toString(), owed: sums.owed.toString() },
    ])
    expect(list(named(said['shared'], 'searxng')['leases'])).toMatchObject([
      { consumerActorId: consumer.address, metered: '2000' },
    ])
    const table = inText.stdout
    expect(table).toMatch(/^docs +shared +yes +0 +3 +0\.012 USDC +0 USDC +0\.004 USDC per query$/m)
    expect(table).toContain(`searxng: ${consumer.address.slice(0, 6)}…${consumer.address.slice(-4)} active`)
  })

  it('asks at a terminal: which, at what price, and whether at all', async () => {
    const dir = join(home.path, 'gateway')
    const which = { when: 'Share which? Numbers or names, with commas [all]', type: '' }
    const [agreed, declined] = await Promise.all([
      sitAt(
        dir,
        ['share', 'start', ...places.slice(0, 8)],
        [
          { ...which, type: 'nobody' },
          { ...which, type: '1, searxng' },
          { when: 'USDC per million tokens in/out, or skip [0.05/0.15]', type: 'skip' },
          { when: 'USDC per query, or skip [0.002]', type: 'cheap' },
          { when: 'USDC per query, or skip [0.002]', type: '0.003' },
          { when: 'Publish searxng at these prices, for everyone to lease? [y/N]', type: 'y' },
        ],
      ),
      sitAt(dir, ['share', 'stop', 'searxng', '--end-leases'], [{ when: 'Stop? [y/N]', type: '' }]),
    ])
    expect(agreed.code).toBe(0)
    expect(agreed.screen).toContain('There is no nobody above.')
    expect(agreed.screen).toContain('a price is one figure, like 0.002')
    expect(agreed.screen).toMatch(/^searxng +republished +0\.003 USDC per query/m)
    expect(declined.code).toBe(1)
    expect(declined.screen).toContain('ends 1 lease now: 0.002 USDC used is paid after the dispute window')
    expect(declined.screen).toContain('Nothing was stopped.')
    const { shared } = await status()
    expect(named(shared, 'searxng')).toMatchObject({ state: 'shared', prices: [{ amount: '3000' }] })
  })

  it('serves a running lease after it was stopped, over a kill of the gateway, until the lease ends', async () => {
    const stopped = await share('stop', 'searxng', 'docs', '--yes', '--json')
    expect([stopped.code, json(stopped)]).toMatchObject([
      0,
      {
        stopped: [
          { name: 'searxng', status: 'stopping', leases: 1 },
          { name: 'docs', status: 'gone', leases: 0 },
        ],
      },
    ])
    await gateway.host.kill()
    const down = await share('status', '--json')
    expect([down.code, json(down)]).toMatchObject([
      1,
      { error: 'E_UNAVAILABLE', message: 'the gateway does not answer' },
    ])
    gateway = await boot()
    const after = list((await status())['shared'])
    expect(Object.fromEntries(after.map(({ name, state }) => [name, state]))).toEqual({
      ...Object.fromEntries([...models, 'disk'].map((name) => [name, 'shared'])),
      searxng: 'stopping',
    })
    const { token, leaseId } = leases.get('searxng') ?? { token: '', leaseId: '' }
    const ask = () =>
      fetch(`${listener}/web3/resources/search/query`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: '{"q":"tides"}',
      })
    expect((await ask()).status).toBe(200)
    good(await consumer.api('web3.resources.completeLease', { leaseId }))

    const ended = await share('stop', '--end-leases', '--yes', '--json')
    expect(ended).toMatchObject({ code: 0, stderr: '' })
    const end = json(ended)
    expect(named(end['stopped'], 'searxng')).toMatchObject({ status: 'gone' })
    expect(list(end['ended'])).toHaveLength(4)
    // What the disk keeps goes with the next look at what has ended; then the disk goes, too.
    for (const name of models) expect(named(end['stopped'], name)).toMatchObject({ status: 'gone' })
    const { resources } = await gateway.call('web3.resources.list')
    expect(resources).toEqual([])
    const { leases: left } = await gateway.call('market.status.summary')
    expect(left).toMatchObject({ active: 0 })
    expectNoSecret(stopped, ended, gateway.host.log())
  })
})
