/**
 * One voice for several RPC endpoints of one chain. An endpoint is believed only once it has said that it serves that chain,
 * and is asked so again whenever it has been away. What none of them answered is E_UNAVAILABLE; what one refused is its answer.
 */
import { BaseError, http, RpcRequestError } from 'viem'
import { MarketError } from '@openclaw-market/protocol/errors'

export interface RpcOptions {
  readonly chainId: number
  /** Secrets: many carry an API key. Asked in this order. */
  readonly rpcUrls: readonly string[]
  /** For one answer, to its last byte. */
  readonly timeoutMs: number
}

export interface Question {
  readonly method: string
  readonly params?: readonly unknown[]
}

export interface Rpc {
  request(question: Question): Promise<unknown>
  /** Gives up what is being asked; later questions are refused. */
  close(): void
}

const largestAnswer = 16 * 1024 * 1024

export function openRpc({ chainId, rpcUrls, timeoutMs }: RpcOptions): Rpc {
  const over = new AbortController()
  const endpoints = rpcUrls.map((url) => {
    // No redirects: whoever answers for the endpoint could send us anywhere. No retries: viem would wait as long as it is told.
    const transport = http(url, {
      fetchOptions: { redirect: 'error' },
      maxResponseBodySize: largestAnswer,
      timeout: timeoutMs,
    })({ retryCount: 0 })
    return { request: transport.request, checked: false }
  })
  type Endpoint = (typeof endpoints)[number]

  async function ask(endpoint: Endpoint, question: Question): Promise<unknown> {
    const signal = AbortSignal.any([over.signal, AbortSignal.timeout(timeoutMs)])
    try {
      if (!endpoint.checked) {
        const served = await endpoint.request({ method: 'eth_chainId' }, { signal })
        if (Number(served) !== chainId) throw otherChain(chainId, endpoints.indexOf(endpoint))
        endpoint.checked = true
      }
      return await endpoint.request(question, { signal })
    } catch (error) {
      if (refusalOf(error) === undefined) endpoint.checked = false
      throw error
    }
  }

  return {
    async request(question) {
      if (over.signal.aborted) throw unreachable(chainId)
      let wrong: unknown
      for (const endpoint of endpoints) {
        try {
          return await ask(endpoint, question)
        } catch (error) {
          if (refusalOf(error) !== undefined) throw error
          if (error instanceof MarketError) wrong = error
        }
      }
      throw wrong ?? unreachable(chainId)
    },
    close: () => over.abort(),
  }
}

/** What a node has said instead of a result. Its words go nowhere: they may be anything. */
export interface Refusal {
  readonly reverted: boolean
  readonly data: `0x${string}`
}

/** JSON-RPC errors (EIP-1474) by which a node says that it did not try, and another may. */
const notTried = new Set([
  429, -32001, -32002, -32004, -32005, -32006, -32007, -32600, -32601, -32603, -32700,
])

/** Undefined when nothing was answered. */
export function refusalOf(error: unknown): Refusal | undefined {
  if (!(error instanceof BaseError)) return undefined
  const answer = error.walk((cause) => cause instanceof RpcRequestError)
  if (!(answer instanceof RpcRequestError)) return undefined
  const data = revertData(answer.data)
  if (notTried.has(answer.code) && data === undefined) return undefined
  return {
    reverted: answer.code === 3 || data !== undefined || /revert/i.test(answer.details),
    data: data ?? '0x',
  }
}

/** Nodes put what the contract said into `data`, or into a field of it. */
function revertData(data: unknown): `0x${string}` | undefined {
  const found = typeof data === 'object' && data !== null && 'data' in data ? data.data : data
  return typeof found === 'string' && /^0x([0-9a-fA-F]{2})*$/.test(found)
    ? (found as `0x${string}`)
    : undefined
}

export function unreachable(chainId: number, cause?: unknown): MarketError {
  return new MarketError('E_UNAVAILABLE', `no RPC of chain ${chainId} has answered`, {
    details: { chainId },
    hint: 'Nothing is lost: it is asked again by itself. Look at the RPCs of this chain if it lasts.',
    cause,
  })
}

function otherChain(chainId: number, which: number): MarketError {
  return new MarketError('E_NOT_CONFIGURED', `an RPC configured for chain ${chainId} serves another chain`, {
    details: { config: 'rpcUrls', which, chainId },
    hint: `Correct entry ${which} of rpcUrls, or chainId.`,
  })
}
