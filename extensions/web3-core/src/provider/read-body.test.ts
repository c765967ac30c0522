import { createServer, request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { isMarketError } from '@openclaw-market/protocol/errors'
import { describe, expect, it, onTestFinished } from 'vitest'
import { until } from './client-fixture.ts'
import { bodyReader, type BodyReader, type ReadBody } from './read-body.ts'

/** A server that reads each body and keeps it; what each reading came to, in order. */
async function reading(reader: BodyReader, maxBytes: number) {
  const outcomes: (string | number)[] = []
  const bodies: ReadBody[] = []
  const server = createServer((incoming: IncomingMessage, response) => {
    reader.read(incoming, maxBytes).then(
      (body) => {
        bodies.push(body)
        outcomes.push(body.bytes.byteLength)
        response.end()
      },
      (error: unknown) => {
        outcomes.push(isMarketError(error) ? error.code : String(error))
        response.destroy()
      },
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const send = (): ClientRequest => {
    const sent = httpRequest({ port, host: '127.0.0.1', method: 'POST' })
    sent.on('error', () => undefined)
    return sent
  }
  return { outcomes, bodies, send }
}

describe('a body', () => {
  it('counts towards what the process holds until it is released', async () => {
    const { outcomes, bodies, send } = await reading(bodyReader({ inMemory: 1_000, idleMs: 5_000 }), 800)
    const post = async (count: number): Promise<void> => {
      send().end(Buffer.alloc(400))
      await until(() => expect(outcomes).toHaveLength(count))
    }
    await post(1)
    await post(2)
    await post(3)
    bodies[0]?.release()
    bodies[0]?.release()
    await post(4)
    await post(5)
    expect(outcomes).toEqual([400, 400, 'E_UNAVAILABLE', 400, 'E_UNAVAILABLE'])
  })

  it('must keep coming', async () => {
    const { outcomes, send } = await reading(bodyReader({ inMemory: 1_000, idleMs: 50 }), 800)
    send().write('the beginning')
    await until(() => expect(outcomes).toEqual(['E_TIMEOUT']))
  })

  it('must be whole in time, however steadily a byte comes now and then', async () => {
    const bounds = { inMemory: 1_000, idleMs: 5_000, wholeMs: 200 }
    const { outcomes, send } = await reading(bodyReader(bounds), 800)
    const slow = send()
    const drip = setInterval(() => slow.write('.'), 20)
    onTestFinished(() => clearInterval(drip))
    await until(() => expect(outcomes).toEqual(['E_TIMEOUT']))
  })

  it('must come whole', async () => {
    const { outcomes, send } = await reading(bodyReader({ inMemory: 1_000, idleMs: 60_000 }), 800)
    const broken = send()
    broken.setHeader('content-length', 100)
    await new Promise<void>((resolve) => broken.write('half', () => resolve()))
    broken.destroy()
    await until(() => expect(outcomes).toEqual(['E_INVALID_ARGUMENT']))
  })
})
