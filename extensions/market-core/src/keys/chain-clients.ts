/** The chains on which contract wallets are asked for their signatures: one viem client for each configured RPC. */
import { BaseError, createPublicClient, http, RpcRequestError } from 'viem'
import type { PublicClient } from 'viem'
import { MarketError } from '@openclaw-market/protocol/errors'

export interface ChainConfig {
  readonly chainId: number
  /** A secret: many carry an API key. */
  readonly rpcUrl: string
}

export type ChainClients = ReadonlyMap<number, PublicClient>

type Question =
  | {
      readonly method: 'eth_call'
      readonly params: [{ readonly to?: `0x${string}`; readonly data: `0x${string}` }, 'latest']
    }
  | { readonly method: 'eth_getCode'; readonly params: [`0x${string}`, 'latest'] }

/**
 * Opens no connection yet. CCIP-Read (EIP-3668) is off: by it a contract, which anyone may deploy, names a URL that
 * the client then fetches from inside this host's network. No retries: viem would wait as long as a Retry-After says.
 */
export function chainClients(chains: readonly ChainConfig[]): ChainClients {
  return new Map(
    chains.map(({ chainId, rpcUrl }) => [
      chainId,
      createPublicClient({ ccipRead: false, transport: http(rpcUrl, { timeout: 5_000, retryCount: 0 }) }),
    ]),
  )
}

/**
 * The node's answer; undefined when the execution failed (a revert, no gas, no such function).
 *
 * Sent as a bare request: viem's `call` batches, follows CCIP-Read when its client does, and reports a dead RPC like a
 * revert, which would turn an outage into "wrong signature".
 * @throws MarketError E_UNAVAILABLE, E_NOT_CONFIGURED; never with the RPC's address or its words.
 */
export async function askChain(
  client: PublicClient,
  chainId: number,
  question: Question,
): Promise<string | undefined> {
  await checkChain(client, chainId)
  try {
    return await client.request(question)
  } catch (error) {
    if (isAnswer(error)) return undefined
    throw unavailable(chainId)
  }
}

const checked = new WeakMap<PublicClient, number>()

/** An RPC of another chain would let that chain's contracts speak for this one's. Asked once a client. */
async function checkChain(client: PublicClient, chainId: number): Promise<void> {
  let actual = checked.get(client)
  if (actual === undefined) {
    try {
      actual = Number(await client.request({ method: 'eth_chainId' }))
    } catch {
      throw unavailable(chainId)
    }
    checked.set(client, actual)
  }
  if (actual !== chainId) {
    throw new MarketError(
      'E_NOT_CONFIGURED',
      `the RPC configured for chain ${chainId} serves another chain`,
      {
        details: { config: 'chains', chainId },
        hint: `Correct the rpcUrl of chain ${chainId} in chains.`,
      },
    )
  }
}

/** JSON-RPC errors (EIP-1474) by which a node says that it did not try. All others are its verdict on the execution. */
const notTried = new Set([429, -32001, -32002, -32004, -32005, -32006, -32600, -32601, -32700])

/** A transport that failed has no RpcRequestError in it. */
function isAnswer(error: unknown): boolean {
  if (!(error instanceof BaseError)) return false
  const answer = error.walk((cause) => cause instanceof RpcRequestError)
  return answer instanceof RpcRequestError && !notTried.has(answer.code)
}

function unavailable(chainId: number): MarketError {
  return new MarketError('E_UNAVAILABLE', `chain ${chainId} could not be asked about the signature`, {
    details: { chainId },
    hint: 'Send the same request again in a moment.',
  })
}
