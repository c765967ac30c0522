/** The model backend on a real upstream, and what the tests of its parts share. */
import type { ServerResponse } from 'node:http'
import { MarketError, type ErrorCode } from '@openclaw-market/protocol/errors'
import { expect } from 'vitest'
import type { ChatStreamAnswer, ModelBackend } from './backend.ts'
import { openAiCompatBackend } from './openai-compat.ts'
import { everythingIn, secretText, upstream, type Handler } from './upstream-fixture.ts'

export const never = new AbortController().signal
export const ask = {
  answerAs: { id: 'chatcmpl-1', model: 'rented' },
  maxTokens: 100,
  messages: [{ role: 'user', content: 'hi' }],
}
export const streamed = { ...ask, stream: true } as const
export const whole = { ...ask, stream: false } as const

export async function backendOf(
  handler: Handler,
  more: { connectTimeoutMs?: number; idleTimeoutMs?: number } = {},
) {
  const { origin } = await upstream(handler)
  return backendAt(origin, more)
}

export function backendAt(
  origin: string,
  more: { connectTimeoutMs?: number; idleTimeoutMs?: number } = {},
): ModelBackend {
  const config = { baseUrl: `${origin}/v1`, model: 'upstream-model', ...more }
  return openAiCompatBackend({ config, apiKey: 'key-SECRET', now: () => 1_700_000_000_000 })
}

export const piece = (delta: object, finish: string | null = null, more: object = {}): string =>
  `data: ${JSON.stringify({ id: secretText, model: secretText, system_fingerprint: secretText, choices: [{ index: 0, delta, finish_reason: finish }], ...more })}\n\n`

export function sse(response: ServerResponse, ...events: string[]): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  for (const event of events) response.write(event)
}

/** Takes the error of a call apart: its code, its details, and that it tells nothing. */
export async function failureOf(work: Promise<unknown>): Promise<readonly [ErrorCode, unknown]> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof MarketError)) throw new Error('did not fail with a MarketError', { cause: error })
  expect(everythingIn(error)).not.toMatch(/SECRET|127\.0\.0\.1|\/srv|upstream-model/)
  return [error.code, error.details]
}

export async function textOf(answer: ChatStreamAnswer): Promise<string> {
  let text = ''
  for await (const chunk of answer.chunks) text += chunk.choices[0].delta.content ?? ''
  return text
}

export const unavailable = (trouble: string) => ['E_UNAVAILABLE', { upstream: trouble }]

/** Writes the same for as long as somebody reads. */
export function pour(response: ServerResponse, text: string): void {
  const more = (): void => {
    while (!response.destroyed && response.write(text));
  }
  response.on('drain', more)
  more()
}

/** Resolves when what was written has left this process, so that a cut comes after it. */
export async function flushed(response: ServerResponse): Promise<void> {
  await new Promise<void>((resolve) => void response.write(': flushed\n\n', () => resolve()))
}
