import { describe, expect, it } from 'vitest'
import { bodyOf, deadOrigin, secretText, sendJson } from './backends/upstream-fixture.ts'
import { mostInputTokens, requestBytes } from './backends/count-tokens.ts'
import { openAiCompatBackend } from './backends/openai-compat.ts'
import { get, paths, post } from './client-fixture.ts'
import { hello, rentedModel } from './model-fixture.ts'
import { door, stateOf, storeKinds } from './provider-fixture.ts'

const usage = { prompt_tokens: 7, completion_tokens: 2 }
const completion = (content: string, more: object = {}) => ({
  id: secretText,
  model: secretText,
  choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
  usage,
  ...more,
})

describe.each(storeKinds)('a whole answer on the %s store', (store) => {
  it('is billed by the upstream’s figures and says so', async () => {
    const seen: unknown[] = []
    const { test, at, leased, resourceId } = await rentedModel(
      async (request, response) => {
        seen.push(await bodyOf(request))
        sendJson(response, 200, completion('hello'))
      },
      { store },
    )
    const reply = await post(at, leased, paths.chat, {
      ...hello,
      max_tokens: 50,
      temperature: 0.5,
      user: 'me',
      stop: null,
    })
    expect(seen).toEqual([
      { model: 'upstream-model', messages: hello.messages, max_tokens: 50, stream: false, temperature: 0.5 },
    ])
    const { calls, usage: records, lease } = await stateOf(test, leased.leaseId)
    expect(reply.status).toBe(200)
    expect(reply.json).toEqual({
      id: `chatcmpl-${calls[0]?.callId}`,
      object: 'chat.completion',
      created: 1_700_000_000,
      model: resourceId,
      choices: [{ index: 0, message: { role: 'assistant', content: 'hello' }, finish_reason: 'stop' }],
      usage: { ...usage, total_tokens: 9 },
    })
    // 5 + 7 × 2 + 2 × 10
    expect(reply.headers).toMatchObject({
      'x-openclaw-cost': '39',
      'x-openclaw-currency': 'USDC',
      'x-openclaw-seq': '1',
      'x-openclaw-budget': 'ok',
      'x-openclaw-usage': JSON.stringify([
        { unit: 'request', quantity: '1' },
        { unit: 'input_token', quantity: '7' },
        { unit: 'output_token', quantity: '2' },
      ]),
    })
    expect(records).toMatchObject([{ cost: 39n, outcome: 'done', seq: 1 }])
    expect([lease.metered, lease.reserved, lease.openCalls]).toEqual([39n, 0n, 0])
    expect(at.reports).toEqual([])
  })
})

describe('what a whole answer is billed', () => {
  it('is counted when the upstream lies or says nothing', async () => {
    const claims = [
      { prompt_tokens: 1, completion_tokens: 1_000_000 },
      { prompt_tokens: 9_999, completion_tokens: 3 },
      undefined,
    ]
    let call = 0
    const { at, leased } = await rentedModel((_request, response) =>
      sendJson(response, 200, completion('four', { usage: claims[call++] })),
    )
    for (let i = 0; i < claims.length; i++) {
      const { headers } = await post(at, leased, paths.chat, hello)
      // 3 to open, 4 for the message, 1 for `hi`; `four` is one token.
      expect(headers['x-openclaw-cost']).toBe(String(5 + 8 * 2 + 10))
    }
  })

  it('is what the budget left, and the upstream is told so', async () => {
    const asked: unknown[] = []
    const input = BigInt(mostInputTokens(requestBytes(hello)))
    const { at, leased, test } = await rentedModel(
      async (request, response) => {
        asked.push(((await bodyOf(request)) as { max_tokens: number }).max_tokens)
        const choices = [
          { index: 0, message: { role: 'assistant', content: 'cut off' }, finish_reason: 'length' },
        ]
        sendJson(
          response,
          200,
          completion('', { choices, usage: { prompt_tokens: 7, completion_tokens: 3 } }),
        )
      },
      { maxCost: 5n + input * 2n + 39n },
    )
    const reply = await post(at, leased, paths.chat, { ...hello, max_completion_tokens: 500 })
    expect(asked).toEqual([3])
    expect(reply.headers['x-openclaw-budget']).toBe('spent')
    expect((await stateOf(test, leased.leaseId)).lease.metered).toBe(5n + 14n + 30n)
    const refused = await post(at, leased, paths.completions, {
      ...hello,
      max_tokens: 500,
      messages: [{ role: 'user', content: 'x'.repeat(5_000) }],
    })
    expect([refused.status, refused.json['error'], refused.headers['x-should-retry']]).toMatchObject([
      402,
      { code: 'E_QUOTA_EXCEEDED', type: 'insufficient_quota' },
      'false',
    ])
  })

  it('is at most what the policy allows, and `length` within it is no spent budget', async () => {
    const asked: unknown[] = []
    const { at, leased } = await rentedModel(
      async (request, response) => {
        asked.push(((await bodyOf(request)) as { max_tokens: number }).max_tokens)
        const choices = [
          { index: 0, message: { role: 'assistant', content: 'cut' }, finish_reason: 'length' },
        ]
        sendJson(
          response,
          200,
          completion('', { choices, usage: { prompt_tokens: 7, completion_tokens: 1 } }),
        )
      },
      { policy: { maxTokens: 20 } },
    )
    for (const body of [
      hello,
      { ...hello, max_tokens: 500 },
      { ...hello, max_tokens: 7, max_completion_tokens: 9 },
    ]) {
      expect((await post(at, leased, paths.chat, body)).headers['x-openclaw-budget']).toBe('ok')
    }
    expect(asked).toEqual([20, 20, 9])
  })

  it('never exceeds the grant when the upstream does, and nor does what is delivered', async () => {
    const { at, leased } = await rentedModel((_request, response) =>
      sendJson(
        response,
        200,
        completion(`x${'ä'.repeat(50_000)}`, { usage: { prompt_tokens: 7, completion_tokens: 25_000 } }),
      ),
    )
    const reply = await post(at, leased, paths.chat, { ...hello, max_tokens: 10 })
    const [choice] = reply.json['choices'] as [{ message: { content: string }; finish_reason: string }]
    expect(Buffer.byteLength(choice.message.content)).toBe(10 * 16 + 256 - 1)
    expect(choice.message.content).toMatch(/^xä+$/)
    expect(choice.finish_reason).toBe('length')
    expect([reply.headers['x-openclaw-budget'], reply.headers['x-openclaw-cost']]).toEqual([
      'spent',
      String(5 + 16 + 100),
    ])
  })

  it('is nothing when nothing was delivered', async () => {
    let status = 500
    const { at, leased, test } = await rentedModel((_request, response) =>
      sendJson(response, status, { error: secretText }),
    )
    const answers = []
    for (status of [500, 401, 429, 400, 200]) {
      const { status: http, json, headers } = await post(at, leased, paths.chat, hello)
      answers.push([http, json['error'], json['details'], headers['x-openclaw-cost']])
    }
    expect(answers).toEqual([
      [502, 'E_UNAVAILABLE', { upstream: 'error' }, '0'],
      [502, 'E_UNAVAILABLE', { upstream: 'error' }, '0'],
      [502, 'E_UNAVAILABLE', { upstream: 'error' }, '0'],
      [400, 'E_INVALID_ARGUMENT', undefined, '0'],
      [502, 'E_UNAVAILABLE', { upstream: 'error' }, '0'],
    ])
    const { lease, calls } = await stateOf(test, leased.leaseId)
    expect([lease.metered, lease.reserved, lease.openCalls]).toEqual([0n, 0n, 0])
    expect(calls.map((call) => call.status)).toEqual(Array.from({ length: 5 }, () => 'call_failed'))
  })

  it('is nothing when the upstream is not there, or takes too long', async () => {
    const { at, leased, test, backend } = await rentedModel(() => undefined, { policy: { maxCallMs: 1_000 } })
    const late = await post(at, leased, paths.chat, hello)
    expect([late.status, late.json['error']]).toEqual([504, 'E_TIMEOUT'])
    const down = openAiCompatBackend({ config: { baseUrl: await deadOrigin(), model: 'upstream-model' } })
    const dead = await post(await door(test, { main: down }), leased, paths.chat, hello)
    expect([dead.status, dead.json['details']]).toEqual([502, { upstream: 'down' }])
    expect((await stateOf(test, leased.leaseId)).lease).toMatchObject({
      metered: 0n,
      reserved: 0n,
      openCalls: 0,
    })
    backend.close()
  })
})

describe('what a model may be asked', () => {
  it('is refused before anything is opened or sent', async () => {
    let asked = 0
    const { at, leased, test } = await rentedModel((_request, response) => {
      asked += 1
      sendJson(response, 200, completion('x'))
    })
    for (const [more, pointer, rule] of [
      [{ messages: [] }, '/messages', 'minItems'],
      [{ messages: [{ role: 'wizard', content: '' }] }, '/messages/0/role', 'enum'],
      [
        {
          messages: [
            { role: 'user', content: [{ type: 'image_url', image_url: { url: 'http://169.254.169.254/' } }] },
          ],
        },
        '/messages/0/content/0/image_url/url',
        'pattern',
      ],
      [{ n: 2 }, '/n', 'maximum'],
      [{ max_tokens: 0 }, '/max_tokens', 'minimum'],
      [{ temperature: 3 }, '/temperature', 'maximum'],
      [{ functions: [] }, '/functions', 'additionalProperties'],
      [{ modalities: ['audio'] }, '/modalities/0', 'const'],
      [{ stream_options: { include_usage: true } }, '/stream_options', 'dependentRequired'],
    ] as const) {
      const { status, json } = await post(at, leased, paths.chat, { ...hello, ...more })
      expect([more, status, json['details']]).toMatchObject([more, 400, { pointer, rule }])
    }
    expect(asked).toBe(0)
    expect((await stateOf(test, leased.leaseId)).calls).toEqual([])
  })

  it('may be without tools', async () => {
    const { at, leased } = await rentedModel(
      (_request, response) => sendJson(response, 200, completion('x')),
      {
        policy: { allowTools: false },
      },
    )
    const tools = [{ type: 'function', function: { name: 'look', parameters: {} } }]
    const refused = await post(at, leased, paths.chat, { ...hello, tools })
    expect([refused.status, refused.json['error'], refused.json['details']]).toEqual([
      403,
      'E_FORBIDDEN',
      { pointer: '/tools' },
    ])
    expect((await post(at, leased, paths.chat, { ...hello, tools: [] })).status).toBe(200)
  })

  it('is in OpenAI’s words on OpenAI’s paths', async () => {
    const { at, leased, resourceId, test } = await rentedModel((_request, response) =>
      sendJson(response, 200, completion('x')),
    )
    const refused = await post(at, leased, paths.completions, {
      messages: [{ role: 'user', content: [{ type: 'film' }] }],
    })
    expect(refused.json).toEqual({
      error: {
        message: expect.stringMatching(
          /^\/messages\/0\/content\/0\/type: is not one of .*\. Correct/,
        ) as string,
        type: 'invalid_request_error',
        code: 'E_INVALID_ARGUMENT',
        param: 'messages[0].content[0].type',
      },
    })
    expect((await post(at, leased, paths.completions, hello)).json).toMatchObject({
      object: 'chat.completion',
    })
    expect((await get(at, leased, paths.models)).json).toEqual({
      object: 'list',
      data: [
        {
          id: resourceId,
          object: 'model',
          created: Math.floor(test.clock.now() / 1000),
          owned_by: test.market.address,
          label: 'Test model',
        },
      ],
    })
  })
})
