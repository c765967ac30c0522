/** DESIGN §11: any OpenAI client works with base URL and lease token. */
import OpenAI from 'openai'
import { describe, expect, it } from 'vitest'
import { flushed, piece, sse } from './backends/model-fixture.ts'
import { bodyOf, secretText, sendJson } from './backends/upstream-fixture.ts'
import { until } from './client-fixture.ts'
import { hello, rentedModel } from './model-fixture.ts'
import { lease, stateOf } from './provider-fixture.ts'

const ask = { model: 'whatever', messages: [{ role: 'user' as const, content: 'hi' }] }
const usage = { prompt_tokens: 7, completion_tokens: 2 }

function client(url: string, apiKey: string): OpenAI {
  return new OpenAI({ baseURL: `${url}/web3/v1`, apiKey, organization: null, project: null })
}

async function failureOf(work: Promise<unknown>): Promise<InstanceType<typeof OpenAI.APIError>> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof OpenAI.APIError)) throw new Error('did not fail with an APIError', { cause: error })
  expect(`${error.message} ${JSON.stringify(error.error)}`).not.toMatch(/SECRET|127\.0\.0\.1|upstream-model/)
  return error
}

describe('OpenAI’s own client', () => {
  it('chats, streams, calls tools and lists the model', async () => {
    const { at, leased, resourceId } = await rentedModel(async (incoming, response) => {
      const body = (await bodyOf(incoming)) as { stream: boolean; tools?: unknown[] }
      if (body.stream) {
        sse(response, piece({ role: 'assistant', content: 'hel' }), piece({ content: 'lo' }, 'stop'))
        response.end(`data: ${JSON.stringify({ choices: [], usage })}\n\ndata: [DONE]\n\n`)
        return
      }
      const call = { id: 'call_1', type: 'function', function: { name: 'look', arguments: '{}' } }
      const message = { role: 'assistant', content: null, tool_calls: [call] }
      sendJson(response, 200, {
        choices: [
          body.tools === undefined
            ? { message: { content: 'hello' }, finish_reason: 'stop' }
            : { message, finish_reason: 'tool_calls' },
        ],
        usage,
      })
    })
    const openai = client(at.url, leased.token)
    const whole = await openai.chat.completions.create({
      ...ask,
      store: false,
      user: 'me',
      temperature: null,
    })
    expect([whole.model, whole.choices[0]?.message.content, whole.usage?.total_tokens]).toEqual([
      resourceId,
      'hello',
      9,
    ])
    expect(whole._request_id).toMatch(/^req_/)
    const tools = [{ type: 'function' as const, function: { name: 'look', parameters: { type: 'object' } } }]
    const calling = await openai.chat.completions.create({ ...ask, tools })
    expect(calling.choices[0]?.message.tool_calls).toMatchObject([
      { id: 'call_1', function: { name: 'look' } },
    ])
    for (const stream_options of [undefined, { include_usage: true }]) {
      const stream = await openai.chat.completions.create({
        ...ask,
        stream: true,
        ...(stream_options === undefined ? {} : { stream_options }),
      })
      let text = ''
      let total: number | undefined
      for await (const chunk of stream) {
        text += chunk.choices[0]?.delta.content ?? ''
        total = chunk.usage?.total_tokens ?? total
      }
      expect([text, total]).toEqual(['hello', 9])
    }
    const helped = openai.chat.completions.stream({ ...ask, stream_options: { include_usage: true } })
    expect((await helped.finalChatCompletion()).choices[0]).toMatchObject({
      message: { content: 'hello' },
      finish_reason: 'stop',
    })
    expect((await openai.models.list()).data.map(({ id }) => id)).toEqual([resourceId])
  })

  it('repeats by itself only what surely did not happen', async () => {
    let asked = 0
    const { test, at, leased, consumer, resourceId } = await rentedModel((_incoming, response) => {
      asked += 1
      if (asked === 1) sendJson(response, 503, { error: secretText })
      else
        sendJson(response, 200, {
          choices: [{ message: { content: 'hello' }, finish_reason: 'stop' }],
          usage,
        })
    })
    const openai = client(at.url, leased.token)
    expect((await openai.chat.completions.create(ask)).choices[0]?.message.content).toBe('hello')
    expect(asked).toBe(2)
    // A 409 is repeated unless we say otherwise.
    const headers = { 'x-openclaw-request-id': 'client-0001' }
    await openai.chat.completions.create(ask, { headers })
    const conflict = await failureOf(openai.chat.completions.create({ ...ask, max_tokens: 3 }, { headers }))
    expect([conflict.status, conflict.code, asked]).toEqual([409, 'E_CONFLICT', 3])
    const poor = client(at.url, (await lease(test, consumer, resourceId, { maxCost: 1n })).token)
    const spent = await failureOf(poor.chat.completions.create(ask))
    expect([spent.status, spent.code, spent.type]).toEqual([402, 'E_QUOTA_EXCEEDED', 'insufficient_quota'])
    const unknown = await failureOf(client(at.url, 'sk-of-another-house').chat.completions.create(ask))
    expect([unknown.status, unknown.code, unknown.param]).toEqual([401, 'E_AUTH_REQUIRED', null])
    expect((await stateOf(test, leased.leaseId)).usage.map(({ outcome }) => outcome)).toEqual([
      'failed',
      'done',
      'done',
    ])
  })

  it('throws when a stream breaks', async () => {
    const { at, leased } = await rentedModel(async (_incoming, response) => {
      sse(response, piece({ content: 'half' }))
      await flushed(response)
      response.destroy()
    })
    const stream = await client(at.url, leased.token).chat.completions.create({ ...ask, stream: true })
    let text = ''
    const error = await failureOf(
      (async () => {
        for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? ''
      })(),
    )
    expect([text, error.code]).toEqual(['half', 'E_UNAVAILABLE'])
  })

  it('stops the upstream when it stops the stream', async () => {
    const { test, at, leased } = await rentedModel((_incoming, response) =>
      sse(response, piece({ content: 'eight by' })),
    )
    const stream = await client(at.url, leased.token).chat.completions.create({ ...ask, stream: true })
    for await (const chunk of stream) {
      expect(chunk.choices[0]?.delta.content).toBe('eight by')
      break
    }
    await until(async () => {
      expect((await stateOf(test, leased.leaseId)).calls).toMatchObject([
        { status: 'call_failed', billed: 41n },
      ])
    })
    expect(hello.messages).toEqual(ask.messages)
  })
})
