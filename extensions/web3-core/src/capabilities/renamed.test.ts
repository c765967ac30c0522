/** What a butler knows it has read: under a seeded rename no canonical name may come out of any answer. */
import { createHash } from 'node:crypto'
import { beforeAll, afterAll, describe, expect, it } from 'vitest'
import { rm } from 'node:fs/promises'
import type { Market } from '@openclaw-market/market-core'
import { makeHome, startWorld, type RunningWorld } from '../plugin/running-world.fixture.ts'
import { startChild, type ChildWorld } from '../plugin/child-world.fixture.ts'
import { post } from '../plugin/outside-wallet.fixture.ts'
import { bad, good, offerOf, type Json } from '../plugin/world.fixture.ts'
import { callAsNode } from '../surface/gateway-methods.ts'
import { allCapabilities } from '../plugin/all-capabilities.ts'

const seed = 'a seed'
const canonical = allCapabilities({ url: 'http://localhost', domain: 'localhost', chainIds: [] }).map(
  ({ contract }) => contract.name,
)

function rename(name: string): string {
  const letters = createHash('sha256')
    .update(`${seed}/${name}`)
    .digest('hex')
    .replaceAll(/\d/g, (d) => 'ghijklmnop'.charAt(Number(d)))
  return `${letters.slice(0, 6)}.${letters.slice(6, 14)}`
}

let world: RunningWorld
let other: ChildWorld

beforeAll(async () => {
  other = await startChild({ home: await makeHome() })
  const markets = [
    { name: 'other', url: other.url },
    { name: 'nowhere', url: 'http://127.0.0.1:9' },
  ]
  // A defect of ours, where the status looks.
  const broken = (market: Market): Market => ({
    ...market,
    get backend(): never {
      throw new Error('SECRET')
    },
  })
  world = await startWorld({ home: await makeHome(), rename, config: { markets }, through: broken })
})
afterAll(async () => {
  await world.stop()
  await other.kill()
  for (const { home } of [world, other]) await rm(home, { recursive: true, force: true })
})

/** Neither a canonical name nor a template nor the market's own names for things. */
function expectRenamed(answer: unknown, about: string): void {
  const text = JSON.stringify(answer)
  expect(
    canonical.filter((name) => text.includes(name)),
    about,
  ).toEqual([])
  expect(text.match(/.{20}(web3\.[a-z]+\.[A-Za-z]|market\.[a-z]+\.[A-Za-z]|\{\{).{20}/) ?? [], about).toEqual(
    [],
  )
}

const resourceId = `res_${'0'.repeat(26)}`
const leaseId = `lease_${'0'.repeat(26)}`
const plan = { resourceId, ttlMs: 3_600_000 }

/** Wishes that end badly in one way or another, for every capability. */
const wishes: Readonly<Record<string, readonly object[]>> = {
  'web3.capabilities.list': [{ group: 'cars' }],
  'web3.capabilities.describe': [{ name: 'no.such' }, { name: '' }],
  'web3.siwe.challenge': [{ address: '0x70997970C51812dc3A010C7d01b50e0d17dc79C8', chainId: 5 }, {}],
  'web3.siwe.verify': [{ message: 'hello', signature: '0x11' }, {}],
  'web3.siwe.logout': [{}, { x: 1 }],
  'web3.wallet.status': [{ wallet: 'mine' }],
  'web3.wallet.bind': [{ signature: `0x${'11'.repeat(65)}` }, { address: '0x1234' }, {}],
  'web3.wallet.unbind': [{}, { wallet: 'mine' }],
  'web3.resources.list': [{ market: 'mars' }, { market: 'nowhere' }, { cursor: 'x' }, { kind: 'car' }],
  'web3.resources.get': [
    { resourceId },
    { resourceId, market: 'other' },
    { resourceId, market: 'nowhere' },
    {},
  ],
  'web3.resources.quote': [plan, { ...plan, market: 'other' }, {}],
  'web3.resources.lease': [
    { ...plan, maxCost: '5' },
    { ...plan, maxCost: '5', market: 'other' },
    { ...plan, maxCost: '5', tokenHash: 'a'.repeat(64) },
    {},
  ],
  'web3.resources.leases': [{ market: 'mars' }, { market: 'nowhere' }, { status: 'x' }],
  'web3.resources.status': [{ leaseId }, {}],
  'web3.resources.completeLease': [{ leaseId }, {}],
  'web3.resources.revokeLease': [{ leaseId }, {}],
  'web3.resources.publish': [
    offerOf('search', { backend: 'none' }),
    offerOf('search', { prices: [{ unit: 'query', amount: '1', per: '1', currency: 'EURC' }] }),
    {},
  ],
  'web3.resources.unpublish': [{ resourceId }, {}],
  'web3.model.chat': [{ messages: [{ role: 'user', content: 'hi' }] }, { messages: [] }],
  'web3.search.query': [{ q: 'x' }, { q: 'x', leaseId }, {}],
  'web3.storage.put': [{ path: 'a', text: 'b' }, { path: 'a' }, {}],
  'web3.storage.get': [{ path: 'a' }, {}],
  'web3.storage.list': [{}, { limit: 0 }],
  'web3.share.find': [{ docs: '/no/such/folder' }, { ports: [0] }],
  'web3.share.start': [{ ports: [], things: [{ name: 'nothing-here' }] }, {}],
  'web3.share.status': [{ verbose: true }],
  'web3.share.stop': [{ names: ['nothing-here'] }, { names: [] }],
  'web3.audit.query': [{ since: 'yesterday' }],
  'web3.audit.prove': [{ eventId: `evt_${'0'.repeat(26)}` }, {}],
  'web3.audit.checkpoint': [{ since: 9_000_000 }, { since: 0 }],
  'web3.audit.verify': [{ from: 5 }],
  'web3.billing.summary': [{ since: 'yesterday' }],
  'web3.billing.withdraw': [
    { currency: 'USDC', amount: '9999999999' },
    { currency: 'USDC', amount: '0' },
    {},
  ],
  'web3.billing.credit.open': [
    { to: `0x${'1'.repeat(40)}`, currency: 'USDC', ceiling: '5', maxRequestsPerMinute: 1 },
    {},
  ],
  'web3.billing.credit.close': [{ creditLineId: `line_${'0'.repeat(26)}` }, {}],
  'web3.billing.credit.list': [{ status: 'open' }],
  'web3.billing.credit.settle': [{ creditLineId: `line_${'0'.repeat(26)}` }, {}],
  'web3.billing.status': [{ id: leaseId }, { id: `ord_${'0'.repeat(26)}` }, {}],
  'web3.billing.policy.get': [{ session: 'this one' }],
  'web3.billing.policy.set': [{ approve: 'apr_01J8ZK3V5Q0R2M4T6W8Y0A2C4E' }, {}],
  'web3.billing.statements': [{ limit: 0 }],
  'web3.status.summary': [{ verbose: true }],
}

describe('under a rename', () => {
  it('every capability is described under its new name, and no text has an old one', async () => {
    for (const params of [{}, ...canonical.map((name) => ({ name: rename(name) }))]) {
      const document = good(await world.call(rename('web3.capabilities.describe'), params))
      expectRenamed(document, JSON.stringify(params))
      for (const { name } of document['capabilities'] as Json[]) expect(canonical.map(rename)).toContain(name)
    }
    const list = good(await world.call(rename('web3.capabilities.list'), { includeUnavailable: true }))
    expectRenamed(list, 'list')
    expect((list['capabilities'] as Json[]).length).toBeGreaterThan(15)
  })

  it('every capability fails without an old name, whoever asks and through whatever door', async () => {
    expect(Object.keys(wishes).sort()).toEqual([...canonical].sort())
    const codes = new Set<string>()
    for (const [name, failing] of Object.entries(wishes)) {
      for (const params of failing) {
        const about = `${name} ${JSON.stringify(params)}`
        const answers = [
          await callAsNode(rename(name), params, { door: 'gateway', owner: true }),
          await callAsNode(rename(name), params, { door: 'tool', owner: false }),
          (await post(world.url, rename(name), params)).body,
          (await post(world.url, name, params)).body,
        ]
        for (const answer of answers) if (!answer.ok) codes.add(answer.error)
        expect(
          answers.some(({ ok }) => !ok),
          about,
        ).toBe(true)
        expectRenamed(answers, about)
      }
    }
    for (const code of [
      'E_INVALID_ARGUMENT',
      'E_NOT_FOUND',
      'E_AUTH_REQUIRED',
      'E_FORBIDDEN',
      'E_UNAVAILABLE',
      'E_NOT_CONFIGURED',
    ]) {
      expect([...codes]).toContain(code)
    }
    expect([...codes]).not.toContain('E_INTERNAL')
    expectRenamed(
      (await post(world.url, 'web3.resources.leases', {}, { authorization: 'Bearer x' })).body,
      'a wrong session',
    )
  })

  it('a defect, and a key that was used for something else, are told by the new name', async () => {
    const defect = bad(await world.call(rename('web3.status.summary')))
    expect(defect).toMatchObject({
      error: 'E_INTERNAL',
      message: expect.stringContaining(rename('web3.status.summary')),
    })
    expectRenamed(defect, 'a defect')
    expect(JSON.stringify(defect)).not.toContain('SECRET')
    expect(world.log.join()).toContain('SECRET')
    const publish = (label: string) =>
      world.call(rename('web3.resources.publish'), {
        ...offerOf('search', { label }),
        idempotencyKey: 'publish-once',
      })
    good(await publish('a'))
    const conflict = bad(await publish('b'))
    expect(conflict).toMatchObject({
      error: 'E_CONFLICT',
      message: expect.stringContaining(rename('web3.resources.publish')),
    })
    expectRenamed(conflict, 'a used key')
  })

  it('an old name is none, for the owner', async () => {
    expect(bad(await world.call('web3.resources.list'))).toMatchObject({
      error: 'E_NOT_FOUND',
      hint: expect.stringContaining(rename('web3.capabilities.list')),
    })
  })

  it('a name that another market says is shown as ours', async () => {
    await other.fund(world.market.address, 10_000n)
    const offered = good(await other.call('web3.resources.publish', offerOf('search')))['resourceId']
    const taken = good(
      await world.call(rename('web3.resources.lease'), { ...plan, resourceId: offered, maxCost: '1500' }),
    )
    expectRenamed(taken, 'lease')
    const query = () => world.call(rename('web3.search.query'), { q: 'tides' })
    expectRenamed(good(await query()), 'query')
    const spent = bad(await query())
    expect(spent).toMatchObject({ error: 'E_QUOTA_EXCEEDED' })
    expectRenamed(spent, 'a spent lease')
    expectRenamed(await world.call(rename('web3.resources.status'), { leaseId: taken['leaseId'] }), 'status')
  })
})
