/** SIGKILL of a process with market and listener: the lease serves or settles afterwards, and the books are exact. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { childWorld, type ChildWorld } from '../plugin/child-world.fixture.ts'
import { leaseAs, outsideWallet, type OutsideWallet } from '../plugin/outside-wallet.fixture.ts'
import { backendsOf } from '../plugin/running-world.fixture.ts'
import { good, offerOf, temporaryHome, type Json } from '../plugin/world.fixture.ts'

type Store = 'sqlite' | 'file'

const granted = 1_000_000n
const locked = 100_000n

/** Answers whole requests at once; a stream begins and then says nothing more. */
async function upstream(): Promise<string> {
  const server: Server = createServer((request, response) => {
    request.resume().on('end', () => {
      if (request.headers.accept?.includes('text/event-stream') === true) {
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        const choices = [
          { index: 0, delta: { role: 'assistant', content: 'as far as this' }, finish_reason: null },
        ]
        response.write(`data: ${JSON.stringify({ choices })}\n\n`)
        return
      }
      const choices = [
        { index: 0, message: { role: 'assistant', content: 'all of it' }, finish_reason: 'stop' },
      ]
      const usage = { prompt_tokens: 20, completion_tokens: 3, total_tokens: 23 }
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ choices, usage }))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`
}

async function rented(store: Store) {
  const home = await temporaryHome()
  const backends = backendsOf(home, await upstream())
  const market = { disputeWindowMs: 1_000 }
  const options = { home, store, market, config: { provider: { backends, checkpointMs: 50 } } }
  const world = await childWorld(options)
  const { resourceId } = good(await world.call('web3.resources.publish', offerOf('model')))
  const wallet = outsideWallet({ url: world.url, market: world })
  await world.fund(wallet.actorId, granted)
  return { world, wallet, options, ...(await leaseAs(wallet, String(resourceId), locked.toString())) }
}

type Rented = Awaited<ReturnType<typeof rented>>

/** The same home, in another process; the wallet has to sign in again. */
async function killedAndBack({ world, wallet, options }: Rented) {
  await world.kill()
  const again = await childWorld(options)
  return { again, back: outsideWallet({ url: again.url, market: again }, wallet.account) }
}

function chat(url: string, token: string, requestId: string, stream = false): Promise<Response> {
  return fetch(`${url}/web3/resources/model/chat`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      'x-openclaw-request-id': requestId,
    },
    body: JSON.stringify({ messages: [{ role: 'user', content: 'how far?' }], max_tokens: 50, stream }),
  })
}

async function stateOf(wallet: OutsideWallet, leaseId: string): Promise<{ lease: Json; records: Json[] }> {
  const { lease, records } = good((await wallet.api('web3.resources.status', { leaseId })).body)
  return { lease: lease as Json, records: records as Json[] }
}

/** Sweeps until the lease's money has gone home, and says what it came to. */
async function settled(again: ChildWorld, wallet: OutsideWallet, leaseId: string): Promise<bigint> {
  await expect
    .poll(
      async () => {
        await again.sweep()
        return (await stateOf(wallet, leaseId)).lease['settlementStatus']
      },
      { timeout: 20_000 },
    )
    .toBe('settlement_released')
  const { lease, records } = await stateOf(wallet, leaseId)
  const metered = BigInt(String(lease['metered']))
  expect(records.reduce((sum, { cost }) => sum + BigInt(String(cost)), 0n)).toBe(metered)
  const { currencies } = good((await wallet.api('web3.billing.summary')).body)
  expect((currencies as Json[])[0]).toMatchObject({
    available: (granted - metered).toString(),
    spent: metered.toString(),
    held: '0',
  })
  const provider = good(await again.call('web3.billing.summary'))
  expect((provider['currencies'] as Json[])[0]).toMatchObject({ earned: metered.toString(), owed: '0' })
  return metered
}

const whole = 100n + 2n * 20n + 3n * 3n

describe.each<Store>(['sqlite', 'file'])('a provider that is killed, on the %s store', (store) => {
  it('in mid-stream bills what was surely delivered, never executes it again, and serves on', async () => {
    const lease = await rented(store)
    const answer = await chat(lease.world.url, lease.token, 'request-cut-1', true)
    const reader = answer.body?.getReader()
    expect(new TextDecoder().decode((await reader?.read())?.value)).toContain('as far as this')
    const { again, back } = await killedAndBack(lease)
    const { lease: cut, records } = await stateOf(back, lease.leaseId)
    expect(cut).toMatchObject({ status: 'lease_active', openCalls: 0, unknownCalls: 1 })
    expect(records).toMatchObject([{ outcome: 'unknown', requestId: 'request-cut-1' }])
    expect((await chat(again.url, lease.token, 'request-cut-1', true)).status).toBe(409)
    expect((await chat(again.url, lease.token, 'request-two')).headers.get('x-openclaw-cost')).toBe(
      whole.toString(),
    )
    good((await back.api('web3.resources.completeLease', { leaseId: lease.leaseId })).body)
    const metered = await settled(again, back, lease.leaseId)
    expect(metered).toBe(whole + BigInt(String(records[0]?.['cost'])))
  })

  it('after the last call has its record, and settles it when the lease is completed', async () => {
    const lease = await rented(store)
    expect((await chat(lease.world.url, lease.token, 'request-one')).status).toBe(200)
    const { again, back } = await killedAndBack(lease)
    expect((await stateOf(back, lease.leaseId)).lease).toMatchObject({
      metered: whole.toString(),
      unknownCalls: 0,
    })
    good((await back.api('web3.resources.completeLease', { leaseId: lease.leaseId })).body)
    expect(await settled(again, back, lease.leaseId)).toBe(whole)
  })

  it('before settlement settles when the window is over', async () => {
    const lease = await rented(store)
    expect((await chat(lease.world.url, lease.token, 'request-one')).status).toBe(200)
    good((await lease.wallet.api('web3.resources.revokeLease', { leaseId: lease.leaseId })).body)
    const { again, back } = await killedAndBack(lease)
    expect((await chat(again.url, lease.token, 'request-two')).status).toBe(410)
    expect(await settled(again, back, lease.leaseId)).toBe(whole)
  })
})
