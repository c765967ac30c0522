/** OpenAI's chat completions, whole and streamed. */
import { createHash } from 'node:crypto'
import { counted, send, whole } from './leased-call.mjs'

const route = '/web3/v1/chat/completions'
const max_tokens = 256

/** Tokens are the model's own: this side can only add up what each answer states, and count the words beside it. */
const usageOf = ({ usage }) => ({
  request: '1',
  input_token: String(usage.prompt_tokens),
  output_token: String(usage.completion_tokens),
})
const wordsIn = (text) => text?.match(/\s*\S+/g)?.length ?? 0
const ask = (content) => ({ messages: [{ role: 'user', content }], max_tokens })

export const modelWork = {
  estimate: [
    { unit: 'request', quantity: '4' },
    { unit: 'input_token', quantity: '4000' },
    { unit: 'output_token', quantity: '2000' },
  ],
  async use(lease) {
    const request = { body: ask('Say in one sentence what an escrow is.') }
    const bytes = await whole(lease, 'chat', route, request, (answer) => usageOf(JSON.parse(answer)))
    const [choice] = JSON.parse(bytes).choices
    const streamed = await chatStream(lease, { ...ask('Please count to 12'), stream: true })
    const words = wordsIn(choice.message.content) + wordsIn(streamed)
    return { words, says: `${words} words of answers` }
  },
}

/** The hash is of what came before the last chunk, which says what all of it used and cost. @returns the text */
async function chatStream({ record, ...lease }, body) {
  const { requestId, response } = await send(lease, route, { body })
  const hash = createHash('sha256')
  let text = ''
  let last
  let done = false
  for await (const event of eventsOf(response.body)) {
    if (!event.startsWith('data: ')) throw new Error('the stream holds something else than data')
    const data = event.slice('data: '.length)
    if (data === '[DONE]') {
      done = true
      continue
    }
    const chunk = JSON.parse(data)
    if (chunk.error !== undefined) throw new Error(`the stream failed: ${chunk.error.message}`)
    if (chunk.openclaw !== undefined) last = chunk
    else hash.update(`${event}\n\n`)
    text += chunk.choices?.[0]?.delta?.content ?? ''
  }
  if (!done || last === undefined) throw new Error('the stream ended without its last word')
  const usage = usageOf(last)
  const { cost, seq } = last.openclaw
  record(
    counted({ what: 'chat stream', requestId, usage, stated: usage, cost, seq, sha256: hash.digest('hex') }),
  )
  return text
}

/** Events of a stream, without the empty line that ends each. */
async function* eventsOf(stream) {
  let rest = ''
  for await (const part of stream.pipeThrough(new TextDecoderStream())) {
    const events = (rest + part).split('\n\n')
    rest = events.pop() ?? ''
    yield* events
  }
  if (rest !== '') throw new Error('the stream ended in the middle of an event')
}
