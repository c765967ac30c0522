/** What the host sees of a leased model's answer, event by event. */
import {
  createAssistantMessageEventStream,
  type AssistantMessage,
  type StreamEvent,
} from 'openclaw/plugin-sdk/llm'
import { describe, expect, it } from 'vitest'
import { passLeased } from './leased-answer.ts'

const nothing = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 }
const message: AssistantMessage = {
  role: 'assistant',
  content: [],
  api: 'openai-completions',
  provider: 'web3',
  model: 'leased',
  usage: { ...nothing, totalTokens: 0, cost: { ...nothing, total: 0 } },
  stopReason: 'stop',
  timestamp: 0,
}
const partial = message
const toolCall = { type: 'toolCall', id: 'call-1', name: 'web3_call', arguments: {} } as const
const start: StreamEvent = { type: 'start', partial }
const textStart: StreamEvent = { type: 'text_start', contentIndex: 0, partial }
const text = (delta: string): StreamEvent => ({ type: 'text_delta', contentIndex: 0, delta, partial })
const thought: StreamEvent = { type: 'thinking_delta', contentIndex: 0, delta: 'Hm.', partial }
const callStart: StreamEvent = { type: 'toolcall_start', contentIndex: 0, partial }
const callPart: StreamEvent = { type: 'toolcall_delta', contentIndex: 0, delta: '{"a', partial }
const callEnd: StreamEvent = { type: 'toolcall_end', contentIndex: 0, toolCall, partial }
const done: StreamEvent = { type: 'done', reason: 'stop', message }
const broken = (more: Partial<AssistantMessage> = {}): StreamEvent => ({
  type: 'error',
  reason: 'error',
  error: { ...message, stopReason: 'error', errorMessage: 'words of a provider', ...more },
})

/** What was shown when each event had been passed, and in the end. */
async function pass(events: readonly StreamEvent[], signal?: AbortSignal) {
  const out = createAssistantMessageEventStream()
  const shown: StreamEvent[] = []
  const { push } = out
  out.push = (event) => {
    shown.push(event)
    push.call(out, event)
  }
  const after: number[] = []
  const from = (async function* () {
    for (const event of events) {
      yield event
      after.push(shown.length)
    }
  })()
  const answered = await passLeased(from, out, signal, () => ({ input: 40, output: 7 }))
  return { answered, after, shown, out }
}

describe('before anything is said', () => {
  it.each([
    ['the start', [start]],
    ['an empty text', [start, textStart, text('')]],
    ['half a tool call', [start, callStart, callPart]],
  ])('%s shows nothing, and a break leaves no trace', async (_what, events) => {
    const { answered, after, shown } = await pass([...events, broken()])
    expect([answered, shown]).toEqual([false, []])
    expect(after).toEqual(events.map(() => 0))
  })

  it.each([
    ['a word', text('The')],
    ['a thought', thought],
    ['a whole tool call', callEnd],
  ])('%s shows what was held, in order', async (_what, said) => {
    const { shown } = await pass([start, said, done])
    expect(shown).toEqual([start, said, done])
  })

  it('an answer without a word is an answer', async () => {
    const { answered, shown, out } = await pass([start, done])
    expect([answered, shown, await out.result()]).toEqual([true, [start, done], message])
  })

  it('an answer that just ends is none', async () => {
    expect(await pass([start])).toMatchObject({ answered: false, shown: [] })
  })
})

describe('after the first words', () => {
  it('each event is shown as it comes', async () => {
    const { after } = await pass([start, text('The'), textStart, text('tide'), done])
    expect(after).toEqual([0, 2, 3, 4])
  })

  it('a tool call is shown when it is whole', async () => {
    const { after, shown } = await pass([text('The'), callStart, callPart, textStart, callEnd, done])
    expect(after).toEqual([1, 1, 1, 1, 5])
    expect(shown).toEqual([text('The'), callStart, callPart, textStart, callEnd, done])
  })

  it('a break ends the turn with what was received, without a word of whoever broke it', async () => {
    const received = { type: 'text', text: 'The' } as const
    const { answered, shown, out } = await pass([
      start,
      text('The'),
      callStart,
      callPart,
      broken({ content: [received, toolCall] }),
    ])
    expect(answered).toBe(true)
    expect(shown.map(({ type }) => type)).toEqual(['start', 'text_delta', 'done'])
    const last = await out.result()
    expect(last).toMatchObject({
      content: [received],
      stopReason: 'stop',
      usage: { input: 40, output: 7, totalTokens: 47 },
    })
    expect(JSON.stringify(last)).not.toContain('words of a provider')
  })

  it('what the model said that it used stands', async () => {
    const usage = { ...message.usage, input: 3, output: 2, totalTokens: 5 }
    const { out } = await pass([text('The'), broken({ usage })])
    expect((await out.result()).usage).toEqual(usage)
  })
})

it.each([
  ['before', [start]],
  ['after', [start, text('The')]],
])('stopped by its owner %s the first words, it says so', async (_when, events) => {
  const stopped: StreamEvent = {
    type: 'error',
    reason: 'aborted',
    error: { ...message, stopReason: 'aborted' },
  }
  const { answered, shown } = await pass([...events, stopped], AbortSignal.abort())
  expect([answered, shown.at(-1)]).toEqual([true, stopped])
})
