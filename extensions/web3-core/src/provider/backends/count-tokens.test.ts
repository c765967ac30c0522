import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  deliveredBytes,
  estimateInputTokens,
  estimateTokens,
  meterTokens,
  mostInputTokens,
  plausibleUsage,
  requestBytes,
} from './count-tokens.ts'

const bounds = { requestBytes: 1_000, deliveredBytes: 640, maxTokens: 500 }
const claim = (inputTokens: number, outputTokens: number) => ({ inputTokens, outputTokens })

describe('plausibleUsage', () => {
  it.each([
    ['ordinary figures', claim(250, 160)],
    ['the least: a cached prompt, the longest tokens', claim(1, 10)],
    ['the most', claim(1_256, 500)],
  ])('believes %s', (_name, usage) => expect(plausibleUsage(usage, bounds)).toEqual(usage))

  it.each([
    ['none', undefined],
    ['no input', claim(0, 160)],
    ['more input than bytes', claim(1_257, 160)],
    ['more output than was allowed', claim(250, 501)],
    ['less output than the longest tokens make', claim(250, 9)],
    ['a fraction', claim(250, 160.5)],
    ['infinity', claim(Infinity, 160)],
    ['a negative figure', claim(250, -1)],
  ])('does not believe %s', (_name, usage) => expect(plausibleUsage(usage, bounds)).toBeUndefined())

  it('does not believe more output than was delivered', () => {
    const short = { ...bounds, deliveredBytes: 5 }
    expect(plausibleUsage(claim(250, 37), short)).toBeDefined()
    expect(plausibleUsage(claim(250, 38), short)).toBeUndefined()
  })

  it('takes no output for nothing delivered, and not for something', () => {
    expect(plausibleUsage(claim(250, 0), { ...bounds, deliveredBytes: 0 })).toBeDefined()
    expect(plausibleUsage(claim(250, 0), { ...bounds, deliveredBytes: 1 })).toBeUndefined()
  })
})

describe('the count', () => {
  it('is bytes by four, rounded up', () => {
    expect([0, 1, 4, 5].map(estimateTokens)).toEqual([0, 1, 1, 2])
  })

  it('counts frames, parts, attachments and tools', () => {
    const text = { messages: [{ role: 'user', content: 'eight by' }] }
    expect(estimateInputTokens(text)).toBe(3 + 4 + 2)
    const image = { type: 'image_url', image_url: { url: `data:image/png;base64,${'A'.repeat(100_000)}` } }
    expect(
      estimateInputTokens({
        messages: [{ role: 'user', content: [{ type: 'text', text: 'eight by' }, image] }],
      }),
    ).toBe(3 + 4 + 2 + 1_024)
    expect(estimateInputTokens({ ...text, options: { tools: [] } })).toBe(3 + 4 + 2 + 3)
  })

  it('counts what was said, not its frame', () => {
    const call = {
      index: 0,
      id: 'call_123',
      type: 'function',
      function: { name: 'ab', arguments: '{}' },
    } as const
    const delta = { content: 'ä', reasoning_content: 'xy', tool_calls: [call] }
    const chunk = { id: 'x', object: 'chat.completion.chunk', created: 1, model: 'm' } as const
    expect(deliveredBytes({ ...chunk, choices: [{ index: 0, delta, finish_reason: null }] })).toBe(2 + 2 + 4)
  })

  it('never bills more than admission reserved, whatever the upstream claims', () => {
    const message = fc.record({ role: fc.constant('user'), content: fc.string() })
    fc.assert(
      fc.property(
        fc.array(message, { minLength: 1, maxLength: 50 }),
        fc.nat(5_000),
        fc.integer({ min: 1, max: 1_000 }),
        fc.option(fc.record({ inputTokens: fc.integer(), outputTokens: fc.integer() }), { nil: undefined }),
        (messages, delivered, maxTokens, usage) => {
          const metered = meterTokens({ request: { messages, maxTokens }, deliveredBytes: delivered, usage })
          expect(metered.inputTokens).toBeGreaterThanOrEqual(1)
          expect(metered.inputTokens).toBeLessThanOrEqual(mostInputTokens(requestBytes({ messages })))
          expect(metered.outputTokens).toBeLessThanOrEqual(maxTokens)
          expect(metered.outputTokens > 0 || delivered === 0).toBe(true)
        },
      ),
    )
  })

  it('says whose figures it bills', () => {
    const request = { messages: [{ role: 'user', content: 'hello' }], maxTokens: 100 }
    expect(meterTokens({ request, deliveredBytes: 40, usage: claim(9, 8) })).toEqual({
      ...claim(9, 8),
      source: 'upstream',
    })
    expect(meterTokens({ request, deliveredBytes: 40, usage: claim(900_000, 8) })).toEqual({
      ...claim(9, 10),
      source: 'counted',
    })
  })
})
