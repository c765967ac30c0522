/** What the upstream answers, always: known beforehand, so that every target's answer and every bill can be checked. */
const words = ['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight'].flatMap((word) => [
  `${word} `,
  `${word}teen `,
])

export const answerText = words.join('')
export const usage = {
  prompt_tokens: 24,
  completion_tokens: words.length,
  total_tokens: 24 + words.length,
}

const head = { id: 'chatcmpl-bench', created: 1_700_000_000, model: 'bench' }

export const wholeAnswer = JSON.stringify({
  ...head,
  object: 'chat.completion',
  choices: [{ index: 0, message: { role: 'assistant', content: answerText }, finish_reason: 'stop' }],
  usage,
})

const event = (more: object): string =>
  `data: ${JSON.stringify({ ...head, object: 'chat.completion.chunk', ...more })}\n\n`
const delta = (delta: object, finish_reason: string | null = null): string =>
  event({ choices: [{ index: 0, delta, finish_reason }] })

/** The first one carries the first token, so that the first bytes of a stream are its first token. */
export const streamedEvents: readonly string[] = [
  ...words.map((content, at) => delta(at === 0 ? { role: 'assistant', content } : { content })),
  delta({}, 'stop'),
  event({ choices: [], usage }),
  'data: [DONE]\n\n',
]

export function requestBody(stream: boolean): string {
  return JSON.stringify({
    model: 'bench',
    max_tokens: 64,
    ...(stream ? { stream, stream_options: { include_usage: true } } : {}),
    messages: [
      { role: 'system', content: 'You answer every question with the same sixteen words.' },
      {
        role: 'user',
        content: 'Which sixteen words do you always answer with, and in which order are they?',
      },
    ],
  })
}

/** @returns what is wrong with the body of an answer; undefined when every token is there, once, in order. */
export function problemOf(body: string, stream: boolean): string | undefined {
  const texts = [...body.matchAll(/"content":"([^"]*)"/g)].map(([, text]) => text)
  if (texts.join('') !== answerText) return `the text is not the upstream's: ${body.slice(0, 200)}`
  if (stream && !body.endsWith('data: [DONE]\n\n')) return 'the stream has no end'
  return undefined
}
