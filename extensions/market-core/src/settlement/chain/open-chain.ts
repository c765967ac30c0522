/**
 * Opens the chain that a market settles on. Before anything is believed: every RPC serves that chain, the escrow's code is the
 * one that we know, it says by itself where it stands (EIP-5267), and each token counts as our config says.
 */
import { createPublicClient, custom, decodeFunctionResult, encodeFunctionData, parseAbi } from 'viem'
import type { Abi, Hex, PublicClient } from 'viem'
import { marketEscrow } from '@openclaw-market/contracts/market-escrow'
import { MarketError } from '@openclaw-market/protocol/errors'
import type { ActorId } from '@openclaw-market/protocol/schema/scalars'
import { isCodeOf } from './code.ts'
import { openRpc } from './rpc.ts'
import { chainView, type ChainView } from './view.ts'

export interface Token {
  readonly symbol: string
  readonly decimals: number
  readonly address: ActorId
}

export interface ChainOptions {
  readonly chainId: number
  readonly rpcUrls: readonly string[]
  readonly escrow: ActorId
  readonly tokens: readonly Token[]
  /** For one answer; 10 s unless told. */
  readonly timeoutMs?: number
}

export interface Chain {
  readonly view: ChainView
  /** For what the view does not ask: the same endpoints, with the same caution. */
  readonly client: PublicClient
  readonly escrow: ActorId
  close(): void
}

const erc20 = parseAbi(['function decimals() view returns (uint8)'])
const eip5267 = parseAbi([
  'function eip712Domain() view returns (bytes1 fields, string name, string version, uint256 chainId, address verifyingContract, bytes32 salt, uint256[] extensions)',
])

/** @throws MarketError E_NOT_CONFIGURED when something is not what the config says, E_UNAVAILABLE when nobody answers. */
export async function openChain(options: ChainOptions): Promise<Chain> {
  const { chainId, rpcUrls, escrow, timeoutMs = 10_000 } = options
  if (rpcUrls.length === 0)
    throw notConfigured('rpcUrls', `chain ${chainId} has no RPC`, 'Name at least one RPC in rpcUrls.')
  await checkEach(options, timeoutMs)
  const rpc = openRpc({ chainId, rpcUrls, timeoutMs })
  const view = chainView(chainId, rpc)
  try {
    if ((await view.head()).baseFee === undefined)
      throw notConfigured(
        'chainId',
        `chain ${chainId} has no base fee (EIP-1559)`,
        'Settle on a chain that has EIP-1559 fees.',
      )
    await checkEscrow(view, escrow)
    for (const token of options.tokens) await checkToken(view, token)
  } catch (error) {
    rpc.close()
    throw error
  }
  const transport = custom({ request: (question) => rpc.request(question) }, { retryCount: 0 })
  const client = createPublicClient({ ccipRead: false, cacheTime: 0, transport })
  return { view, client, escrow, close: rpc.close }
}

/** One that cannot be reached may be back later, and is asked then; one of another chain is a mistake. */
async function checkEach({ chainId, rpcUrls }: ChainOptions, timeoutMs: number): Promise<void> {
  for (const [which, url] of rpcUrls.entries()) {
    const rpc = openRpc({ chainId, rpcUrls: [url], timeoutMs })
    try {
      await rpc.request({ method: 'eth_chainId' })
    } catch (error) {
      if (!(error instanceof MarketError) || error.code === 'E_UNAVAILABLE') continue
      throw new MarketError(error.code, error.message, {
        details: { ...error.details, which },
        hint: `Correct entry ${which} of rpcUrls, or chainId.`,
      })
    } finally {
      rpc.close()
    }
  }
}

async function checkEscrow(view: ChainView, escrow: ActorId): Promise<void> {
  const code = await view.code(escrow)
  if (code === '0x')
    throw notConfigured(
      'escrow',
      `there is no contract at ${escrow} on chain ${view.chainId}`,
      'Deploy the escrow on this chain, or correct its address.',
    )
  if (!isCodeOf(marketEscrow, code))
    throw notConfigured(
      'escrow',
      `the code at ${escrow} on chain ${view.chainId} is not the escrow that this version knows`,
      'Name the address of a MarketEscrow of this version. No money was moved.',
    )
  const domain = await read(view, escrow, eip5267, 'eip712Domain')
  const [, name, version, chainId, verifyingContract] = (domain ?? []) as unknown[]
  const where = typeof verifyingContract === 'string' ? verifyingContract.toLowerCase() : undefined
  const ours = name === 'OpenClaw Market Escrow' && version === '1'
  if (!ours || chainId !== BigInt(view.chainId) || where !== escrow.toLowerCase())
    throw notConfigured(
      'escrow',
      `the escrow at ${escrow} does not say that it stands there, on chain ${view.chainId}`,
      'Name the escrow itself, not a contract that answers through it.',
    )
}

async function checkToken(view: ChainView, { symbol, decimals, address }: Token): Promise<void> {
  const found = await read(view, address, erc20, 'decimals')
  if (found === decimals) return
  throw notConfigured(
    'tokens',
    found === undefined
      ? `there is no token at ${address} on chain ${view.chainId}, where ${symbol} should be`
      : `${symbol} at ${address} has ${Number(found)} decimals, not ${decimals}`,
    `Correct the address or the decimals of ${symbol}: every amount would be wrong.`,
  )
}

/** Undefined when it does not answer as such a contract does. */
async function read(view: ChainView, to: ActorId, abi: Abi, functionName: string): Promise<unknown> {
  const answer: Hex | undefined = await view.call(to, encodeFunctionData({ abi, functionName }), 'latest')
  if (answer === undefined) return undefined
  try {
    return decodeFunctionResult({ abi, functionName, data: answer })
  } catch {
    return undefined
  }
}

function notConfigured(config: string, message: string, hint: string): MarketError {
  return new MarketError('E_NOT_CONFIGURED', message, { details: { config }, hint })
}
