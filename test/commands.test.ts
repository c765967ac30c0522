/**
 * Slash commands as a chat sends them, in the real gateway: for the owner, and for others who may write to the agent. What
 * they say is compared with what programs are told.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { allCommands } from '../extensions/web3-core/src/surface/commands/all-commands.ts'
import { columns } from '../extensions/web3-core/src/surface/commands/look.ts'
import { sendChat } from '../scripts/gateway/agent-turn.ts'
import type { OperatorScope } from '../scripts/gateway/rpc-client.ts'
import {
  bootMarket,
  freePort,
  list,
  record,
  temporaryDirectory,
  text,
  type MarketGateway,
} from './market-gateway.fixture.ts'
import { deposit, publishDelegated, search, writeDocs } from './offers.fixture.ts'
import { outsideWallet } from './outside-wallet.fixture.ts'

/** What the owner's own screen connects with, and what somebody has who may only talk to the agent. */
const owners: readonly OperatorScope[] = ['operator.read', 'operator.write', 'operator.admin']
const others: readonly OperatorScope[] = ['operator.read', 'operator.write']

const home = temporaryDirectory('commands-test')
let market: MarketGateway
let domain: string
let leaseId: string
let orderId: string

beforeAll(async () => {
  const port = await freePort()
  domain = `127.0.0.1:${port}`
  const provider = outsideWallet(`http://${domain}`)
  const docs = { driver: 'local-docs', directory: writeDocs(home.path), publishers: [provider.address] }
  market = await bootMarket({
    dir: join(home.path, 'gateway'),
    store: 'sqlite',
    web3: { provider: { listen: { port }, backends: { docs } } },
  })
  await provider.signIn()
  const resourceId = await publishDelegated(provider, market, search('docs', '1250'))
  await deposit(market, market.address, '1000000')
  const lease = await market.call('web3.resources.lease', { resourceId, ttlMs: 3_600_000, maxCost: '20000' })
  leaseId = text(lease['leaseId'])
  orderId = text(lease['orderId'])
  await market.call('web3.search.query', { q: 'moon' })
})
afterAll(async () => {
  await market?.host.stop()
  home.remove()
})

/** The message to sign has lines of its own, and an address is whole. */
const widths = (answer: string): number[] =>
  answer
    .replace(/```\n127[^`]*```/, '')
    .split('\n')
    .filter((line) => !/^0x[0-9a-fA-F]{40}$/.test(line))
    .map((line) => line.length)

/** Examples of the page are what the chat really says. */
const page = readFileSync(join(import.meta.dirname, '..', 'docs', 'commands.md'), 'utf8')

async function say(message: string, scopes = owners): Promise<string> {
  const { state, text: answer } = await sendChat(market.host, message, { scopes })
  expect(state).toBe('final')
  expect(Math.max(...widths(answer)), answer).toBeLessThanOrEqual(columns)
  expect(answer).not.toMatch(/tok_|ses_|docs|\/tmp|https?:\/\/(?!127)/)
  expect(answer.split('\n').length, answer).toBeLessThanOrEqual(24)
  return answer
}

/** The rows between the fences, spaces as one. */
function rows(answer: string): readonly string[] {
  const [, block = ''] = answer.split('```')
  return block
    .trim()
    .split('\n')
    .map((line) => line.trim().replaceAll(/ +/g, ' '))
}

describe('who is answered', () => {
  it('others get one line and no figure', async () => {
    for (const { name } of allCommands) {
      expect(await say(`/${name}`, others)).toBe('Sorry, that is for my owner alone.')
    }
    expect(await say('/credits', ['operator.write'])).toBe('Sorry, that is for my owner alone.')
  })

  it('who may only read sends no message at all', async () => {
    await expect(say('/credits', ['operator.read'])).rejects.toThrow('operator.write')
  })
})

describe('money', () => {
  it('/credits says what can be spent, to the last unit', async () => {
    const answer = await say('/credits')
    expect(rows(answer)).toContain('USDC 0.98')
    expect(page).toContain(answer)
    expect(answer).toMatch(/^You can spend:\n/)
    expect(rows(answer)).toContain('limits none')
    expect(answer.split('\n').at(-1)).toContain('/pay_status')
  })

  it('/pay_status says where it all is', async () => {
    const answer = await say('/pay_status')
    expect(rows(answer)).toEqual([
      'USDC',
      'available 0.98',
      'held 0.02',
      'owed to you 0.00',
      'earned 0.00',
      'spent 0.00',
      'net 0.00',
      'unsettled 1 lease',
    ])
  })

  it('/pay_status of a lease or its order tells where its money is, and when it moves', async () => {
    const answer = await say(`/pay_status ${leaseId}`)
    expect(answer.split('\n')[0]).toBe('Notes on the sea')
    expect(rows(answer)).toEqual([
      'lease active',
      'money locked',
      'USDC',
      'locked 0.02000',
      'metered 0.00125',
      'reserved 0.00000',
      'released 0.00000',
      'refunded 0.00000',
      expect.stringMatching(/^moves next in (59|60) min|in 1 h$/),
    ])
    const byOrder = rows(await say(`/pay_status ${orderId}`))
    expect(byOrder.slice(0, -1)).toEqual(rows(answer).slice(0, -1))
  })

  it('/pay_status of what is none, or not there, says so and goes on', async () => {
    expect(await say('/pay_status yesterday')).toContain('lease_01K')
    expect(await say('/pay_status lease_00000000000000000000000000')).toContain('There is no lease')
  })

  it('says the same after the lease is settled', async () => {
    await market.call('web3.resources.completeLease', { leaseId })
    const settled = await say(`/pay_status ${leaseId}`)
    expect(page).toContain(settled)
    expect(rows(settled)).toEqual([
      'lease completed',
      'money released',
      'USDC',
      'locked 0.02000',
      'metered 0.00125',
      'reserved 0.00000',
      'released 0.00125',
      'refunded 0.01875',
      'moves next nothing more',
    ])
    const all = await say('/pay_status')
    expect(page).toContain(all)
    expect(rows(all)).toEqual([
      'USDC',
      'available 0.99875',
      'held 0.00000',
      'owed to you 0.00000',
      'earned 0.00000',
      'spent 0.00125',
      'net -0.00125',
      'unsettled 0 leases',
    ])
  })
})

describe('the market', () => {
  it('/market says how it stands', async () => {
    const answer = await say('/market')
    expect(page).toContain(answer)
    expect(rows(answer)).toEqual([
      'USDC 0.99875',
      'leases 0 active',
      'calls 0 open',
      'offered 1',
      'unsettled 0',
      'markets 1',
    ])
  })

  it('/market help lists every command that the host has of us', async () => {
    const answer = await say('/market help')
    const { commands } = await market.call('commands.list', {}, owners)
    const known = list(commands).map(({ name }) => text(name))
    for (const { name } of allCommands) {
      expect(answer).toContain(`/${name}`)
      expect(known).toContain(name)
    }
  })

  it('/market anything else is told what there is', async () => {
    expect(await say('/market please')).toContain('/market help')
  })
})

describe('the wallet of the owner', () => {
  const mine = privateKeyToAccount(generatePrivateKey())
  const other = privateKeyToAccount(generatePrivateKey())
  const messageIn = (answer: string): string => (answer.split('```\n')[1] ?? '').trimEnd()
  const roleOf = async (): Promise<unknown> =>
    record((await market.call('web3.wallet.status'))['owner'] ?? {})['status']

  it('is none at first', async () => {
    const answer = await say('/whoami_web3')
    expect(answer.split('\n')).toContain(market.address)
    expect(answer).toContain('none bound')
    expect(answer.split('\n').at(-1)).toContain('/bind_wallet')
  })

  it('is bound by signing what the chat shows, once', async () => {
    const answer = await say(`/bind_wallet ${mine.address}`)
    const message = messageIn(answer)
    expect(message).toContain(`${domain} wants you to sign in`)
    expect(message).toContain(mine.address)
    expect(await say(`/bind_wallet ${await other.signMessage({ message })}`)).toContain('not that wallet')
    const elsewhere = message.replace(domain, 'example.org')
    expect(await say(`/bind_wallet ${await mine.signMessage({ message: elsewhere })}`)).toContain(
      'not that wallet',
    )
    expect(await roleOf()).toBeUndefined()

    const signature = await mine.signMessage({ message })
    // As a phone may paste it.
    const bound = await say(`/bind_wallet ${signature.slice(0, 70)} ${signature.slice(70)}`)
    expect(bound).toContain('Bound')
    expect(bound.split('\n')).toContain(mine.address)
    expect(await roleOf()).toBe('bound')
    expect(await say(`/bind_wallet ${signature}`)).toContain('answered')
    expect((await say('/whoami_web3')).split('\n')).toContain(mine.address)
  })

  it('loses its say at a word, and no other takes its place', async () => {
    expect(await say('/unbind_wallet')).toContain('no say')
    expect(await roleOf()).toBe('suspended')
    expect(await say('/whoami_web3')).toContain('has no say now')
    expect(await say(`/bind_wallet ${other.address}`)).toContain('Another wallet')
    expect(await say('/unbind_wallet')).toContain('No wallet has a say')
  })

  it('a lost one is let go by an operator, and by nobody less', async () => {
    expect((await market.refusal('market.wallet.unbind', {}, others)).message).toContain('operator.admin')
    await market.call('market.wallet.unbind', {}, owners)
    expect(await say(`/bind_wallet ${other.address}`)).toContain('Sign this')
  })

  it('is asked for in words that say what to give', async () => {
    for (const words of ['', ' me', ' 0x1234', ` ${mine.address.toLowerCase().replace('0x', '0x0')}`])
      expect(await say(`/bind_wallet${words}`)).toMatch(/address|signature/)
    const wrong = mine.address.replace(/[a-f]/i, (c) => (/[a-f]/.test(c) ? c.toUpperCase() : c.toLowerCase()))
    expect(await say(`/bind_wallet ${wrong}`)).toContain('checksum')
  })
})
