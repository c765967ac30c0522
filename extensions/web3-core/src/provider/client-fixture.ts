/** How the tests beside talk to a door, and what they look at in its answers. */
import { expect, vi } from 'vitest'
import { secretText } from './backends/upstream-fixture.ts'
import type { Door, Leased } from './provider-fixture.ts'

export const paths = {
  chat: '/web3/resources/model/chat',
  completions: '/web3/v1/chat/completions',
  models: '/web3/v1/models',
  search: '/web3/resources/search/query',
  put: '/web3/resources/storage/put',
  get: '/web3/resources/storage/get',
  list: '/web3/resources/storage/list',
} as const

export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
  readonly json: Json
}
/** What a test expects to find. */
export type Json = { readonly [key: string]: unknown }

export interface Asking {
  readonly id?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

export function request(
  door: Door,
  { token }: Pick<Leased, 'token'>,
  method: string,
  path: string,
  body: unknown,
  { id, headers = {}, signal }: Asking = {},
): Promise<Response> {
  return fetch(door.url + path, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(id === undefined ? {} : { 'x-openclaw-request-id': id }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  })
}

export async function post(
  door: Door,
  leased: Pick<Leased, 'token'>,
  path: string,
  body: unknown,
  asking: Asking = {},
) {
  return replyOf(door, leased, await request(door, leased, 'POST', path, body, asking))
}

export async function get(door: Door, leased: Pick<Leased, 'token'>, path: string, asking: Asking = {}) {
  return replyOf(door, leased, await request(door, leased, 'GET', path, undefined, asking))
}

/** Reads it whole, and sees that neither it nor the log tells what nobody may know. */
export async function replyOf(
  door: Door,
  { token }: Pick<Leased, 'token'>,
  response: Response,
): Promise<Reply> {
  const text = await response.text()
  const headers = Object.fromEntries(response.headers)
  const shown = `${text}\n${JSON.stringify(headers)}\n${door.reports.join('\n')}`
  for (const secret of [
    'SECRET',
    secretText,
    '127.0.0.1',
    'upstream-model',
    '/tmp/',
    'node:internal',
    '    at ',
  ]) {
    expect(shown).not.toContain(secret)
  }
  if (token.length > 8) expect(shown).not.toContain(token)
  return { status: response.status, headers, text, json: asJson(text) }
}

function asJson(text: string): Json {
  try {
    return JSON.parse(text) as Json
  } catch {
    return {}
  }
}

/** The events of a stream; `[DONE]` as itself. */
export function eventsOf(text: string): (Json | '[DONE]')[] {
  return text
    .split('\n\n')
    .filter((event) => event !== '')
    .map((event) => {
      expect(event.startsWith('data: ')).toBe(true)
      const data = event.slice(6)
      return data === '[DONE]' ? data : (JSON.parse(data) as Json)
    })
}

/** Waits for a condition of another part of the process. */
export function until<T>(check: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(check, { timeout: 8_000, interval: 5 })
}

/** A promise that the test settles. */
export function signal(): { readonly given: Promise<void>; give(): void } {
  let give: () => void = () => undefined
  const given = new Promise<void>((resolve) => (give = resolve))
  return { given, give: () => give() }
}
