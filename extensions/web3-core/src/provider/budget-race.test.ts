/** Racing calls against one budget, one slot, one file space: exactly what fits is admitted, and the money adds up. */
import { completeLease, revokeLease } from '@openclaw-market/market-core'
import { describe, expect, it } from 'vitest'
import { piece, sse } from './backends/model-fixture.ts'
import { bodyOf, sendJson, upstream } from './backends/upstream-fixture.ts'
import { searxngBackend } from './backends/searxng.ts'
import { paths, post, request, signal, until } from './client-fixture.ts'
import { hello, rentedModel } from './model-fixture.ts'
import {
  balanceOf,
  door,
  fundedConsumer,
  funds,
  lease,
  publish,
  stateOf,
  storeKinds,
  testMarket,
} from './provider-fixture.ts'

const codes = (replies: readonly { status: number }[]): Record<number, number> => {
  const count: Record<number, number> = {}
  for (const { status } of replies) count[status] = (count[status] ?? 0) + 1
  return count
}

describe.each(storeKinds)('many at a time on the %s store', (store) => {
  it('admits exactly what the budget covers, and pays exactly what was metered', async () => {
    let asked = 0
    const { origin } = await upstream((_incoming, response) => {
      asked += 1
      if (asked % 4 === 0) response.destroy()
      else sendJson(response, 200, { results: [] })
    })
    const test = await testMarket(store)
    const at = await door(test, { main: searxngBackend({ config: { baseUrl: origin } }) })
    const consumer = await fundedConsumer(test)
    const resourceId = await publish(test, {
      kind: 'search',
      prices: [['query', 100]],
      policy: { maxConcurrent: 100 },
    })
    const leased = await lease(test, consumer, resourceId, { maxCost: 1_050n })
    // All at once: no more than the budget covers are ever open together.
    for (let round = 0; round < 3; round++) {
      await Promise.all(Array.from({ length: 40 }, () => post(at, leased, paths.search, { q: 'x' })))
    }
    const spent = await stateOf(test, leased.leaseId)
    expect(spent.lease).toMatchObject({ metered: 1_000n, reserved: 0n, openCalls: 0, unknownCalls: 0 })
    expect(spent.usage.map(({ seq }) => seq)).toEqual(spent.usage.map((_record, i) => i + 1))
    expect(spent.usage.filter(({ outcome }) => outcome === 'done')).toHaveLength(10)
    expect(spent.usage).toHaveLength(asked)
    await test.run(completeLease, { leaseId: leased.leaseId }, consumer.who)
    const { settlement } = await stateOf(test, leased.leaseId)
    expect([settlement.status, settlement.releasedSoFar, settlement.refundedSoFar]).toEqual([
      'settlement_released',
      1_000n,
      50n,
    ])
    expect([await balanceOf(test, test.operator), await balanceOf(test, consumer.who)]).toEqual([
      1_000n,
      funds - 1_000n,
    ])
    expect(at.reports).toEqual([])
  })

  it('lets no more than the budget’s number of calls go upstream while none has ended', async () => {
    const go = signal()
    let asked = 0
    const { origin } = await upstream(async (_incoming, response) => {
      asked += 1
      await go.given
      sendJson(response, 200, { results: [] })
    })
    const test = await testMarket(store)
    const at = await door(test, { main: searxngBackend({ config: { baseUrl: origin } }) })
    const consumer = await fundedConsumer(test)
    const resourceId = await publish(test, {
      kind: 'search',
      prices: [['query', 100]],
      policy: { maxConcurrent: 100 },
    })
    const leased = await lease(test, consumer, resourceId, { maxCost: 799n })
    const refused: number[] = []
    const all = Array.from({ length: 30 }, async () => {
      const { status } = await post(at, leased, paths.search, { q: 'x' })
      if (status !== 200) refused.push(status)
    })
    await until(() => expect([asked, refused.length]).toEqual([7, 23]))
    expect((await stateOf(test, leased.leaseId)).lease.reserved).toBe(700n)
    go.give()
    await Promise.all(all)
    expect(new Set(refused)).toEqual(new Set([402]))
    expect((await stateOf(test, leased.leaseId)).lease).toMatchObject({ metered: 700n, reserved: 0n })
  })

  it('keeps to the number of calls at a time', async () => {
    const go = signal()
    let asked = 0
    const { test, at, leased } = await rentedModel(
      async (_incoming, response) => {
        asked += 1
        await go.given
        sendJson(response, 200, { choices: [{ message: { content: 'x' }, finish_reason: 'stop' }] })
      },
      { store, policy: { maxConcurrent: 3, maxTokens: 10 } },
    )
    const refused: { status: number; headers: Readonly<Record<string, string>> }[] = []
    const all = Array.from({ length: 12 }, async () => {
      const reply = await post(at, leased, paths.chat, hello)
      if (reply.status !== 200) refused.push(reply)
      return reply
    })
    await until(() => expect([asked, refused.length]).toEqual([3, 9]))
    expect(refused.every(({ status, headers }) => status === 429 && headers['retry-after'] === '1')).toBe(
      true,
    )
    go.give()
    expect(codes(await Promise.all(all))).toEqual({ 200: 3, 429: 9 })
    expect((await post(at, leased, paths.chat, hello)).status).toBe(200)
    expect(test.market.gate.open()).toBe(0)
  })

  it('shares a budget among streams without ever billing past it, however they end', async () => {
    let asked = 0
    const { test, at, leased, consumer } = await rentedModel(
      async (incoming, response) => {
        const mine = asked++
        const { max_tokens } = (await bodyOf(incoming)) as { max_tokens: number }
        sse(response, piece({ role: 'assistant', content: 'aaaa'.repeat(Math.min(max_tokens, 5)) }))
        if (mine % 3 === 0) response.end(`${piece({}, 'stop')}data: [DONE]\n\n`)
        if (mine % 3 === 1) response.write(piece({ content: 'b'.repeat(100_000) }))
        if (mine % 3 === 2) response.write('data: nonsense\n\n')
      },
      { store, prices: [['output_token', 10]], policy: { maxConcurrent: 50 }, maxCost: 1_000n },
    )
    const streamed = { ...hello, stream: true, max_tokens: 20 }
    await Promise.all(
      Array.from({ length: 24 }, async (_nothing, i) => {
        const leaving = new AbortController()
        const response = await request(at, leased, 'POST', paths.chat, streamed, {
          signal: leaving.signal,
        }).catch(() => undefined)
        if (i % 5 === 0) leaving.abort()
        await response?.text().catch(() => undefined)
      }),
    )
    await until(() => expect(test.market.gate.open()).toBe(0))
    const { lease: after, usage, calls } = await stateOf(test, leased.leaseId)
    expect([after.reserved, after.openCalls, after.unknownCalls]).toEqual([0n, 0, 0])
    expect(after.metered).toBeLessThanOrEqual(1_000n)
    expect(usage.reduce((sum, { cost }) => sum + cost, 0n)).toBe(after.metered)
    expect(calls.every(({ billed, reserved }) => billed <= reserved)).toBe(true)
    await test.run(revokeLease, { leaseId: leased.leaseId }, consumer.who)
    test.clock.advance(600_000)
    await test.market.sweep(100)
    const { settlement } = await stateOf(test, leased.leaseId)
    expect([settlement.releasedSoFar, settlement.refundedSoFar]).toEqual([
      after.metered,
      1_000n - after.metered,
    ])
    expect((await balanceOf(test, test.operator)) + (await balanceOf(test, consumer.who))).toBe(funds)
  })
})
