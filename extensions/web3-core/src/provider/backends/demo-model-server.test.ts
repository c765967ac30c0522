import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { createInterface } from 'node:readline'
import OpenAI from 'openai'
import { describe, expect, it, onTestFinished } from 'vitest'
import { deliveredBytes, meterTokens } from './count-tokens.ts'
import { openAiCompatBackend } from './openai-compat.ts'

const script = path.join(import.meta.dirname, '../../../../../scripts/demo-model-server.mjs')
const never = new AbortController().signal

interface Served {
  readonly requests: number
  readonly input_tokens: number
  readonly output_tokens: number
  readonly list: readonly {
    readonly stream: boolean
    readonly output_tokens: number
    readonly complete: boolean
  }[]
}

async function startDemo() {
  const child = spawn(process.execPath, [script, '0'], { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(async () => {
    const closed = once(child, 'close')
    child.kill()
    await closed
  })
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
  const { listening } = JSON.parse(line) as { listening: number }
  const origin = `http://127.0.0.1:${listening}`
  const served = async (): Promise<Served> => (await (await fetch(`${origin}/demo/served`)).json()) as Served
  return {
    origin,
    served,
    backend: openAiCompatBackend({ config: { baseUrl: `${origin}/v1`, model: 'demo-1' } }),
  }
}

const ask = (content: string, maxTokens = 100) => ({
  answerAs: { id: 'i', model: 'm' },
  messages: [{ role: 'user', content }],
  maxTokens,
})

describe('the demo model', { timeout: 30_000 }, () => {
  it('keeps books that agree with what is metered, streamed or not', async () => {
    const { backend, served } = await startDemo()
    let input = 0
    let output = 0
    for (const [content, maxTokens] of [
      ['hello there', 100],
      ['count to 50', 20],
      ['count to 300', 4_000],
    ] as const) {
      const request = ask(content, maxTokens)
      const whole = await backend.chat({ ...request, stream: false }, never)
      const streamed = await backend.chat({ ...request, stream: true }, never)
      let text = ''
      for await (const chunk of streamed.chunks) text += chunk.choices[0].delta.content ?? ''
      expect(text).toBe(whole.completion.choices[0].message.content)
      expect(text).toContain('demo-1')
      const end = streamed.end()
      expect(end).toMatchObject({ state: 'complete', finishReason: maxTokens === 20 ? 'length' : 'stop' })
      expect(end.usage).toEqual(whole.usage)
      const delivered = deliveredBytes(whole.completion)
      for (const usage of [whole.usage, end.usage]) {
        const metered = meterTokens({ request, deliveredBytes: delivered, usage })
        expect(metered.source).toBe('upstream')
        input += metered.inputTokens
        output += metered.outputTokens
      }
      expect(whole.usage?.outputTokens).toBeLessThanOrEqual(maxTokens)
    }
    expect(await served()).toMatchObject({ requests: 6, input_tokens: input, output_tokens: output })
  })

  it('notices a caller that leaves', async () => {
    const { backend, served } = await startDemo()
    const answer = await backend.chat({ ...ask('count to 200000', 200_000), stream: true }, never)
    for await (const _chunk of answer.chunks) break
    // The demo learns of it when its socket closes; asking again gives it the turns it needs.
    let books = await served()
    while (books.requests === 0) books = await served()
    expect(books.list[0]).toMatchObject({ stream: true, complete: false })
    expect(books.output_tokens).toBeLessThan(200_000)
  })

  it('is what OpenAI’s own client expects', async () => {
    const { origin, served } = await startDemo()
    const client = new OpenAI({ baseURL: `${origin}/v1`, apiKey: 'none', maxRetries: 0 })
    expect((await client.models.list()).data.map((model) => model.id)).toEqual(['demo-1'])
    const messages = [{ role: 'user' as const, content: 'hi' }]
    const stream = await client.chat.completions.create({
      model: 'demo-1',
      messages,
      stream: true,
      stream_options: { include_usage: true },
    })
    let last: OpenAI.ChatCompletionChunk | undefined
    for await (const chunk of stream) last = chunk
    const books = await served()
    expect(last?.usage).toMatchObject({
      prompt_tokens: books.input_tokens,
      completion_tokens: books.output_tokens,
    })
    await expect(client.chat.completions.create({ model: 'demo-1', messages: [] })).rejects.toMatchObject({
      status: 400,
    })
  })
})
