import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { describe, expect, it } from 'vitest'
import { flushed, piece, pour, sse } from './backends/model-fixture.ts'
import { secretText, sendJson } from './backends/upstream-fixture.ts'
import { eventsOf, paths, post, request, signal, until, type Json } from './client-fixture.ts'
import { rentedModel } from './model-fixture.ts'
import { stateOf } from './provider-fixture.ts'
import { done, streamed, textOf } from './stream-fixture.ts'

describe('a stream that breaks', () => {
  it('is an ordinary error, and free, while nothing has been sent', async () => {
    const ways = [
      (response: Parameters<typeof sse>[0]) => sendJson(response, 503, { error: secretText }),
      (response: Parameters<typeof sse>[0]) => void (sse(response, 'data: nonsense\n\n'), response.end()),
      (response: Parameters<typeof sse>[0]) =>
        void (sse(response, `data: ${JSON.stringify({ error: secretText })}\n\n`), response.end()),
      (response: Parameters<typeof sse>[0]) => void response.destroy(),
    ]
    let way = 0
    const { test, at, leased } = await rentedModel((_incoming, response) => ways[way++]?.(response))
    const answers = []
    for (let i = 0; i < ways.length; i++) {
      const { status, headers, json } = await post(at, leased, paths.completions, streamed)
      answers.push([
        status,
        headers['content-type'],
        headers['x-openclaw-cost'],
        (json['error'] as Json)['code'],
      ])
    }
    expect(answers).toEqual(ways.map(() => [502, 'application/json; charset=utf-8', '0', 'E_UNAVAILABLE']))
    expect((await stateOf(test, leased.leaseId)).lease).toMatchObject({
      metered: 0n,
      reserved: 0n,
      openCalls: 0,
    })
  })

  it('says so in its last event, has no [DONE], and is billed what was delivered', async () => {
    const { test, at, leased } = await rentedModel(async (_incoming, response) => {
      sse(response, piece({ role: 'assistant', content: 'eight by' }))
      await flushed(response)
      response.destroy()
    })
    const reply = await post(at, leased, paths.chat, streamed)
    const events = eventsOf(reply.text)
    expect(reply.status).toBe(200)
    expect(textOf(events)).toBe('eight by')
    expect(events.at(-1)).toEqual({
      error: {
        message: expect.stringMatching(/^the provider’s backend failed/) as string,
        type: 'server_error',
        code: 'E_UNAVAILABLE',
        param: null,
      },
      // 5 + 8 × 2 + 2 × 10
      openclaw: { cost: '41', currency: 'USDC', seq: 1, budget: 'ok', outcome: 'failed' },
    })
    expect(events).not.toContain('[DONE]')
    expect((await stateOf(test, leased.leaseId)).calls).toMatchObject([
      { status: 'call_failed', billed: 41n },
    ])
  })

  it('is free when it broke before it said anything', async () => {
    const { test, at, leased } = await rentedModel(async (_incoming, response) => {
      sse(response, piece({ role: 'assistant', content: '' }))
      await flushed(response)
      response.destroy()
    })
    const events = eventsOf((await post(at, leased, paths.chat, streamed)).text)
    expect(events.at(-1)).toMatchObject({ openclaw: { cost: '0', outcome: 'failed' } })
    expect((await stateOf(test, leased.leaseId)).lease).toMatchObject({
      metered: 0n,
      reserved: 0n,
      openCalls: 0,
    })
  })

  it('breaks when its time is over', async () => {
    const stopped = signal()
    const { test, at, leased } = await rentedModel(
      (_incoming, response) => {
        response.on('close', stopped.give)
        sse(response, piece({ content: 'four' }))
      },
      { policy: { maxCallMs: 1_000 } },
    )
    const events = eventsOf((await post(at, leased, paths.chat, streamed)).text)
    await stopped.given
    expect(events.at(-1)).toMatchObject({
      error: { code: 'E_TIMEOUT', type: 'timeout_error' },
      openclaw: { outcome: 'failed' },
    })
    expect((await stateOf(test, leased.leaseId)).calls).toMatchObject([
      { status: 'call_failed', billed: BigInt(5 + 16 + 10) },
    ])
  })
})

describe('a caller that leaves', () => {
  it('stops the upstream, and pays for what it was sent', async () => {
    const stopped = signal()
    const { test, at, leased } = await rentedModel((_incoming, response) => {
      response.on('close', stopped.give)
      sse(response, piece({ content: 'eight by' }))
    })
    const leaving = new AbortController()
    const response = await request(at, leased, 'POST', paths.chat, streamed, { signal: leaving.signal })
    expect((await response.body?.getReader().read())?.done).toBe(false)
    leaving.abort()
    await stopped.given
    const state = await until(async () => {
      const now = await stateOf(test, leased.leaseId)
      expect(now.lease.openCalls).toBe(0)
      return now
    })
    expect(state.usage).toMatchObject([{ outcome: 'failed', cost: BigInt(5 + 16 + 20) }])
    expect([state.lease.reserved, test.market.gate.open()]).toEqual([0n, 0])
  })

  it('before anything was sent pays nothing', async () => {
    const contacted = signal()
    const stopped = signal()
    const { test, at, leased } = await rentedModel((_incoming, response) => {
      response.on('close', stopped.give)
      contacted.give()
    })
    const leaving = new AbortController()
    const asked = request(at, leased, 'POST', paths.chat, streamed, { signal: leaving.signal })
    await contacted.given
    leaving.abort()
    await expect(asked).rejects.toThrow()
    await stopped.given
    await until(async () =>
      expect((await stateOf(test, leased.leaseId)).calls).toMatchObject([
        { status: 'call_failed', billed: 0n },
      ]),
    )
  })

  it('or does not read is not waited for beyond the time of a call', async () => {
    const stopped = signal()
    const { test, at, leased } = await rentedModel(
      (_incoming, response) => {
        response.on('close', stopped.give)
        sse(response)
        // Six bytes each in JSON, so that the buffers of a connection cannot take all that is granted.
        pour(response, piece({ content: '\u0001'.repeat(10_000) }))
      },
      { policy: { maxCallMs: 1_000, maxTokens: 200_000 }, maxCost: 3_000_000n },
    )
    const { hostname, port } = new URL(at.url)
    const asked = httpRequest({
      hostname,
      port,
      path: paths.chat,
      method: 'POST',
      headers: { authorization: `Bearer ${leased.token}`, 'content-type': 'application/json' },
    })
    asked.end(JSON.stringify({ ...streamed, max_tokens: 200_000 }))
    const [response] = (await once(asked, 'response')) as [IncomingMessage]
    response.pause()
    await stopped.given
    const { usage } = await until(async () => {
      const state = await stateOf(test, leased.leaseId)
      expect(state.lease.openCalls).toBe(0)
      return state
    })
    expect(usage).toMatchObject([{ outcome: 'failed' }])
    // Not what the upstream could have sent meanwhile: what the caller's connection took.
    expect(usage[0]?.cost).toBeLessThan(3_000_000n)
    asked.destroy()
  })
})

describe('checkpoints', () => {
  it('are written no more often than they should be, and are what a crash is billed', async () => {
    const { clock, ...test } = await rentedModelWithPauses()
    const { rented, next } = test
    const { at, leased } = rented
    const response = await request(at, leased, 'POST', paths.chat, streamed)
    const written = async (): Promise<unknown> =>
      (await stateOf(rented.test, leased.leaseId)).calls[0]?.checkpoint
    const reader = response.body?.getReader()
    await reader?.read()
    expect(await written()).toEqual({})
    clock.advance(999)
    next.give('b')
    await reader?.read()
    expect(await written()).toEqual({})
    clock.advance(1)
    next.give('c')
    await reader?.read()
    const three = { request: 1n, input_token: 8n, output_token: 3n }
    await until(async () => expect(await written()).toEqual(three))
    await rented.test.close()
    next.give('d')
    let text = ''
    for (let part = await reader?.read(); part?.done === false; part = await reader?.read())
      text += Buffer.from(part.value).toString()
    expect(text).toContain('"code":"E_OUTCOME_UNKNOWN"')
    expect(text).not.toContain('[DONE]')
    expect(at.reports).toEqual([expect.stringContaining('the end of a leased call')])
    const after = await stateOf(await rented.test.reopen(), leased.leaseId)
    expect(after.calls).toMatchObject([{ status: 'call_unknown', billed: BigInt(5 + 16 + 30) }])
    expect(after.lease).toMatchObject({ openCalls: 0, unknownCalls: 1, metered: 51n })
  })
})

/** Sends `a`-like pieces of four bytes, each when the test says so. */
async function rentedModelWithPauses() {
  const waiting: ((text: string) => void)[] = []
  const rented = await rentedModel(async (_incoming, response) => {
    sse(response, piece({ content: 'aaaa' }))
    for (let i = 0; i < 3; i++) {
      const text = await new Promise<string>((resolve) => waiting.push(resolve))
      response.write(piece({ content: text.repeat(4) }))
    }
    response.end(piece({}, 'stop') + done)
  })
  return { rented, clock: rented.test.clock, next: { give: (text: string) => waiting.shift()?.(text) } }
}
