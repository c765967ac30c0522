import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { signal, until } from './client-fixture.ts'
import { startListener, type Listener } from './listener.ts'

type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<boolean>

const answering: Handler = async (_request, response) => {
  response.end('ours')
  return true
}

async function listening(handler: Handler = answering, maxConnections?: number): Promise<Listener> {
  const listener = await startListener({
    port: 0,
    handler,
    ...(maxConnections === undefined ? {} : { maxConnections }),
  })
  onTestFinished(() => listener.close(0))
  return listener
}

/** What comes back for bytes that no client would send. */
async function raw(listener: Listener, text: string): Promise<string> {
  const { hostname, port } = new URL(listener.url)
  const socket = connect(Number(port), hostname)
  socket.on('error', () => undefined)
  socket.write(text)
  let answer = ''
  for await (const part of socket) answer += String(part)
  return answer
}

describe('the listener', () => {
  it('is on this machine alone unless told, and serves /web3/* and nothing else', async () => {
    const asked: string[] = []
    const listener = await listening(async (request, response) => {
      asked.push(request.url ?? '')
      if (request.url !== '/web3/ours') return false
      response.end('ours')
      return true
    })
    expect(listener.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    expect(await (await fetch(`${listener.url}/web3/ours`)).text()).toBe('ours')
    for (const path of ['/', '/web3', '/web3/theirs', '/health', '/web3x/ours', '//web3/ours']) {
      const response = await fetch(listener.url + path, { method: 'POST', body: 'x' })
      expect([path, response.status, await response.json()]).toEqual([
        path,
        404,
        { ok: false, error: 'E_NOT_FOUND', message: 'there is nothing at this path' },
      ])
    }
    expect(asked, 'what the handler is asked').toEqual(['/web3/ours', '/web3/theirs'])
  })

  it('listens on IPv6 too', async () => {
    const listener = await startListener({ host: '::1', port: 0, handler: answering })
    onTestFinished(() => listener.close(0))
    expect(await (await fetch(`${listener.url}/web3/`)).text()).toBe('ours')
  })

  it('says when it cannot', async () => {
    const { url } = await listening()
    await expect(startListener({ port: Number(new URL(url).port), handler: answering })).rejects.toThrow(
      /EADDRINUSE/,
    )
  })

  it('refuses what is not HTTP and heads that are too large', async () => {
    const listener = await listening()
    expect(await raw(listener, 'nonsense\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 [^]*"E_INVALID_ARGUMENT"/)
    const large = `GET /web3/ HTTP/1.1\r\nhost: x\r\nx-large: ${'x'.repeat(20_000)}\r\n\r\n`
    expect(await raw(listener, large)).toMatch(/^HTTP\/1\.1 431 /)
    // Two lengths: what smuggles one request behind another.
    const smuggled =
      'POST /web3/ HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n'
    expect(await raw(listener, smuggled)).toMatch(/^HTTP\/1\.1 400 /)
  })

  it('has a bound of connections', { timeout: 20_000 }, async () => {
    const go = signal()
    const arrived: string[] = []
    const listener = await listening(async (request, response) => {
      arrived.push(request.url ?? '')
      await go.given
      response.end('ours')
      return true
    }, 2)
    const running = [1, 2].map((i) => fetch(`${listener.url}/web3/${i}`))
    await until(() => expect(arrived).toHaveLength(2))
    expect(await raw(listener, 'GET /web3/3 HTTP/1.1\r\nhost: x\r\n\r\n')).toBe('')
    go.give()
    for (const response of running) expect(await (await response).text()).toBe('ours')
    expect(arrived).toHaveLength(2)
  })

  it('lets running requests end when it closes, and takes no other', async () => {
    const go = signal()
    const arrived = signal()
    const listener = await listening(async (_request, response) => {
      response.write('first ')
      arrived.give()
      await go.given
      response.end('last')
      return true
    })
    const running = fetch(`${listener.url}/web3/`)
    await arrived.given
    const closing = listener.close()
    await expect(fetch(`${listener.url}/web3/`)).rejects.toThrow()
    go.give()
    expect(await (await running).text()).toBe('first last')
    await closing
    await listener.close()
  })

  it('does not wait for them for ever', async () => {
    const arrived = signal()
    const gone = signal()
    const listener = await listening(async (_request, response) => {
      response.on('close', gone.give)
      response.write('first ')
      arrived.give()
      return true
    })
    const running = fetch(`${listener.url}/web3/`)
    await arrived.given
    const text = (await running).text().catch(() => 'cut')
    await listener.close(50)
    await gone.given
    expect(await text).toBe('cut')
  })

  it('survives a handler that fails', async () => {
    const listener = await listening(async (request) => {
      throw new Error(`SECRET ${request.url}`)
    })
    await expect(fetch(`${listener.url}/web3/`)).rejects.toThrow()
    await expect(
      once(connect(Number(new URL(listener.url).port), '127.0.0.1'), 'connect'),
    ).resolves.toBeDefined()
  })
})
