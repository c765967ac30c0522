import type { ServerResponse } from 'node:http'
import { describe, expect, it } from 'vitest'
import type { ChatChunk } from './backend.ts'
import {
  never,
  ask,
  streamed,
  backendOf,
  backendAt,
  piece,
  sse,
  failureOf,
  textOf,
  unavailable,
  pour,
  flushed,
} from './model-fixture.ts'
import { bodyOf, secretText, upstream } from './upstream-fixture.ts'

describe('a stream', () => {
  it('asks for usage and yields what an OpenAI client expects', async () => {
    const seen: unknown[] = []
    const backend = await backendOf(async (request, response) => {
      seen.push(await bodyOf(request))
      sse(
        response,
        ': ping\n\n',
        piece({ role: 'assistant', content: '' }),
        piece({ content: 'Grüße ' }),
        piece({ content: '😀', other: secretText }),
      )
      response.write(piece({}, 'stop'))
      response.write(
        `data: ${JSON.stringify({ choices: [], usage: { prompt_tokens: 5, completion_tokens: 3 } })}\n\n`,
      )
      response.end('data: [DONE]\n\n')
    })
    const answer = await backend.chat(streamed, never)
    expect(answer.end()).toEqual({ state: 'open' })
    const chunks: ChatChunk[] = []
    for await (const chunk of answer.chunks) chunks.push(chunk)
    expect(seen).toEqual([
      {
        model: 'upstream-model',
        messages: ask.messages,
        max_tokens: 100,
        stream: true,
        stream_options: { include_usage: true },
      },
    ])
    const frame = {
      id: 'chatcmpl-1',
      object: 'chat.completion.chunk',
      created: 1_700_000_000,
      model: 'rented',
    }
    expect(chunks).toEqual([
      { ...frame, choices: [{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null }] },
      { ...frame, choices: [{ index: 0, delta: { content: 'Grüße ' }, finish_reason: null }] },
      { ...frame, choices: [{ index: 0, delta: { content: '😀' }, finish_reason: null }] },
      { ...frame, choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] },
    ])
    expect(answer.end()).toEqual({
      state: 'complete',
      finishReason: 'stop',
      usage: { inputTokens: 5, outputTokens: 3 },
    })
  })

  it('hands each chunk on before the next is sent', async () => {
    const release = Promise.withResolvers<void>()
    const backend = await backendOf(async (_request, response) => {
      sse(response, piece({ content: 'first' }))
      await release.promise
      response.end(`${piece({ content: ' second' }, 'stop')}data: [DONE]\n\n`)
    })
    const answer = await backend.chat(streamed, never)
    const chunks = answer.chunks[Symbol.asyncIterator]()
    expect((await chunks.next()).value?.choices[0].delta.content).toBe('first')
    release.resolve()
    expect((await chunks.next()).value?.choices[0].delta.content).toBe(' second')
    expect((await chunks.next()).done).toBe(true)
  })

  it.each([
    ['[DONE] without a finish reason', [piece({ content: 'a' }), 'data: [DONE]\n\n'], undefined],
    ['a finish reason without [DONE]', [piece({ content: 'a' }, 'length')], 'length'],
    ['[DONE] without an empty line', [piece({ content: 'a' }, 'stop'), 'data: [DONE]'], 'stop'],
  ])('is complete with %s', async (_name, events, finishReason) => {
    const backend = await backendOf((_request, response) => {
      sse(response, ...events)
      response.end()
    })
    const answer = await backend.chat(streamed, never)
    expect(await textOf(answer)).toBe('a')
    expect(answer.end()).toEqual({
      state: 'complete',
      ...(finishReason === undefined ? {} : { finishReason }),
    })
  })

  it('is complete when the upstream dies after the finish reason', async () => {
    const backend = await backendOf(async (request, response) => {
      sse(response, piece({ content: 'a' }, 'stop'))
      await flushed(response)
      request.socket.destroy()
    })
    const answer = await backend.chat(streamed, never)
    expect(await textOf(answer)).toBe('a')
    expect(answer.end().state).toBe('complete')
  })

  it.each([
    ['ends early', (response: ServerResponse) => response.end(), unavailable('error')],
    ['is cut off', (response: ServerResponse) => response.destroy(), unavailable('error')],
    ['says nothing more', () => undefined, ['E_TIMEOUT', undefined]],
    [
      'sends nonsense',
      (response: ServerResponse) => response.end(`data: {${secretText}\n\n`),
      unavailable('malformed'),
    ],
    [
      'reports an error',
      (response: ServerResponse) =>
        response.end(`data: ${JSON.stringify({ error: { message: secretText } })}\n\n`),
      unavailable('error'),
    ],
    [
      'sends a line without end',
      (response: ServerResponse) => pour(response, 'x'.repeat(65_536)),
      unavailable('malformed'),
    ],
    [
      'comments without end',
      (response: ServerResponse) => pour(response, `: ${'x'.repeat(60_000)}\n`),
      unavailable('malformed'),
    ],
  ])('that %s is broken, and what came before is kept', async (name, misbehave, expected) => {
    const backend = await backendOf(
      async (_request, response) => {
        sse(response, piece({ content: 'delivered' }))
        await flushed(response)
        misbehave(response)
      },
      // Silence is the one thing that takes time to notice.
      { idleTimeoutMs: name === 'says nothing more' ? 150 : 10_000 },
    )
    const answer = await backend.chat(streamed, never)
    let text = ''
    const reading = (async () => {
      for await (const chunk of answer.chunks) text += chunk.choices[0].delta.content ?? ''
    })()
    expect(await failureOf(reading)).toEqual(expected)
    expect(text).toBe('delivered')
    expect(answer.end()).toEqual({ state: 'broken' })
  })

  it.each([
    ['nothing', []],
    ['only [DONE]', ['data: [DONE]\n\n']],
  ])('of %s is no answer', async (_name, events) => {
    const backend = await backendOf((_request, response) => {
      sse(response, ...events)
      response.end()
    })
    expect(await failureOf(textOf(await backend.chat(streamed, never)))).toEqual(unavailable('malformed'))
  })

  it('keeps its connection for the next stream', async () => {
    const { origin, connections } = await upstream((_request, response) => {
      sse(response, piece({ content: 'a' }, 'stop'))
      response.end('data: [DONE]\n\n')
    })
    const backend = backendAt(origin)
    for (let i = 0; i < 20; i++) expect(await textOf(await backend.chat(streamed, never))).toBe('a')
    expect(connections()).toBeLessThanOrEqual(2)
  })
})
