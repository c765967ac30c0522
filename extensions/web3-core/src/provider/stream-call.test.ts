import { createHash } from 'node:crypto'
import { completeLease, revokeLease } from '@openclaw-market/market-core'
import { describe, expect, it } from 'vitest'
import { piece, pour, sse } from './backends/model-fixture.ts'
import { bodyOf } from './backends/upstream-fixture.ts'
import { eventsOf, paths, post, request, replyOf, signal } from './client-fixture.ts'
import { rentedModel } from './model-fixture.ts'
import { balanceOf, funds, stateOf, storeKinds } from './provider-fixture.ts'
import { done, streamed, textOf, usagePiece } from './stream-fixture.ts'

describe.each(storeKinds)('a stream on the %s store', (store) => {
  it('is forwarded, billed, and says what it cost', async () => {
    const seen: unknown[] = []
    const { test, at, leased, resourceId } = await rentedModel(
      async (incoming, response) => {
        seen.push(await bodyOf(incoming))
        sse(
          response,
          piece({ role: 'assistant', content: '' }),
          piece({ content: 'hel' }),
          piece({ content: 'lo' }),
        )
        response.end(piece({}, 'stop') + usagePiece(7, 2) + done)
      },
      { store },
    )
    const reply = await post(at, leased, paths.chat, { ...streamed, max_tokens: 50 }, { id: 'stream-0001' })
    expect(seen).toMatchObject([{ stream: true, max_tokens: 50, stream_options: { include_usage: true } }])
    expect([reply.status, reply.headers['content-type'], reply.headers['x-openclaw-request-id']]).toEqual([
      200,
      'text/event-stream; charset=utf-8',
      'stream-0001',
    ])
    const events = eventsOf(reply.text)
    const { calls, usage, lease } = await stateOf(test, leased.leaseId)
    expect(textOf(events)).toBe('hello')
    expect(events.at(-1)).toBe('[DONE]')
    const last = { index: 0, delta: {}, finish_reason: 'stop' }
    expect(events.at(-2)).toEqual({
      id: `chatcmpl-${calls[0]?.callId}`,
      object: 'chat.completion.chunk',
      created: 1_700_000_000,
      model: resourceId,
      choices: [last],
      usage: { prompt_tokens: 7, completion_tokens: 2, total_tokens: 9 },
      openclaw: { cost: '39', currency: 'USDC', seq: 1, budget: 'ok', outcome: 'done' },
    })
    // What a consumer hashes: all bytes before the usage chunk.
    const before = reply.text.slice(0, reply.text.indexOf(`data: ${JSON.stringify(events.at(-2))}`))
    expect(usage).toMatchObject([
      { cost: 39n, outcome: 'done', responseHash: createHash('sha256').update(before).digest('hex') },
    ])
    expect([lease.metered, lease.reserved, lease.openCalls, calls[0]?.status]).toEqual([
      39n,
      0n,
      0,
      'call_done',
    ])
  })

  it('ends with the bill when the consumer completes the lease in the middle of it', async () => {
    const more = signal()
    const { test, at, leased, consumer } = await rentedModel(
      async (_incoming, response) => {
        sse(response, piece({ content: 'half ' }))
        await more.given
        response.end(piece({ content: 'whole' }, 'stop') + usagePiece(7, 2) + done)
      },
      { store },
    )
    const response = await request(at, leased, 'POST', paths.chat, streamed)
    await test.run(completeLease, { leaseId: leased.leaseId }, consumer.who)
    expect((await stateOf(test, leased.leaseId)).lease.status).toBe('lease_ending')
    expect((await post(at, leased, paths.chat, streamed)).status).toBe(410)
    more.give()
    const events = eventsOf((await replyOf(at, leased, response)).text)
    expect(textOf(events)).toBe('half whole')
    expect(events.at(-2)).toMatchObject({ openclaw: { cost: '39', outcome: 'done' } })
    const { lease, settlement } = await stateOf(test, leased.leaseId)
    expect([lease.status, settlement.status, settlement.releasedSoFar]).toEqual([
      'lease_completed',
      'settlement_released',
      39n,
    ])
    expect([await balanceOf(test, test.operator), await balanceOf(test, consumer.who)]).toEqual([
      39n,
      funds - 39n,
    ])
  })

  it('does not begin when the lease was revoked between admission and opening', async () => {
    const contacted = signal()
    const stopped = signal()
    const { test, at, leased, consumer } = await rentedModel(
      (_incoming, response) => {
        response.on('close', stopped.give)
        sse(response, piece({ content: 'never seen' }))
        contacted.give()
      },
      { store },
    )
    // The store is kept busy, so that the revocation is first in its queue and the opening is second.
    const free = signal()
    const busy = test.market.store.write(() => free.given)
    const revoked = test.run(revokeLease, { leaseId: leased.leaseId }, consumer.who)
    const asked = post(at, leased, paths.chat, streamed, { id: 'revoked-0001' })
    await contacted.given
    free.give()
    await busy
    await revoked
    const reply = await asked
    expect([reply.status, reply.json['error']]).toEqual([410, 'E_REVOKED'])
    expect(reply.text).not.toContain('never seen')
    await stopped.given
    const { calls, settlement } = await stateOf(test, leased.leaseId)
    expect([calls, settlement.status]).toEqual([[], 'settlement_refunded'])
    expect(await balanceOf(test, consumer.who)).toBe(funds)
  })
})

describe('the usage chunk', () => {
  it('has no choice for a client that asked for OpenAI’s', async () => {
    const { at, leased } = await rentedModel((_incoming, response) => {
      sse(response, piece({ content: 'x' }, 'stop'), done)
      response.end()
    })
    const asked = { ...streamed, stream_options: { include_usage: true } }
    const events = eventsOf((await post(at, leased, paths.completions, asked)).text)
    expect(events.at(-2)).toMatchObject({ choices: [], usage: { prompt_tokens: 8, completion_tokens: 1 } })
  })
})

describe('an upstream that goes on past the grant', () => {
  it('is cut: `length`, budget spent, and a bill within the reserve', async () => {
    const stopped = signal()
    const { test, at, leased } = await rentedModel((_incoming, response) => {
      response.on('close', stopped.give)
      sse(response, piece({ role: 'assistant', content: '' }))
      pour(response, piece({ content: 'word '.repeat(10) }))
    })
    const reply = await post(at, leased, paths.chat, { ...streamed, max_tokens: 10 })
    await stopped.given
    const events = eventsOf(reply.text)
    expect(Buffer.byteLength(textOf(events))).toBe(10 * 16 + 256)
    expect(events.at(-3)).toMatchObject({ choices: [{ finish_reason: 'length' }] })
    expect(events.at(-2)).toMatchObject({
      choices: [{ delta: {}, finish_reason: 'length' }],
      usage: { completion_tokens: 10 },
      openclaw: { budget: 'spent', outcome: 'done', cost: String(5 + 16 + 100) },
    })
    expect(events.at(-1)).toBe('[DONE]')
    expect((await stateOf(test, leased.leaseId)).calls).toMatchObject([{ status: 'call_done', billed: 121n }])
  })

  it('is cut when it says itself that it is past', async () => {
    const { at, leased } = await rentedModel((_incoming, response) => {
      sse(response)
      for (let i = 1; i <= 20; i++) {
        response.write(piece({ content: 'a' }, null, { usage: { prompt_tokens: 7, completion_tokens: i } }))
      }
    })
    const events = eventsOf((await post(at, leased, paths.chat, { ...streamed, max_tokens: 10 })).text)
    expect(textOf(events)).toBe('a'.repeat(11))
    expect(events.at(-2)).toMatchObject({ openclaw: { budget: 'spent' }, usage: { completion_tokens: 3 } })
  })

  it('is said to have met the budget when it ends by length below what was asked', async () => {
    const { at, leased } = await rentedModel(
      async (incoming, response) => {
        const { max_tokens } = (await bodyOf(incoming)) as { max_tokens: number }
        sse(response, piece({ content: `${max_tokens}` }, 'length'), usagePiece(7, 1), done)
        response.end()
      },
      { prices: [['output_token', 10]], maxCost: 40n },
    )
    const events = eventsOf((await post(at, leased, paths.chat, { ...streamed, max_tokens: 5 })).text)
    expect(textOf(events)).toBe('4')
    expect(events.at(-2)).toMatchObject({ openclaw: { budget: 'spent', cost: '10' } })
    const again = eventsOf((await post(at, leased, paths.chat, { ...streamed, max_tokens: 2 })).text)
    expect(again.at(-2)).toMatchObject({ openclaw: { budget: 'ok' } })
  })
})
