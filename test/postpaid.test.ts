/**
 * Leases that are paid afterwards, by wallets outside of the real gateway: one that pays, and one that cannot, over a kill of
 * the whole process in between.
 */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { JsonRecord } from '../scripts/gateway/json-value.ts'
import {
  bootMarket,
  freePort,
  list,
  record,
  temporaryDirectory,
  text,
  until,
  type MarketGateway,
} from './market-gateway.fixture.ts'
import { deposit, search, writeDocs } from './offers.fixture.ts'
import { good, outsideWallet, type Leased, type OutsideWallet } from './outside-wallet.fixture.ts'

const price = 1_000n
const ceiling = 5_000n
const home = temporaryDirectory('postpaid-test')
let listener: string
let gateway: MarketGateway
let resourceId: string
let boot: () => Promise<MarketGateway>

beforeAll(async () => {
  const port = await freePort()
  listener = `http://127.0.0.1:${port}`
  const docs = { driver: 'local-docs', directory: writeDocs(home.path) }
  boot = () =>
    bootMarket({
      dir: join(home.path, 'gateway'),
      store: 'sqlite',
      market: { disputeWindowSeconds: 3, sweepSeconds: 1 },
      web3: { provider: { listen: { port }, backends: { docs } } },
    })
  gateway = await boot()
  const resource = search('docs', price.toString())
  resourceId = text((await gateway.call('web3.resources.publish', { resource }))['resourceId'])
})

afterAll(async () => {
  await gateway.host.stop()
  home.remove()
})

async function lentTo(wallet: OutsideWallet): Promise<string> {
  await wallet.signIn()
  const terms = { to: wallet.address, currency: 'USDC', ceiling: `${ceiling}`, maxRequestsPerMinute: 60 }
  return text((await gateway.call('web3.billing.credit.open', { ...terms, graceMs: 1_000 }))['creditLineId'])
}

async function ask({ token }: Leased): Promise<void> {
  const response = await fetch(`${listener}/web3/resources/search/query`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ q: 'moon' }),
  })
  expect([response.status, await response.json()]).toMatchObject([200, { results: [{ title: 'Tides' }] }])
}

async function money(wallet: OutsideWallet): Promise<JsonRecord> {
  const [usdc = {}] = list(good(await wallet.api('web3.billing.summary'))['currencies'])
  return usdc
}

it('is used before it is paid, and paid at once when it is completed', async () => {
  const wallet = outsideWallet(listener)
  const creditLineId = await lentTo(wallet)
  const lease = await wallet.lease(resourceId, '4000', 60_000, 'postpaid')
  await ask(lease)
  expect(await money(wallet)).toMatchObject({
    available: '0',
    held: '0',
    owing: '1000',
    credit: { ceiling: '5000', drawn: '4000', left: '1000' },
  })
  await deposit(gateway, wallet.address, '10000')
  // A session ends, and the lease goes on.
  expect(good(await wallet.api('web3.billing.credit.settle', { creditLineId }))).toMatchObject({
    paid: '1000',
    drawn: '3000',
  })
  await ask(lease)
  const { lease: ended } = good(await wallet.api('web3.resources.completeLease', { leaseId: lease.leaseId }))
  expect(record(ended)).toMatchObject({ settlementStatus: 'settlement_released', creditLineId })
  expect(await money(wallet)).toMatchObject({
    available: '8000',
    spent: '2000',
    owing: '0',
    credit: { drawn: '0', left: '5000' },
  })
})

it('is lost when it cannot be paid, once and for all to see, until it is paid: over a kill of the gateway', async () => {
  const wallet = outsideWallet(listener)
  const creditLineId = await lentTo(wallet)
  const lease = await wallet.lease(resourceId, '4000', 60_000, 'postpaid')
  await ask(lease)
  await ask(lease)
  const { lease: ended } = good(await wallet.api('web3.resources.completeLease', { leaseId: lease.leaseId }))
  expect(record(ended)['settlementStatus']).toBe('settlement_owed')
  await gateway.host.kill()
  gateway = await boot()
  await wallet.signIn()
  await until('a default', async () => {
    const [line] = list(good(await wallet.api('web3.billing.credit.list'))['lines'])
    return line?.['blocked'] === true ? true : undefined
  })
  expect(await money(wallet)).toMatchObject({ owing: '2000', credit: { drawn: '2000', left: '3000' } })
  for (const mode of [{}, { mode: 'postpaid' }]) {
    const plan = { resourceId, ttlMs: 60_000, maxCost: '1000', ...mode }
    const refused = await wallet.api('web3.resources.quote', plan)
    expect([refused.status, refused.body]).toMatchObject([
      403,
      { error: 'E_FORBIDDEN', details: { owed: '2000', creditLineId } },
    ])
  }
  const unpaid = await wallet.api('web3.billing.credit.settle', { creditLineId })
  expect([unpaid.status, unpaid.body]).toMatchObject([402, { error: 'E_INSUFFICIENT_FUNDS' }])
  await deposit(gateway, wallet.address, '2500')
  // By itself with the next sweep, or by this, whichever is first.
  const { paid } = good(await wallet.api('web3.billing.credit.settle', { creditLineId }))
  expect(['0', '2000']).toContain(paid)
  expect(await money(wallet)).toMatchObject({ available: '500', owing: '0', credit: { drawn: '0' } })
  await ask(await wallet.lease(resourceId, '4000', 60_000, 'postpaid'))
  expect(await gateway.call('market.store.verify')).toMatchObject({ holds: true })
})

it('adds up for a program that knows nothing of ours', async () => {
  await gateway.host.stop()
  const books = join(home.path, 'gateway', 'state', 'market-core', 'store')
  const recount = join(import.meta.dirname, '..', 'scripts', 'recount-books', 'main.ts')
  const { stdout } = await promisify(execFile)(process.execPath, [recount, '--store', books])
  expect(JSON.parse(stdout)).toMatchObject({ conserved: true, problems: [] })
  expect(stdout).toContain('"lent":"4000"')
})
