/**
 * Did this address sign this? A plain key is checked here, without any chain; a contract wallet is asked on the chain
 * that the signature names, by EIP-1271 when it is deployed and by EIP-6492 when the signature says how it would be.
 *
 * One form: for plain keys only 65 bytes, v 27 or 28 and the lower s (EIP-2), as OpenZeppelin's ECDSA takes them. ECDSA
 * has a second signature for every message. Nothing here may take a signature for an identity, but what we accept must
 * not surprise a contract or a peer that is strict.
 *
 * A contract wallet exists by chain: at the same address of another chain may stand someone else's. Whoever configures
 * several chains trusts that their wallets agree.
 */
import {
  encodeDeployData,
  encodeFunctionData,
  erc6492SignatureValidatorAbi,
  erc6492SignatureValidatorByteCode,
  parseAbi,
} from 'viem'
import type { PublicClient, TypedDataDefinition } from 'viem'
import { hashMessage, hashTypedData, recoverAddress } from 'viem/utils'
import type { ActorId } from '@openclaw-market/protocol/schema/scalars'
import { askChain } from './chain-clients.ts'
import type { ChainClients } from './chain-clients.ts'

type Hex = `0x${string}`

export type SignatureToVerify = {
  readonly address: ActorId
  /** As it came: anything that is no signature is false. */
  readonly signature: string
  /** Where a contract wallet is asked. */
  readonly chainId: number
  readonly clients: ChainClients
} & ({ readonly typedData: TypedDataDefinition } | { readonly message: string })

/** Passkey and multi-owner wallets need hundreds of bytes, EIP-6492 with its init code a few thousand. */
export const maxSignatureBytes = 4_096

/** Half the order of secp256k1, the largest s that EIP-2 allows. */
const halfOrder = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n

/** What every EIP-6492 signature ends with. */
const wrappedEnd = '6492'.repeat(16)

const eip1271 = parseAbi(['function isValidSignature(bytes32 hash, bytes signature) view returns (bytes4)'])
const eip1271Magic = `0x1626ba7e${'0'.repeat(56)}`

/**
 * @returns false for a wrong signature, and for a contract wallet's when its chain has no configured RPC.
 * @throws MarketError E_UNAVAILABLE when the chain could not be asked, E_NOT_CONFIGURED when its RPC serves another one.
 */
export async function verifySignature(parameters: SignatureToVerify): Promise<boolean> {
  const signature = parseSignature(parameters.signature)
  if (signature === undefined) return false
  const hash = 'message' in parameters ? hashMessage(parameters.message) : hashTypedData(parameters.typedData)
  if (await isFromKey(parameters.address, hash, signature)) return true
  const client = parameters.clients.get(parameters.chainId)
  return client !== undefined && isFromContract(client, parameters, hash, signature)
}

function parseSignature(text: string): Hex | undefined {
  if (text.length > 2 + 2 * maxSignatureBytes || !/^0x([0-9a-fA-F]{2})+$/.test(text)) return undefined
  return `0x${text.slice(2).toLowerCase()}`
}

async function isFromKey(address: ActorId, hash: Hex, signature: Hex): Promise<boolean> {
  if (signature.length !== 2 + 2 * 65) return false
  const v = signature.slice(-2)
  if (v !== '1b' && v !== '1c') return false
  if (BigInt(`0x${signature.slice(66, 130)}`) > halfOrder) return false
  try {
    return (await recoverAddress({ hash, signature })) === address
  } catch {
    return false // r or s is no scalar of the curve
  }
}

/**
 * Asks for code first: the universal validator would fall back to ecrecover where there is none, and take every form
 * of a plain key's signature that was refused above.
 */
async function isFromContract(
  client: PublicClient,
  { address, chainId }: { readonly address: ActorId; readonly chainId: number },
  hash: Hex,
  signature: Hex,
): Promise<boolean> {
  if (signature.endsWith(wrappedEnd)) {
    const data = encodeDeployData({
      abi: erc6492SignatureValidatorAbi,
      bytecode: erc6492SignatureValidatorByteCode,
      args: [address, hash, signature],
    })
    return (await askChain(client, chainId, { method: 'eth_call', params: [{ data }, 'latest'] })) === '0x01'
  }
  const code = await askChain(client, chainId, { method: 'eth_getCode', params: [address, 'latest'] })
  if (code === undefined || code === '0x') return false
  const data = encodeFunctionData({ abi: eip1271, functionName: 'isValidSignature', args: [hash, signature] })
  return (
    (await askChain(client, chainId, { method: 'eth_call', params: [{ to: address, data }, 'latest'] })) ===
    eip1271Magic
  )
}
