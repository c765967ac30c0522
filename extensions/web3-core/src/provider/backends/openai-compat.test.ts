import { describe, expect, it } from 'vitest'
import {
  never,
  ask,
  streamed,
  whole,
  backendOf,
  backendAt,
  failureOf,
  unavailable,
  pour,
} from './model-fixture.ts'
import { bodyOf, deadOrigin, secretText, sendJson, upstream } from './upstream-fixture.ts'

describe('a whole answer', () => {
  it('sends what it must, shows what it may and keeps usage apart', async () => {
    const seen: { url: string | undefined; authorization: string | undefined; body: unknown }[] = []
    const backend = await backendOf(async (request, response) => {
      seen.push({
        url: request.url,
        authorization: request.headers.authorization,
        body: await bodyOf(request),
      })
      sendJson(response, 200, {
        id: secretText,
        model: secretText,
        choices: [
          {
            index: 0,
            message: { role: 'assistant', content: 'hello', extra: secretText },
            finish_reason: 'stop',
          },
        ],
        usage: { prompt_tokens: 7, completion_tokens: 2 },
        timings: secretText,
      })
    })
    const answer = await backend.chat({ ...whole, options: { temperature: 0.5 } }, never)
    expect(seen).toEqual([
      {
        url: '/v1/chat/completions',
        authorization: 'Bearer key-SECRET',
        body: {
          model: 'upstream-model',
          messages: ask.messages,
          max_tokens: 100,
          stream: false,
          temperature: 0.5,
        },
      },
    ])
    expect(answer).toEqual({
      stream: false,
      completion: {
        id: 'chatcmpl-1',
        object: 'chat.completion',
        created: 1_700_000_000,
        model: 'rented',
        choices: [{ index: 0, message: { role: 'assistant', content: 'hello' }, finish_reason: 'stop' }],
      },
      usage: { inputTokens: 7, outputTokens: 2 },
    })
  })

  it.each([
    ['no usage', undefined],
    ['half of it', { prompt_tokens: 7 }],
    ['fractions', { prompt_tokens: 7.5, completion_tokens: 2 }],
    ['text', { prompt_tokens: '7', completion_tokens: 2 }],
    ['negative figures', { prompt_tokens: 7, completion_tokens: -2 }],
  ])('claims no usage when the upstream gives %s', async (_name, usage) => {
    const choices = [{ message: { content: 'x' }, finish_reason: 'stop' }]
    const backend = await backendOf((_request, response) => sendJson(response, 200, { choices, usage }))
    expect('usage' in (await backend.chat(whole, never))).toBe(false)
  })

  it('passes on tool calls', async () => {
    const call = { id: 'call_1', type: 'function', function: { name: 'look', arguments: '{"a":1}' } }
    const choices = [
      {
        index: 0,
        message: { role: 'assistant', content: null, tool_calls: [call] },
        finish_reason: 'tool_calls',
      },
    ]
    const backend = await backendOf((_request, response) => sendJson(response, 200, { choices }))
    const { completion } = await backend.chat(whole, never)
    expect(completion.choices[0]).toEqual({
      index: 0,
      message: { role: 'assistant', content: null, tool_calls: [call] },
      finish_reason: 'tool_calls',
    })
  })

  it('keeps its connection for the next call', async () => {
    const choices = [{ message: { content: 'x' }, finish_reason: 'stop' }]
    const { origin, connections } = await upstream((_request, response) =>
      sendJson(response, 200, { choices }),
    )
    const backend = backendAt(origin)
    for (let i = 0; i < 20; i++) await backend.chat(whole, never)
    // undici opens a second before it has learnt that the first is free; the other eighteen calls find one.
    expect(connections()).toBeLessThanOrEqual(2)
  })
})

describe('an upstream that fails before it answers', () => {
  it.each([
    [400, ['E_INVALID_ARGUMENT', undefined]],
    [413, ['E_INVALID_ARGUMENT', undefined]],
    [422, ['E_INVALID_ARGUMENT', undefined]],
    ...[401, 403, 404, 429, 500, 502, 503, 302, 307, 204].map(
      (status) => [status, unavailable('error')] as const,
    ),
  ] as const)('status %i', async (status, expected) => {
    const backend = await backendOf((_request, response) => {
      response.writeHead(status, {
        'content-type': 'application/json',
        location: 'http://127.0.0.1:1/elsewhere',
      })
      response.end(status === 204 ? undefined : JSON.stringify({ error: { message: secretText } }))
    })
    expect(await failureOf(backend.chat(whole, never))).toEqual(expected)
    expect(await failureOf(backend.chat(streamed, never))).toEqual(expected)
  })

  it('nobody listens', async () => {
    expect(await failureOf(backendAt(await deadOrigin()).chat(whole, never))).toEqual(unavailable('down'))
  })

  it('hangs up', async () => {
    const backend = await backendOf((request) => request.socket.destroy())
    expect(await failureOf(backend.chat(whole, never))).toEqual(unavailable('error'))
  })

  it('takes the request and says nothing', async () => {
    const backend = await backendOf(() => undefined, { connectTimeoutMs: 100 })
    expect(await failureOf(backend.chat(whole, never))).toEqual(['E_TIMEOUT', undefined])
  })

  it.each([
    ['no JSON', `{"choices": ${secretText}`],
    ['JSON of another kind', JSON.stringify([secretText])],
    ['no choice', JSON.stringify({ choices: [] })],
    ['content that is no text', JSON.stringify({ choices: [{ message: { content: { secretText } } }] })],
  ])('answers with %s', async (_name, body) => {
    const backend = await backendOf((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(body)
    })
    expect(await failureOf(backend.chat(whole, never))).toEqual(unavailable('malformed'))
  })

  it('answers 200 with an error in it', async () => {
    const backend = await backendOf((_request, response) =>
      sendJson(response, 200, { error: { message: secretText } }),
    )
    expect(await failureOf(backend.chat(whole, never))).toEqual(unavailable('error'))
  })

  it('answers with another type than was asked for', async () => {
    const backend = await backendOf(
      (_request, response) => void response.writeHead(200, { 'content-type': 'text/html' }).end(secretText),
    )
    expect(await failureOf(backend.chat(whole, never))).toEqual(unavailable('malformed'))
    expect(await failureOf(backend.chat(streamed, never))).toEqual(unavailable('malformed'))
  })

  it('answers without end', async () => {
    const backend = await backendOf((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      pour(response, 'x'.repeat(65_536))
    })
    expect(await failureOf(backend.chat(whole, never))).toEqual(unavailable('malformed'))
  })
})
