/** Whom the host's prompt asks before money is spent. */
import type { OpenClawPluginApi } from 'openclaw/plugin-sdk/plugin-entry'
import { describe, expect, it } from 'vitest'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { allCapabilities } from '../plugin/all-capabilities.ts'
import { outsideWallet, publishAs } from '../plugin/outside-wallet.fixture.ts'
import { backendsOf } from '../plugin/running-world.fixture.ts'
import { bad, good, offerOf, temporaryHome, testWorld } from '../plugin/world.fixture.ts'
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
  const evaluate = policy()
  /** The turn of somebody in a chat: the host's question before the tool, and the tool itself. */
  const turnOf = (senderIsOwner: boolean) => {
    const run = { agentId: 'main', sessionKey: 'agent:main:telegram:group' }
    const { channel, id: senderId } = bob
    const from: OwnersDoor = { door: 'tool', owner: senderIsOwner, run: { ...run, senderId, channel } }
    return {
      question: async () =>
        evaluate(
          { toolName: 'web3_call', params: { name: lease, params } },
          { toolName: 'web3_call', ...run, requester: { senderIsOwner, senderId, channel } },
        ),
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
})
