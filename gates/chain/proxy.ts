/**
 * An RPC that cannot be trusted, in front of one that can. It dies before, during and after a send, answers late, twice, or with
 * an error for what it took, forgets what is pending, does not see what is mined, and calls a revert a success. It has a
 * budget: in the end it behaves, so that every run comes to its end.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Dice } from '../run.ts'

export const sendFaults = ['before', 'during', 'after', 'late', 'twice', 'error', 'forget'] as const
export const otherFaults = ['silent', 'lie', 'unseen'] as const
export type Fault = (typeof sendFaults)[number] | (typeof otherFaults)[number]

/** When the sending process is killed: by the proxy when its send has come, or was passed on; or by itself. */
export type KillAt = 'send-before' | 'send-after' | 'sign' | 'write-before' | 'write-after'

export interface HostileRpc {
  readonly rpcUrl: string
  readonly faults: Map<Fault, number>
  /** Kills by itself at the n-th send from now. */
  killAt(what: 'send-before' | 'send-after', n: number, kill: () => void): void
  stop(): Promise<void>
}

interface Asked {
  readonly id: unknown
  readonly method: string
  readonly params: readonly unknown[]
}

type Answer = { result?: unknown; error?: unknown }

/** Longer than the process that asks waits for an answer. */
const lateMs = 700

export async function hostileRpc(upstream: string, dice: Dice, budget: number): Promise<HostileRpc> {
  const faults = new Map<Fault, number>()
  let left = budget
  let kill: { at: string; n: number; act: () => void } | undefined

  const draw = <F extends Fault>(from: readonly F[], oneIn: number): F | undefined => {
    if (left <= 0 || !dice.oneIn(oneIn)) return undefined
    left--
    const fault = dice.one(from)
    faults.set(fault, (faults.get(fault) ?? 0) + 1)
    return fault
  }
  const pass = async (method: string, params: readonly unknown[], id: unknown = 1): Promise<Answer> => {
    const response = await fetch(upstream, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id, method, params }),
    })
    return (await response.json()) as Answer
  }

  async function send({ id, params }: Asked, response: ServerResponse): Promise<void> {
    if (kill !== undefined && --kill.n < 0) {
      const { at, act } = kill
      kill = undefined
      if (at === 'send-after') await pass('eth_sendRawTransaction', params)
      act()
      response.destroy()
      return
    }
    const fault = draw(sendFaults, 2)
    if (fault === 'before') return void response.destroy()
    const answer = await pass('eth_sendRawTransaction', params)
    switch (fault) {
      case 'during':
        response.writeHead(200, { 'content-type': 'application/json' })
        response.write('{"jsonrpc":"2.0","id":')
        return void response.destroy()
      case 'after':
        return void response.destroy()
      case 'late':
        await new Promise((done) => setTimeout(done, lateMs))
        return reply(response, id, answer)
      case 'twice':
        return reply(response, id, await pass('eth_sendRawTransaction', params))
      case 'error':
        return reply(response, id, { error: { code: -32_000, message: 'transaction rejected' } })
      case 'forget':
        if (typeof answer.result === 'string') await pass('anvil_dropTransaction', [answer.result])
        return reply(response, id, answer)
      case undefined:
        return reply(response, id, answer)
    }
  }

  async function receipt({ id, method, params }: Asked, response: ServerResponse): Promise<void> {
    const answer = await pass(method, params)
    const found = answer.result as { status?: unknown } | null
    if (found === null) return reply(response, id, answer)
    if (found.status === '0x0' && draw(['lie'], 2) !== undefined)
      return reply(response, id, { result: { ...found, status: '0x1' } })
    if (draw(['unseen'], 8) !== undefined) return reply(response, id, { result: null })
    return reply(response, id, answer)
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const asked = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Asked
    if (asked.method === 'eth_sendRawTransaction') return await send(asked, response)
    if (draw(['silent'], 40) !== undefined) return void response.destroy()
    if (asked.method === 'eth_getTransactionReceipt') return await receipt(asked, response)
    reply(response, asked.id, await pass(asked.method, asked.params, asked.id))
  }

  const server = createServer((request, response) => {
    // Whoever asks may be killed in the middle of it.
    handle(request, response).catch(() => response.destroy())
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  return {
    rpcUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    faults,
    killAt: (at, n, act) => void (kill = { at, n, act }),
    stop: () =>
      new Promise((stopped) => {
        server.close(() => stopped())
        server.closeAllConnections()
      }),
  }
}

function reply(response: ServerResponse, id: unknown, { result, error }: Answer): void {
  if (response.destroyed) return
  response.writeHead(200, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ jsonrpc: '2.0', id, ...(error === undefined ? { result } : { error }) }))
}
