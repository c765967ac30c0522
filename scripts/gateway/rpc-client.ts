import { randomUUID } from 'node:crypto'
import { WebSocket, type RawData } from 'ws'
import { isRecord, parseJson, stringAt, type JsonRecord } from './json-value.ts'

/**
 * One persistent connection to a gateway's WebSocket RPC (protocol 3-4, docs/gateway/protocol.md of the host).
 * It authenticates with the gateway's token as a loopback backend client, which needs no device pairing.
 */

export type OperatorScope =
  | 'operator.read'
  | 'operator.write'
  | 'operator.admin'
  | 'operator.approvals'
  | 'operator.pairing'

export type RpcError = {
  code: string
  message: string
  details?: unknown
  retryable?: boolean
  retryAfterMs?: number
}

/** What the gateway answered. A broken connection or a timeout is not an answer: it throws {@link RpcTransportError}. */
export type RpcAnswer = { ok: true; payload: unknown } | { ok: false; error: RpcError }

export type RpcEvent = { event: string; payload: unknown }

export type RpcCallOptions = {
  /** Milliseconds to wait for the answer; default 30 000. */
  timeoutMs?: number
  /**
   * Some host methods (`agent`) answer twice with the same id, first `{ status: 'accepted' }`. True waits for the
   * second answer.
   */
  final?: boolean
}

export type RpcConnection = {
  call(method: string, params?: unknown, options?: RpcCallOptions): Promise<RpcAnswer>
  /** Calls `listener` for each event of that name (`'*'` for all); returns the function that stops it. */
  on(event: string, listener: (event: RpcEvent) => void): () => void
  /** The scopes that the gateway granted, which may be fewer than asked for. */
  grantedScopes: readonly string[]
  isOpen(): boolean
  close(): Promise<void>
}

export type ConnectRpcOptions = {
  /** `http://127.0.0.1:PORT` or `ws://127.0.0.1:PORT`. */
  url: string
  token: string
  scopes: readonly OperatorScope[]
  /** Milliseconds until the connection must be usable; default 15 000. */
  timeoutMs?: number
}

/** The connection failed before an answer came: whether the call took effect is unknown, unless `kind` is 'connect'. */
export class RpcTransportError extends Error {
  override readonly name = 'RpcTransportError'
  readonly kind: 'connect' | 'closed' | 'timeout'
  constructor(kind: 'connect' | 'closed' | 'timeout', message: string) {
    super(message)
    this.kind = kind
  }
}

const DEFAULT_CALL_TIMEOUT_MS = 30_000
const DEFAULT_CONNECT_TIMEOUT_MS = 15_000
const CLOSE_TIMEOUT_MS = 2_000
const CONNECT_ID = 'connect'
/** The gateway's own limit for a frame is below this. */
const MAX_FRAME_BYTES = 64 * 1024 * 1024

type Pending = { settle: (answer: RpcAnswer) => void; fail: (error: Error) => void; final: boolean }

/** Resolves when the gateway has accepted the token; rejects with {@link RpcTransportError} (`connect`) otherwise. */
export const connectRpc = async (options: ConnectRpcOptions): Promise<RpcConnection> => {
  const socket = new WebSocket(options.url.replace(/^http/, 'ws'), { maxPayload: MAX_FRAME_BYTES })
  const pending = new Map<string, Pending>()
  const listeners = new Map<string, Set<(event: RpcEvent) => void>>()
  const hello = Promise.withResolvers<JsonRecord>()
  const closed = Promise.withResolvers<void>()
  // Both promises may settle while nobody waits for them.
  hello.promise.catch(() => undefined)

  const sendFrame = (frame: JsonRecord): void => {
    socket.send(JSON.stringify(frame))
  }

  const onChallenge = (): void => {
    sendFrame({
      type: 'req',
      id: CONNECT_ID,
      method: 'connect',
      params: {
        minProtocol: 3,
        maxProtocol: 4,
        role: 'operator',
        scopes: options.scopes,
        client: { id: 'gateway-client', version: '1', platform: process.platform, mode: 'backend' },
        // Prompts go to clients that say that they show them.
        caps: options.scopes.includes('operator.approvals') ? ['approvals'] : [],
        auth: { token: options.token },
      },
    })
  }

  const onAnswer = (frame: JsonRecord): void => {
    const id = stringAt(frame, 'id') ?? ''
    const answer = readAnswer(frame)
    if (id === CONNECT_ID) {
      if (answer.ok) hello.resolve(isRecord(answer.payload) ? answer.payload : {})
      else hello.reject(new RpcTransportError('connect', `${answer.error.code}: ${answer.error.message}`))
      return
    }
    const waiting = pending.get(id)
    if (waiting === undefined) return
    if (waiting.final && answer.ok && stringAt(answer.payload, 'status') === 'accepted') return
    pending.delete(id)
    waiting.settle(answer)
  }

  const emit = (event: RpcEvent): void => {
    for (const name of [event.event, '*']) for (const listener of listeners.get(name) ?? []) listener(event)
  }

  socket.on('message', (data) => {
    const frame = parseJson(textOf(data))
    if (!isRecord(frame)) return
    if (frame['type'] === 'res') return onAnswer(frame)
    if (frame['type'] !== 'event') return
    const event = stringAt(frame, 'event') ?? ''
    if (event === 'connect.challenge') onChallenge()
    else emit({ event, payload: frame['payload'] })
  })
  socket.on('error', (error) => {
    hello.reject(new RpcTransportError('connect', error.message))
  })
  socket.on('close', (code, reason) => {
    const text = `connection closed (${code} ${reason.toString()})`
    hello.reject(new RpcTransportError('connect', text))
    for (const waiting of pending.values()) waiting.fail(new RpcTransportError('closed', text))
    pending.clear()
    closed.resolve()
  })

  const timeoutMs = options.timeoutMs ?? DEFAULT_CONNECT_TIMEOUT_MS
  const deadline = setTimeout(() => {
    hello.reject(new RpcTransportError('connect', `no answer within ${timeoutMs} ms`))
  }, timeoutMs)
  try {
    const granted = await hello.promise
    return {
      call: (method, params = {}, callOptions = {}) =>
        new Promise<RpcAnswer>((resolve, reject) => {
          const id = randomUUID()
          const limit = callOptions.timeoutMs ?? DEFAULT_CALL_TIMEOUT_MS
          if (socket.readyState !== WebSocket.OPEN) {
            reject(new RpcTransportError('connect', `${method}: the connection is closed`))
            return
          }
          const timer = setTimeout(() => {
            pending.delete(id)
            reject(new RpcTransportError('timeout', `${method}: no answer within ${limit} ms`))
          }, limit)
          pending.set(id, {
            final: callOptions.final ?? false,
            settle: (answer) => {
              clearTimeout(timer)
              resolve(answer)
            },
            fail: (error) => {
              clearTimeout(timer)
              reject(error)
            },
          })
          sendFrame({ type: 'req', id, method, params })
        }),
      on: (event, listener) => {
        const set = listeners.get(event) ?? new Set()
        listeners.set(event, set.add(listener))
        return () => void set.delete(listener)
      },
      grantedScopes: scopesOf(granted),
      isOpen: () => socket.readyState === WebSocket.OPEN,
      close: async () => {
        socket.close()
        const giveUp = setTimeout(() => socket.terminate(), CLOSE_TIMEOUT_MS)
        await closed.promise
        clearTimeout(giveUp)
      },
    }
  } catch (error) {
    socket.terminate()
    throw error
  } finally {
    clearTimeout(deadline)
  }
}

const textOf = (data: RawData): string => {
  if (Array.isArray(data)) return Buffer.concat(data).toString('utf8')
  return (data instanceof ArrayBuffer ? Buffer.from(data) : data).toString('utf8')
}

const readAnswer = (frame: JsonRecord): RpcAnswer => {
  if (frame['ok'] === true) return { ok: true, payload: frame['payload'] }
  const error = isRecord(frame['error']) ? frame['error'] : {}
  return {
    ok: false,
    error: {
      code: stringAt(error, 'code') ?? 'UNKNOWN',
      message: stringAt(error, 'message') ?? '',
      ...('details' in error ? { details: error['details'] } : {}),
      ...(typeof error['retryable'] === 'boolean' ? { retryable: error['retryable'] } : {}),
      ...(typeof error['retryAfterMs'] === 'number' ? { retryAfterMs: error['retryAfterMs'] } : {}),
    },
  }
}

const scopesOf = (hello: JsonRecord): readonly string[] => {
  const scopes = isRecord(hello['auth']) ? hello['auth']['scopes'] : undefined
  return Array.isArray(scopes) ? scopes.filter((scope) => typeof scope === 'string') : []
}
