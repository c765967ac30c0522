/** Whom the host's prompt asks before money is spent, and what does not start while nobody can say what may be spent. */
import type { OpenClawPluginApi } from 'openclaw/plugin-sdk/plugin-entry'
import { describe, expect, it, onTestFinished } from 'vitest'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { setMarketState } from '../../../market-core/src/plugin/handle.ts'
import { allCapabilities } from '../plugin/all-capabilities.ts'
import { outsideWallet, publishAs } from '../plugin/outside-wallet.fixture.ts'
import { backendsOf } from '../plugin/running-world.fixture.ts'
import { bad, good, offerOf, rootOf, temporaryHome, testWorld } from '../plugin/world.fixture.ts'
import { callAsNode, type OwnersDoor } from './gateway-methods.ts'
import { registerSpendingPolicy } from './spending-policy.ts'

type Policy = Parameters<OpenClawPluginApi['registerTrustedToolPolicy']>[0]['evaluate']

/** What the host is given to ask before a tool runs. */
function policy(): Policy {
  const given: Policy[] = []
  // Of the host's many doors the two that are used here.
  const api = {
    registerTrustedToolPolicy: ({ evaluate }: { evaluate: Policy }) => void given.push(evaluate),
    on: () => undefined,
  } as unknown as OpenClawPluginApi
  registerSpendingPolicy(
    api,
    allCapabilities({ url: 'http://localhost', domain: 'localhost', chainIds: [] }),
    (name) => name,
  )
  const [evaluate] = given
  if (evaluate === undefined) throw new Error('no policy was registered')
  return evaluate
}

const bob = { channel: 'telegram', id: 'bob' }
const lease = 'web3.resources.lease'
const run = { agentId: 'main', sessionKey: 'agent:main:telegram:group' }

/** The host's question before a tool of a turn of somebody in a chat. */
function asking(senderIsOwner: boolean) {
  const evaluate = policy()
  const { channel, id: senderId } = bob
  return async (...[toolName, params]: Wanted) =>
    evaluate({ toolName, params }, { toolName, ...run, requester: { senderIsOwner, senderId, channel } })
}

type Wanted = readonly [tool: string, params: Record<string, unknown>]

const called = (name: string, params: object): Wanted => ['web3_call', { name, params }]
/** None of these spends: they are other plugins', they only read, or they would be refused whatever they cost. */
const others: readonly Wanted[] = [
  ['exec', { command: 'ls' }],
  ['web3_call', {}],
  called('web3.status.summary', {}),
  called('web3.resources.completeLease', { leaseId: 'lease_01JQZX5Y7N8M9P0QRSTVWXYZ00' }),
  called(lease, { resourceId: 'a car' }),
]

/** A market with a resource, and an allowance of a thousandth of a dollar a day, for everybody's and for Bob's runs. */
async function market(store: 'sqlite' | 'file') {
  const home = await temporaryHome()
  const account = privateKeyToAccount(generatePrivateKey())
  const { docs } = backendsOf(home)
  const config = { provider: { backends: { docs: { ...docs, publishers: [account.address] } } } }
  const world = await testWorld({ home, store, config })
  await world.fund(world.market.address, 9_000_000n)
  const resourceId = await publishAs(outsideWallet(world, account), offerOf('search').resource)
  for (const whose of [{}, { sender: bob }]) {
    const allow = { per: 'day', currency: 'USDC', limit: '1000', whose }
    good(await world.call('web3.billing.policy.set', { allow }))
  }
  const params = { resourceId, ttlMs: 3_600_000, maxCost: '5000000', idempotencyKey: 'above-the-limit' }
  /** The turn of somebody in a chat: the host's question before the tool, and the tool itself. */
  const turnOf = (senderIsOwner: boolean) => {
    const { channel, id: senderId } = bob
    const from: OwnersDoor = { door: 'tool', owner: senderIsOwner, run: { ...run, senderId, channel } }
    const question = asking(senderIsOwner)
    return {
      question: () => question(...called(lease, params)),
      tool: () => callAsNode(lease, params, from),
    }
  }
  return { world, turnOf }
}

describe.each(['sqlite', 'file'] as const)('on the %s store', (store) => {
  it('the owner is asked, and what it has answered holds once', async () => {
    const { turnOf } = await market(store)
    const { question, tool } = turnOf(true)
    expect(bad(await tool())).toMatchObject({ error: 'E_APPROVAL_REQUIRED' })
    const asked = await question()
    expect(asked).toMatchObject({ requireApproval: { title: 'Spend 5 USDC' } })
    if (asked === undefined || !('requireApproval' in asked)) throw new Error('nobody is asked')
    await asked.requireApproval?.onResolution?.('allow-once')
    expect(good(await tool())).toMatchObject({ stored: true })
  })

  it('nobody else is asked in the chat in which it would answer itself: the owner approves it by its own command', async () => {
    const { world, turnOf } = await market(store)
    const { question, tool } = turnOf(false)
    expect(await question()).toBeUndefined()
    const refused = bad(await tool())
    expect(refused).toMatchObject({ error: 'E_APPROVAL_REQUIRED', details: { amount: '5000000' } })
    expect(refused.hint).toContain('/allowance approve')
    good(await world.call('web3.billing.policy.set', { approve: refused.details?.['approvalId'] }))
    expect(good(await tool())).toMatchObject({ stored: true })
  })

  it('a lease does not start while the budget cannot be looked up in time; all else does', async () => {
    const { world, turnOf } = await market(store)
    const { question } = turnOf(true)
    const before = await rootOf(world)
    const release = Promise.withResolvers<void>()
    // One write at a time: until this one is over the store keeps no question to the owner.
    const held = world.market.store.write(() => release.promise)
    onTestFinished(() => release.resolve())
    const from = performance.now()
    let answered = false
    const asked = question().finally(() => (answered = true))
    const pass = asking(true)
    for (const other of others) expect(await pass(...other), JSON.stringify(other)).toBeUndefined()
    expect(answered, 'others do not wait for it').toBe(false)
    expect(await asked).toEqual({ block: true, blockReason: expect.stringMatching(/^E_TIMEOUT: .* 2 s\./) })
    const took = performance.now() - from
    expect(took).toBeGreaterThanOrEqual(1_990)
    expect(took, 'a deadline of its own, before any of the store').toBeLessThan(4_900)
    expect(await rootOf(world), 'nothing is spent').toBe(before)
    release.resolve()
    await held
    expect(await question()).toMatchObject({ requireApproval: { title: 'Spend 5 USDC' } })
  })

  it('nor while there is no market, of which only the owner learns why', async () => {
    const { world, turnOf } = await market(store)
    await world.stopMarket()
    for (const owner of [true, false]) {
      const { question } = turnOf(owner)
      expect(await question()).toMatchObject({
        block: true,
        blockReason: expect.stringMatching(/^E_UNAVAILABLE: /),
      })
      const pass = asking(owner)
      for (const other of others) expect(await pass(...other), JSON.stringify(other)).toBeUndefined()
    }
    setMarketState({
      status: 'misconfigured',
      problems: [{ key: 'store', problem: 'is a secret of the owner' }],
    })
    expect(await turnOf(true).question()).toMatchObject({ blockReason: expect.stringContaining('NOT_CONF') })
    const told = await turnOf(false).question()
    expect(told).toMatchObject({ block: true, blockReason: expect.stringMatching(/^E_UNAVAILABLE: /) })
    expect(JSON.stringify(told)).not.toContain('store')
  })
})

it("without a market the owner's own backends serve: they cost nothing, and nothing stands in front of them", async () => {
  const world = await testWorld({ config: { fallback: { search: 'docs' } } })
  await world.stopMarket()
  const params = { q: 'tides' }
  for (const owner of [true, false]) expect(await asking(owner)('web3_search', params)).toBeUndefined()
  const from = { door: 'tool', run } as const
  expect(good(await callAsNode('web3.search.query', params, { ...from, owner: true }))).toMatchObject({
    servedBy: { source: 'local', why: 'market-off' },
  })
  expect(bad(await callAsNode('web3.search.query', params, { ...from, owner: false })).error).toBe(
    'E_UNAVAILABLE',
  )
  // Nothing of the owner's serves as storage: there only a lease would do.
  expect(await asking(true)('web3_storage_put', { path: 'a.md', text: 'a' })).toMatchObject({ block: true })
})
