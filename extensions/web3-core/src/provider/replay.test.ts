import { describe, expect, it, onTestFinished } from 'vitest'
import { flushed, piece, sse } from './backends/model-fixture.ts'
import { secretText, sendJson } from './backends/upstream-fixture.ts'
import { paths, post, request, signal, until } from './client-fixture.ts'
import { startListener } from './listener.ts'
import { hello, rentedModel } from './model-fixture.ts'
import { door, stateOf, storeKinds } from './provider-fixture.ts'
import { replayStore } from './replay-store.ts'

const completion = { choices: [{ message: { content: 'once' }, finish_reason: 'stop' }] }
const streamed = { ...hello, stream: true }

describe.each(storeKinds)('the same request id on the %s store', (store) => {
  it('brings the same answer, executed and billed once', async () => {
    let asked = 0
    const { test, at, leased } = await rentedModel(
      (_incoming, response) => {
        asked += 1
        sendJson(response, 200, completion)
      },
      { store },
    )
    const first = await post(at, leased, paths.chat, hello, { id: 'twice-0001' })
    expect(first.headers['x-openclaw-replayed']).toBeUndefined()
    const { date: _first, ...firstHeaders } = first.headers
    for (let i = 0; i < 3; i++) {
      const again = await post(at, leased, paths.chat, hello, { id: 'twice-0001' })
      const { 'x-openclaw-replayed': replayed, date: _again, ...headers } = again.headers
      expect([replayed, again.status, again.text, headers]).toEqual(['true', 200, first.text, firstHeaders])
    }
    expect(asked).toBe(1)
    expect((await stateOf(test, leased.leaseId)).usage).toHaveLength(1)
  })

  it('is executed once however many ask at a time', async () => {
    let asked = 0
    const go = signal()
    const { test, at, leased } = await rentedModel(
      async (_incoming, response) => {
        asked += 1
        await go.given
        sendJson(response, 200, completion)
      },
      { store },
    )
    const all = Array.from({ length: 20 }, () =>
      post(at, leased, paths.completions, hello, { id: 'race-0001' }),
    )
    await until(() => expect(asked).toBe(1))
    const running = await post(at, leased, paths.completions, hello, { id: 'race-0001' })
    expect([running.status, running.json['error']]).toMatchObject([
      409,
      { code: 'E_CONFLICT', type: 'conflict_error' },
    ])
    expect(running.headers['x-should-retry']).toBe('false')
    go.give()
    const replies = await Promise.all(all)
    expect(replies.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(1)
    expect(replies.filter(({ status }) => status !== 200 && status !== 409)).toEqual([])
    expect(asked).toBe(1)
    const { usage, lease } = await stateOf(test, leased.leaseId)
    expect([usage.length, lease.metered, lease.reserved]).toEqual([1, usage[0]?.cost, 0n])
  })

  it('is not executed again when the answer is gone: by time, by size, by restart', async () => {
    let asked = 0
    const { test, at, leased, backend } = await rentedModel(
      (_incoming, response) => {
        asked += 1
        sendJson(response, 200, completion)
      },
      { store },
    )
    await post(at, leased, paths.chat, hello, { id: 'gone-0001' })
    test.clock.advance(600_000)
    const small = await door(test, { main: backend }, { replay: { maxAnswerBytes: 10 } })
    const restarted = await door(test, { main: backend })
    await post(small, leased, paths.chat, hello, { id: 'gone-0002' })
    const replies = []
    for (const [where, id] of [
      [at, 'gone-0001'],
      [small, 'gone-0002'],
      [restarted, 'gone-0001'],
    ] as const) {
      const { status, json } = await post(where, leased, paths.chat, hello, { id })
      replies.push([status, json['error'], json['details']])
    }
    expect(replies).toEqual(replies.map(() => [409, 'E_CONFLICT', { rule: 'answer-gone' }]))
    expect(asked).toBe(2)
  })
})

describe('a request id', () => {
  it('is refused with another body, and belongs to one lease', async () => {
    const { test, at, leased } = await rentedModel((_incoming, response) =>
      sendJson(response, 200, completion),
    )
    await post(at, leased, paths.chat, hello, { id: 'other-0001' })
    for (const [path, body] of [
      [paths.chat, { ...hello, max_tokens: 9 }],
      [paths.chat, `${JSON.stringify(hello)} `],
      [paths.completions, hello],
    ] as const) {
      const { status, text } = await post(at, leased, path, body, { id: 'other-0001' })
      expect([status, text.includes('other-body') || text.includes('another body')]).toEqual([409, true])
    }
    const stranger = await rentedModel((_incoming, response) => sendJson(response, 200, completion), { test })
    const theirs = await post(at, stranger.leased, paths.chat, hello, { id: 'other-0001' })
    expect([theirs.status, theirs.headers['x-openclaw-replayed']]).toEqual([200, undefined])
  })

  it('keeps a failure too, says that it does, and is free again after a refusal', async () => {
    let asked = 0
    const { at, leased } = await rentedModel((_incoming, response) => {
      asked += 1
      sendJson(response, 500, { error: secretText })
    })
    const [first, again] = [
      await post(at, leased, paths.completions, hello, { id: 'failed-0001' }),
      await post(at, leased, paths.completions, hello, { id: 'failed-0001' }),
    ]
    expect([first.status, again.status, again.text, asked]).toEqual([502, 502, first.text, 1])
    expect(first.headers['x-should-retry']).toBe('false')
    expect(first.text).toContain('use a new one')
    // Without an id of its own a client may simply ask again.
    const plain = await post(at, leased, paths.completions, hello)
    expect([plain.status, plain.headers['x-should-retry']]).toEqual([502, undefined])
    const refused = await post(at, leased, paths.chat, { ...hello, messages: [] }, { id: 'refused-0001' })
    expect(refused.status).toBe(400)
    expect(
      (await post(at, leased, paths.chat, hello, { id: 'refused-0001' })).headers['x-openclaw-replayed'],
    ).toBeUndefined()
  })

  it('replays a stream, whole or broken, byte for byte', async () => {
    let breaks = false
    let asked = 0
    const { at, leased } = await rentedModel(async (_incoming, response) => {
      asked += 1
      sse(response, piece({ content: 'streamed' }))
      if (breaks) {
        await flushed(response)
        response.destroy()
      } else response.end(`${piece({}, 'stop')}data: [DONE]\n\n`)
    })
    for (breaks of [false, true]) {
      const id = `stream-${breaks}`
      const first = await post(at, leased, paths.chat, streamed, { id })
      const again = await post(at, leased, paths.chat, streamed, { id })
      expect(first.text).toContain('streamed')
      expect([
        again.status,
        again.text,
        again.headers['content-type'],
        again.headers['x-openclaw-replayed'],
      ]).toEqual([200, first.text, 'text/event-stream; charset=utf-8', 'true'])
    }
    expect(asked).toBe(2)
  })

  it('does not replay a stream that was too large to keep', async () => {
    const { at, leased } = await rentedModel(
      (_incoming, response) => {
        sse(response, piece({ content: 'x'.repeat(2_000) }, 'stop'), 'data: [DONE]\n\n')
        response.end()
      },
      { env: { replay: { maxAnswerBytes: 1_000 } } },
    )
    expect((await post(at, leased, paths.chat, streamed, { id: 'large-0001' })).status).toBe(200)
    const again = await post(at, leased, paths.chat, streamed, { id: 'large-0001' })
    expect([again.status, again.json['details']]).toEqual([409, { rule: 'answer-gone' }])
  })

  it('lets a caller that lost its connection come back for the answer', async () => {
    const contacted = signal()
    const go = signal()
    let asked = 0
    const { test, at, leased } = await rentedModel(async (_incoming, response) => {
      asked += 1
      contacted.give()
      await go.given
      sendJson(response, 200, completion)
    })
    // A door that tells when it has seen its caller leave.
    const seen = signal()
    const listener = await startListener({
      port: 0,
      handler: (incoming, response) => {
        response.on('close', seen.give)
        return at.handler(incoming, response)
      },
    })
    onTestFinished(() => listener.close(0))
    const leaving = new AbortController()
    const watched = { ...at, url: listener.url }
    const lost = request(watched, leased, 'POST', paths.chat, hello, {
      id: 'lost-0001',
      signal: leaving.signal,
    })
    await contacted.given
    leaving.abort()
    await expect(lost).rejects.toThrow()
    await seen.given
    go.give()
    await until(async () => expect((await stateOf(test, leased.leaseId)).lease.openCalls).toBe(0))
    const back = await post(at, leased, paths.chat, hello, { id: 'lost-0001' })
    expect([back.status, back.headers['x-openclaw-replayed'], asked]).toEqual([200, 'true', 1])
    expect((await stateOf(test, leased.leaseId)).calls).toMatchObject([{ status: 'call_done' }])
  })

  it('that nobody chose stops with its caller, and costs nothing', async () => {
    const contacted = signal()
    const stopped = signal()
    const { test, at, leased } = await rentedModel((_incoming, response) => {
      response.on('close', stopped.give)
      contacted.give()
    })
    const leaving = new AbortController()
    const lost = request(at, leased, 'POST', paths.chat, hello, { signal: leaving.signal })
    await contacted.given
    leaving.abort()
    await expect(lost).rejects.toThrow()
    await stopped.given
    await until(async () =>
      expect((await stateOf(test, leased.leaseId)).calls).toMatchObject([
        { status: 'call_failed', billed: 0n },
      ]),
    )
  })
})

describe('an outcome that could not be recorded', () => {
  it('is said to be unknown, is not repeated, and is settled at the next start', async () => {
    const contacted = signal()
    const go = signal()
    let asked = 0
    const { test, at, leased, backend } = await rentedModel(async (_incoming, response) => {
      asked += 1
      contacted.give()
      await go.given
      sendJson(response, 200, completion)
    })
    const asking = post(at, leased, paths.completions, hello, { id: 'unknown-0001' })
    await contacted.given
    await until(async () => expect((await stateOf(test, leased.leaseId)).calls).toHaveLength(1))
    await test.close()
    go.give()
    const reply = await asking
    expect([reply.status, reply.json['error'], reply.headers['x-should-retry']]).toMatchObject([
      500,
      { code: 'E_OUTCOME_UNKNOWN' },
      'false',
    ])
    expect(reply.text).not.toContain('once')
    const reopened = await test.reopen()
    expect((await stateOf(reopened, leased.leaseId)).calls).toMatchObject([
      { status: 'call_unknown', billed: 0n },
    ])
    const again = await post(await door(reopened, { main: backend }), leased, paths.completions, hello, {
      id: 'unknown-0001',
    })
    expect([again.status, again.headers['x-should-retry'], asked]).toEqual([409, 'false', 1])
  })
})

describe('the store of answers', () => {
  const answer = (bytes: number) => ({ status: 200, headers: {}, body: new Uint8Array(bytes) })

  it('is bounded in number, bytes and time, and forgets the oldest first', () => {
    let now = 0
    const store = replayStore(() => now, {
      maxAnswers: 2,
      maxBytes: 8_192,
      maxAnswerBytes: 4_096,
      keepMs: 100,
    })
    for (const id of ['a', 'b', 'c']) store.keep('lease', id, 'hash', answer(1))
    expect(['a', 'b', 'c'].map((id) => store.find('lease', id, 'hash')?.status)).toEqual([
      undefined,
      200,
      200,
    ])
    store.keep('lease', 'd', 'hash', answer(4_096))
    store.keep('lease', 'e', 'hash', answer(4_096))
    expect(['c', 'd', 'e'].map((id) => store.find('lease', id, 'hash')?.status)).toEqual([
      undefined,
      undefined,
      200,
    ])
    store.keep('lease', 'f', 'hash', answer(4_097))
    expect([
      store.find('lease', 'f', 'hash'),
      store.find('lease', 'e', 'other'),
      store.find('other', 'e', 'hash'),
    ]).toEqual([undefined, undefined, undefined])
    now = 100
    expect(store.find('lease', 'e', 'hash')).toBeUndefined()
  })
})
