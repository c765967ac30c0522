/**
 * The whole gateway killed in mid-stream of a leased call: after the restart the lease serves on the same
 * token, the cut call is billed its last checkpoint, and everything settles to the last unit.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { generatePrivateKey } from 'viem/accounts'
import { startHeldUpstream, wholeUsage, type HeldUpstream } from './held-upstream.fixture.ts'
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
import { balanceOf, deposit, model, publishDelegated, search, writeDocs } from './offers.fixture.ts'
import { storesOr } from './stores.fixture.ts'
import { good, outsideWallet, type Leased, type OutsideWallet } from './outside-wallet.fixture.ts'

const prices = { input: 3n, output: 7n }
const granted = 5_000_000n
const locked = 100_000n
const windowMs = 3_000
const requestId = 'the-request-that-was-cut'
const question = { messages: [{ role: 'user', content: 'Tell me of the sea.' }], max_tokens: 400 }

describe.each(storesOr('file'))('a gateway killed in mid-stream, store %s', (store) => {
  const home = temporaryDirectory('restart-test')
  const provider = { key: generatePrivateKey() }
  let upstream: HeldUpstream
  let listener: string
  let gateway: MarketGateway
  let consumer: OutsideWallet
  let lease: Leased
  let ownLeaseId: string
  let checkpoint: bigint
  let heard = ''

  const ask = (body: object, id?: string): Promise<Response> =>
    fetch(`${listener}/web3/resources/model/chat`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${lease.token}`,
        'content-type': 'application/json',
        ...(id === undefined ? {} : { 'x-openclaw-request-id': id }),
      },
      body: JSON.stringify(body),
    })

  beforeAll(async () => {
    upstream = await startHeldUpstream()
    const port = await freePort()
    listener = `http://127.0.0.1:${port}`
    const publisher = outsideWallet(listener, provider.key)
    const boot = () =>
      bootMarket({
        dir: join(home.path, 'gateway'),
        store,
        market: { disputeWindowSeconds: windowMs / 1000, sweepSeconds: 1 },
        web3: {
          provider: {
            listen: { port },
            checkpointMs: 50,
            backends: {
              held: { driver: 'openai-compat', baseUrl: upstream.baseUrl, model: 'held-1' },
              docs: {
                driver: 'local-docs',
                directory: writeDocs(home.path),
                publishers: [publisher.address],
              },
            },
          },
        },
      })
    gateway = await boot()
    consumer = outsideWallet(listener)
    await consumer.signIn()
    await publisher.signIn()
    await deposit(gateway, consumer.address, granted.toString())
    await deposit(gateway, gateway.address, granted.toString())
    const resource = model('held', [prices.input.toString(), prices.output.toString()])
    const { resourceId } = await gateway.call('web3.resources.publish', { resource })
    lease = await consumer.lease(text(resourceId), locked.toString())
    const searchId = await publishDelegated(publisher, gateway, search('docs', '1000'))
    const own = { resourceId: searchId, ttlMs: 600_000, maxCost: '5000' }
    ownLeaseId = text((await gateway.call('web3.resources.lease', own))['leaseId'])

    const listening = ask({ ...question, stream: true }, requestId).then(async ({ body }) => {
      const decoder = new TextDecoder()
      for await (const bytes of body ?? []) heard += decoder.decode(bytes, { stream: true })
    })
    const broken = listening.then(
      () => false,
      () => true,
    )
    // A piece at a time, until one was long enough after the last checkpoint to make the next.
    const stateDir = join(home.path, 'gateway', 'state')
    await until('a checkpoint on disk', () => {
      upstream.say('wave ')
      return checkpointOnDisk(stateDir) > 0n ? true : undefined
    })
    await gateway.host.kill()
    expect(await broken).toBe(true)
    checkpoint = checkpointOnDisk(stateDir)
    gateway = await boot()
  })
  afterAll(async () => {
    await gateway?.host.stop()
    await upstream?.close()
    home.remove()
  })

  const records = async () =>
    list((await gateway.call('market.ledger.list', { leaseId: lease.leaseId }))['entries'])
  const costOf = (usage: unknown): bigint =>
    list(usage)
      .map(
        ({ unit, quantity }) =>
          (unit === 'input_token' ? prices.input : unit === 'output_token' ? prices.output : 0n) *
          BigInt(text(quantity)),
      )
      .reduce((a, b) => a + b, 0n)

  it('bills the cut call its last checkpoint: no more than was heard, and not nothing', async () => {
    const [unknown, ...more] = await records()
    expect(more).toEqual([])
    expect(unknown).toMatchObject({ outcome: 'unknown', requestId, seq: 1 })
    const output = list(unknown?.['usage']).find(({ unit }) => unit === 'output_token')
    expect(BigInt(text(output?.['quantity']))).toBe(checkpoint)
    expect(checkpoint).toBeLessThanOrEqual(BigInt(heard.length))
    expect(unknown?.['cost']).toBe(costOf(unknown?.['usage']).toString())
  })

  it('serves on: the same token, and the same request never a second time', async () => {
    const before = upstream.requests()
    const again = await ask({ ...question, stream: true }, requestId)
    expect([again.status, await again.json()]).toMatchObject([409, { error: 'E_CONFLICT' }])
    expect(upstream.requests()).toBe(before)

    const answer = await ask(question)
    expect([answer.status, await answer.json()]).toMatchObject([
      200,
      { choices: [{ message: { content: 'Good day' } }] },
    ])
    const served = (await records()).find(({ seq }) => seq === 2)
    const due =
      prices.input * BigInt(wholeUsage.prompt_tokens) + prices.output * BigInt(wholeUsage.completion_tokens)
    expect(served).toMatchObject({ outcome: 'done', cost: due.toString() })
  })

  it('settles exactly what was metered, when the window of the unknown call is over and not before', async () => {
    // The session of before the kill.
    good(await consumer.api('web3.resources.completeLease', { leaseId: lease.leaseId }))
    const entries = await records()
    const metered = entries.map(({ cost }) => BigInt(text(cost))).reduce((a, b) => a + b)
    const settlement = await until('the settlement', async () => {
      const { settlements } = await gateway.call('market.settlement.list', { leaseId: lease.leaseId })
      const [only] = list(settlements)
      return only?.['status'] === 'settlement_released' ? only : undefined
    })
    expect(settlement).toMatchObject({
      locked: locked.toString(),
      releasedSoFar: metered.toString(),
      refundedSoFar: (locked - metered).toString(),
    })
    const unknown = record(entries.find(({ outcome }) => outcome === 'unknown'))
    const waited = Date.parse(text(settlement['settledAt'])) - Date.parse(text(unknown['createdAt']))
    expect(waited).toBeGreaterThanOrEqual(windowMs)
    expect(await balanceOf(gateway, consumer.address)).toMatchObject({
      available: (granted - metered).toString(),
      held: '0',
    })
  })

  it('kept the vault: the own lease is used by its id, completed, and paid', async () => {
    const found = await gateway.call('web3.search.query', { q: 'moon', leaseId: ownLeaseId })
    expect(found).toMatchObject({
      results: [{ title: 'Tides' }],
      servedBy: { source: 'lease', cost: '1000', agrees: true },
    })
    const { lease: done } = await gateway.call('web3.resources.completeLease', { leaseId: ownLeaseId })
    expect(done).toMatchObject({ metered: '1000', settlementStatus: 'settlement_released' })
  })

  it("has every unit that was granted, in somebody's hands", async () => {
    const publisher = outsideWallet(listener, provider.key).address
    const balances = await Promise.all(
      [consumer.address, gateway.address, publisher].map((of) => balanceOf(gateway, of)),
    )
    expect(balances.map(({ held, owed }) => [held, owed])).toEqual([
      ['0', '0'],
      ['0', '0'],
      ['0', '0'],
    ])
    const all = balances.map(({ available }) => BigInt(text(available))).reduce((a, b) => a + b)
    expect(all).toBe(2n * granted)
  })
})

/** The most output tokens that a checkpoint in the files of the store says; both stores write entities as JSON. */
function checkpointOnDisk(stateDir: string): bigint {
  const folder = join(stateDir, 'market-core', 'store')
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  )
  let most = 0n
  for (const { parentPath, name } of files) {
    const found = readFileSync(join(parentPath, name), 'latin1').matchAll(
      /"checkpoint":\{[^{}]*"output_token":"(\d+)"/g,
    )
    for (const [, tokens] of found) most = BigInt(tokens ?? '0') > most ? BigInt(tokens ?? '0') : most
  }
  return most
}
