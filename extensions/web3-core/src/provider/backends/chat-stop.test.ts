import { once } from 'node:events'
import { MarketError } from '@openclaw-market/protocol/errors'
import { describe, expect, it } from 'vitest'
import type { ModelBackend } from './backend.ts'
import { never, streamed, whole, backendOf, piece, sse, failureOf, textOf } from './model-fixture.ts'

describe('a caller that stops', () => {
  const endless = async (): Promise<{ backend: ModelBackend; left: Promise<unknown> }> => {
    const gone = Promise.withResolvers<unknown>()
    const backend = await backendOf((_request, response) => {
      response.once('close', () => gone.resolve(undefined))
      sse(response, piece({ content: 'a' }))
      // Says no more: only the caller can end it.
    })
    return { backend, left: gone.promise }
  }

  it('by leaving the loop frees the upstream at once', async () => {
    const { backend, left } = await endless()
    const answer = await backend.chat(streamed, never)
    for await (const _chunk of answer.chunks) break
    await left
    expect(answer.end()).toEqual({ state: 'cut' })
  })

  it('by return() while it waits frees the upstream, and the wait ends', async () => {
    const { backend, left } = await endless()
    const answer = await backend.chat(streamed, never)
    const chunks = answer.chunks[Symbol.asyncIterator]()
    await chunks.next()
    const waiting = chunks.next()
    await chunks.return?.()
    expect((await waiting).done).toBe(true)
    await left
    expect(answer.end().state).toBe('cut')
  })

  it('by return() before the first chunk frees the upstream', async () => {
    const { backend, left } = await endless()
    const answer = await backend.chat(streamed, never)
    await answer.chunks[Symbol.asyncIterator]().return?.()
    await left
    expect(answer.end().state).toBe('cut')
  })

  it('by its signal gets its own reason back', async () => {
    const { backend, left } = await endless()
    const stop = new AbortController()
    const answer = await backend.chat(streamed, stop.signal)
    const chunks = answer.chunks[Symbol.asyncIterator]()
    await chunks.next()
    const waiting = chunks.next()
    stop.abort(new MarketError('E_REVOKED', 'the lease was revoked'))
    expect((await failureOf(waiting))[0]).toBe('E_REVOKED')
    await left
    expect(answer.end().state).toBe('cut')
  })

  it('between two chunks frees the upstream too', async () => {
    const { backend, left } = await endless()
    const stop = new AbortController()
    const answer = await backend.chat(streamed, stop.signal)
    await answer.chunks[Symbol.asyncIterator]().next()
    stop.abort()
    await left
    expect((await failureOf(textOf(answer)))[0]).toBe('E_TIMEOUT')
  })

  it('before the answer began', async () => {
    const arrived = Promise.withResolvers<void>()
    const stop = new AbortController()
    const backend = await backendOf((_request, response) => {
      arrived.resolve()
      void once(response, 'close')
    })
    const call = backend.chat(whole, stop.signal)
    await arrived.promise
    stop.abort()
    expect((await failureOf(call))[0]).toBe('E_TIMEOUT')
    expect((await failureOf(backend.chat(whole, AbortSignal.abort())))[0]).toBe('E_TIMEOUT')
  })
})
