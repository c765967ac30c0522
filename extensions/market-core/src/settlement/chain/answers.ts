/** What a node answers, read: anything that is not of its shape is no answer at all. */
import { isHash, isHex } from 'viem'
import type { Hex } from 'viem'

export interface Block {
  readonly number: number
  readonly hash: Hex
  /** Absent on a chain without EIP-1559. */
  readonly baseFee: bigint | undefined
  readonly transactions: readonly unknown[]
}

export interface Receipt {
  readonly blockNumber: number
  readonly blockHash: Hex
  readonly succeeded: boolean
  readonly gasUsed: bigint
  readonly gasPrice: bigint
  readonly logs: readonly { readonly address: Hex; readonly topics: readonly Hex[] }[]
}

export interface Sent {
  readonly hash: Hex
  readonly from: Hex
  readonly nonce: number
}

/** Thrown by a reader; whoever asked takes it for silence. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer'
}

type Fields = Readonly<Record<string, unknown>>

function fields(value: unknown): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new NoAnswer('no object')
  return value as Fields
}

export function readBytes(value: unknown): Hex {
  if (!isHex(value) || value.length % 2 !== 0) throw new NoAnswer('no bytes')
  return value
}

export function readQuantity(value: unknown): bigint {
  if (typeof value !== 'string' || !/^0x[0-9a-fA-F]{1,64}$/.test(value)) throw new NoAnswer('no quantity')
  return BigInt(value)
}

export function readCount(value: unknown): number {
  const count = Number(readQuantity(value))
  if (!Number.isSafeInteger(count)) throw new NoAnswer('no count')
  return count
}

function readHash(value: unknown): Hex {
  if (typeof value !== 'string' || !isHash(value)) throw new NoAnswer('no hash')
  return value.toLowerCase() as Hex
}

function readAddress(value: unknown): Hex {
  if (typeof value !== 'string' || !/^0x[0-9a-fA-F]{40}$/.test(value)) throw new NoAnswer('no address')
  return value as Hex
}

export function readBlock(value: unknown): Block {
  const { number, hash, baseFeePerGas, transactions } = fields(value)
  return {
    number: readCount(number),
    hash: readHash(hash),
    baseFee: baseFeePerGas === undefined || baseFeePerGas === null ? undefined : readQuantity(baseFeePerGas),
    transactions: Array.isArray(transactions) ? transactions : [],
  }
}

/** Only that of the transaction that was asked for. */
export function readReceipt(value: unknown, of: Hex): Receipt {
  const receipt = fields(value)
  const status = readCount(receipt['status'])
  if (readHash(receipt['transactionHash']) !== of || status > 1)
    throw new NoAnswer('not the receipt asked for')
  if (!Array.isArray(receipt['logs'])) throw new NoAnswer('no logs')
  return {
    blockNumber: readCount(receipt['blockNumber']),
    blockHash: readHash(receipt['blockHash']),
    succeeded: status === 1,
    gasUsed: readQuantity(receipt['gasUsed']),
    gasPrice: readQuantity(receipt['effectiveGasPrice']),
    logs: receipt['logs'].map((each: unknown) => {
      const { address, topics } = fields(each)
      if (!Array.isArray(topics)) throw new NoAnswer('no topics')
      return { address: readAddress(address), topics: topics.map(readHash) }
    }),
  }
}

export function readSent(value: unknown): Sent {
  const { hash, from, nonce } = fields(value)
  return { hash: readHash(hash), from: readAddress(from), nonce: readCount(nonce) }
}
