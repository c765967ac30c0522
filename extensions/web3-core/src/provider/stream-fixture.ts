import type { Json } from './client-fixture.ts'
import { hello } from './model-fixture.ts'

export const streamed = { ...hello, stream: true }
export const usagePiece = (prompt_tokens: number, completion_tokens: number): string =>
  `data: ${JSON.stringify({ choices: [], usage: { prompt_tokens, completion_tokens } })}\n\n`
export const done = 'data: [DONE]\n\n'

export const textOf = (events: readonly (Json | '[DONE]')[]): string =>
  events
    .flatMap((event) =>
      event === '[DONE]' ? [] : ((event['choices'] ?? []) as { delta: { content?: string } }[]),
    )
    .map(({ delta }) => delta.content ?? '')
    .join('')
