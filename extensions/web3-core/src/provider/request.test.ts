import { request as httpRequest, type IncomingMessage } from 'node:http'
import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { paths, post, replyOf } from './client-fixture.ts'
import { stateOf } from './provider-fixture.ts'
import { q, searching } from './search-fixture.ts'

describe('what can be asked', () => {
  it('is refused with place and rule where it is wrong', async () => {
    const { at, leased, asked, test } = await searching()
    for (const [body, pointer, rule] of [
      [{}, '/q', 'required'],
      [{ q: '' }, '/q', 'minLength'],
      [{ q: 'x'.repeat(513) }, '/q', 'maxLength'],
      [{ q: 'x', limit: 51 }, '/limit', 'maximum'],
      [{ q: 'x', limit: 1.5 }, '/limit', 'type'],
      [{ q: 'x', actorId: '0x0' }, '/actorId', 'additionalProperties'],
      [[], '', 'type'],
    ] as const) {
      const { status, json } = await post(at, leased, paths.search, body)
      expect([status, json['error'], json['details']]).toEqual([400, 'E_INVALID_ARGUMENT', { pointer, rule }])
    }
    expect(asked()).toBe(0)
    expect((await stateOf(test, leased.leaseId)).calls).toEqual([])
  })

  it('refuses what is not JSON, not UTF-8 or nested without end', async () => {
    const { at, leased } = await searching()
    const bodies: [string | Uint8Array<ArrayBuffer>, string][] = [
      ['{"q": ', 'json'],
      ['', 'json'],
      [new Uint8Array([0x22, 0xff, 0x22]), 'json'],
      [`{"q":${'['.repeat(100_000)}${']'.repeat(100_000)}}`, 'depth'],
    ]
    for (const [body, rule] of bodies) {
      const response = await fetch(at.url + paths.search, {
        method: 'POST',
        headers: { authorization: `Bearer ${leased.token}`, 'content-type': 'application/json' },
        body,
      })
      const reply = await replyOf(at, leased, response)
      expect([reply.status, reply.json['details']]).toEqual([400, { pointer: '', rule }])
    }
  })

  it('is refused in another type, character set or encoding', async () => {
    const { at, leased } = await searching()
    const form = 'application/x-www-form-urlencoded'
    const types = ['text/plain', form, 'application/json; charset=latin1', 'application/jsonp']
    for (const headers of [
      ...types.map((type) => ({ 'content-type': type })),
      { 'content-encoding': 'gzip' },
    ]) {
      const reply = await post(at, leased, paths.search, q, { headers })
      expect([headers, reply.status, reply.json['error']]).toEqual([headers, 415, 'E_UNSUPPORTED_MEDIA'])
    }
  })

  it('refuses too large a body by its length, before it is sent', async () => {
    const { at, leased } = await searching({ policy: { maxBytes: 1_000 } })
    const { hostname, port } = new URL(at.url)
    const asked = httpRequest({
      hostname,
      port,
      path: paths.search,
      method: 'POST',
      headers: {
        authorization: `Bearer ${leased.token}`,
        'content-type': 'application/json',
        'content-length': 1_001,
      },
    })
    asked.flushHeaders()
    const [response] = (await once(asked, 'response')) as [IncomingMessage]
    expect(response.statusCode).toBe(413)
    asked.destroy()
  })

  it('lets a caller that sends on regardless read why it was refused', async () => {
    const { at, leased } = await searching({ policy: { maxBytes: 1_000 } })
    const { hostname, port } = new URL(at.url)
    const socket = connect(Number(port), hostname)
    const errors: unknown[] = []
    socket.on('error', (error) => errors.push(error))
    socket.write(
      `POST ${paths.search} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${leased.token}\r\n` +
        `content-type: application/json\r\ncontent-length: 5000000\r\n\r\n`,
    )
    socket.write(Buffer.alloc(5_000_000, ' '))
    let answer = ''
    for await (const part of socket) answer += String(part)
    expect(answer).toMatch(/^HTTP\/1\.1 413 [^]*"E_PAYLOAD_TOO_LARGE"/)
    expect(errors).toEqual([])
  })

  it('refuses too large a body that does not say its length, and reads no more of it than that', async () => {
    const { at, leased, asked } = await searching({ policy: { maxBytes: 1_000 } })
    let pulled = 0
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled += 65_536
        controller.enqueue(new Uint8Array(65_536))
      },
    })
    const response = await fetch(at.url + paths.search, {
      method: 'POST',
      headers: { authorization: `Bearer ${leased.token}`, 'content-type': 'application/json' },
      body,
      duplex: 'half',
    })
    const reply = await replyOf(at, leased, response)
    expect([reply.status, reply.json['error'], reply.json['details']]).toEqual([
      413,
      'E_PAYLOAD_TOO_LARGE',
      { maxBytes: 1_000 },
    ])
    expect(reply.headers['connection']).toBe('close')
    expect(pulled).toBeLessThan(64 * 1_048_576)
    expect(asked()).toBe(0)
  })

  it('takes a body of exactly the limit', async () => {
    const { at, leased } = await searching({ policy: { maxBytes: 1_000 } })
    const exact = JSON.stringify(q) + ' '.repeat(1_000 - JSON.stringify(q).length)
    expect((await post(at, leased, paths.search, exact)).status).toBe(200)
    expect((await post(at, leased, paths.search, `${exact} `)).status).toBe(413)
  })
})

describe('request ids', () => {
  it('are refused in any other form', async () => {
    const { at, leased, asked } = await searching()
    for (const id of [
      'short',
      'with space here',
      `x${'y'.repeat(128)}`,
      'sp%C3%A4te-anfrage',
      'twice-0001, twice-0001',
      'accrual:gb_day:1',
      leased.token,
      leased.token.slice(0, 20),
    ]) {
      const reply = await post(at, leased, paths.search, q, { id })
      expect([id, reply.status, reply.json['error']]).toEqual([id, 400, 'E_INVALID_ARGUMENT'])
      expect(reply.json['details']).toMatchObject({ pointer: '/headers/x-openclaw-request-id' })
      expect(reply.headers['x-openclaw-request-id']).toBeUndefined()
    }
    expect(asked()).toBe(0)
  })

  it('makes one where there is none, and echoes it on errors too', async () => {
    const { at, leased } = await searching()
    const ids = []
    for (const body of [q, q, {}])
      ids.push((await post(at, leased, paths.search, body)).headers['x-openclaw-request-id'])
    expect(new Set(ids).size).toBe(3)
    expect(ids.every((id) => /^req_[0-9a-f]{32}$/.test(id ?? ''))).toBe(true)
    expect(
      (await post(at, leased, paths.search, {}, { id: 'mine-0001' })).headers['x-openclaw-request-id'],
    ).toBe('mine-0001')
  })
})
