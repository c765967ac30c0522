import { describe, expect, it } from 'vitest'
import type { ChatRequest } from './backend.ts'
import { never, whole, backendOf, backendAt, failureOf } from './model-fixture.ts'
import { bodyOf, deadOrigin, sendJson } from './upstream-fixture.ts'

describe('what a caller may send', () => {
  const refusals: readonly (readonly [string, Partial<ChatRequest>, string])[] = [
    [
      'an address to fetch',
      {
        messages: [
          { role: 'user', content: [{ type: 'image_url', image_url: { url: 'http://169.254.169.254/' } }] },
        ],
      },
      '/messages/0/content/0/image_url/url',
    ],
    [
      'a file',
      {
        messages: [
          { role: 'user', content: [{ type: 'image_url', image_url: { url: 'file:///etc/passwd' } }] },
        ],
      },
      '/messages/0/content/0/image_url/url',
    ],
    [
      'a part of a kind that we do not know',
      { messages: [{ role: 'user', content: [{ type: 'video_url', video_url: { url: 'x' } }] }] },
      '/messages/0/content/0/type',
    ],
    [
      'a part without a type',
      { messages: [{ role: 'user', content: [{ image_url: 'http://x/' }] }] },
      '/messages/0/content/0/type',
    ],
    ['no messages', { messages: [] }, '/messages'],
    ['a role of its own', { messages: [{ role: 'root', content: 'x' }] }, '/messages/0/role'],
    ['no limit', { maxTokens: 0 }, '/max_tokens'],
  ]
  it.each(refusals)('not %s', async (_name, change, pointer) => {
    // Nobody listens: it is refused before anything goes out.
    const backend = backendAt(await deadOrigin())
    const [code, details] = await failureOf(backend.chat({ ...whole, ...change }, never))
    expect(code).toBe('E_INVALID_ARGUMENT')
    expect(details).toMatchObject({ pointer })
  })

  it('is rebuilt, so that unknown keys stay here', async () => {
    const seen: unknown[] = []
    const backend = await backendOf(async (request, response) => {
      seen.push(await bodyOf(request))
      sendJson(response, 200, { choices: [{ message: { content: 'x' }, finish_reason: 'stop' }] })
    })
    const image = {
      type: 'image_url',
      image_url: { url: 'data:image/png;base64,AAAA', detail: 'low', file: 'x' },
      video: 'x',
    }
    const messages = [
      { role: 'system', content: 'be brief', images: ['http://x/'] },
      { role: 'user', content: [{ type: 'text', text: 'see', image_url: 'http://x/' }, image] },
    ]
    await backend.chat(
      { ...whole, messages, options: JSON.parse('{"n": 9, "keep_alive": -1, "top_p": 1}') },
      never,
    )
    expect(seen).toEqual([
      {
        model: 'upstream-model',
        max_tokens: 100,
        stream: false,
        top_p: 1,
        messages: [
          { role: 'system', content: 'be brief' },
          {
            role: 'user',
            content: [
              { type: 'text', text: 'see' },
              { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA', detail: 'low' } },
            ],
          },
        ],
      },
    ])
  })
})
