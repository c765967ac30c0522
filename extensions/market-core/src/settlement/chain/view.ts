/** What the outbox asks of a chain. Every answer is read before it is believed. */
import { numberToHex } from 'viem'
import type { Hex } from 'viem'
import type { Effect } from '@openclaw-market/protocol/entities/chain'
import type { ActorId } from '@openclaw-market/protocol/schema/scalars'
import {
  NoAnswer,
  readBlock,
  readBytes,
  readCount,
  readQuantity,
  readReceipt,
  readSent,
  type Block,
  type Receipt,
  type Sent,
} from './answers.ts'
import { refusalOf, unreachable, type Question, type Rpc } from './rpc.ts'

export type Tag = number | 'latest'

/** What every transaction costs. */
const leastGas = 21_000n

export interface Wanted {
  readonly from: ActorId
  readonly to: ActorId
  readonly data: Hex
  readonly value: bigint
}

export type Trial = { readonly gas: bigint } | { readonly reverted: Hex }

export interface ChainView {
  readonly chainId: number
  head(): Promise<Block>
  block(number: number): Promise<Block | undefined>
  /** The transactions of a block. */
  sentIn(number: number): Promise<readonly Sent[]>
  receipt(hash: Hex): Promise<Receipt | undefined>
  /** How many transactions of this account were mined by then. */
  count(of: ActorId, at: Tag): Promise<number>
  balance(of: ActorId): Promise<bigint>
  code(of: ActorId): Promise<Hex>
  /** What a contract answers; undefined when it reverts, or there is none. */
  call(to: ActorId, data: Hex, at: Tag): Promise<Hex | undefined>
  holds(effect: Effect, at: Tag): Promise<boolean>
  /** Whether it would be carried out now, and for how much gas. Undefined: the node does not say. */
  attempt(wanted: Wanted): Promise<Trial | undefined>
  /** What the contract says to it on top of that block; undefined when it does not revert there. */
  revertAt(wanted: Wanted, block: number): Promise<Hex | undefined>
  /** What others pay whoever makes blocks; undefined when the node does not say. */
  tip(): Promise<bigint | undefined>
  /** @returns whether the node took it. That says nothing of whether it will be mined, nor a refusal that it will not. */
  send(raw: Hex): Promise<boolean>
}

export function chainView(chainId: number, rpc: Rpc): ChainView {
  async function ask<T>(question: Question, read: (answer: unknown) => T): Promise<T> {
    try {
      return read(await rpc.request(question))
    } catch (error) {
      // A node that refuses a plain question has no answer for us either.
      if (error instanceof NoAnswer || refusalOf(error) !== undefined) throw unreachable(chainId, error)
      throw error
    }
  }
  /** Or what it said why not. */
  async function attempt<T>(question: Question, read: (answer: unknown) => T) {
    try {
      return { answer: read(await rpc.request(question)) }
    } catch (error) {
      const refusal = refusalOf(error)
      if (refusal !== undefined) return { refusal }
      throw error instanceof NoAnswer ? unreachable(chainId, error) : error
    }
  }
  const maybe =
    <T>(read: (answer: unknown) => T) =>
    (answer: unknown): T | undefined =>
      answer === null ? undefined : read(answer)
  const at = (tag: Tag): string => (tag === 'latest' ? tag : numberToHex(tag))
  const body = ({ from, to, data, value }: Wanted) => ({ from, to, data, value: numberToHex(value) })

  const call: ChainView['call'] = async (to, data, tag) => {
    const tried = await attempt({ method: 'eth_call', params: [{ to, data }, at(tag)] }, readBytes)
    if (tried.refusal?.reverted === false) throw unreachable(chainId)
    return tried.answer === '0x' ? undefined : tried.answer
  }
  return {
    chainId,
    head: () => ask({ method: 'eth_getBlockByNumber', params: ['latest', false] }, readBlock),
    block: (number) =>
      ask({ method: 'eth_getBlockByNumber', params: [at(number), false] }, (answer) => {
        const block = maybe(readBlock)(answer)
        if (block !== undefined && block.number !== number) throw new NoAnswer('another block')
        return block
      }),
    async sentIn(number) {
      const block = await ask(
        { method: 'eth_getBlockByNumber', params: [at(number), true] },
        maybe(readBlock),
      )
      try {
        return block?.transactions.map(readSent) ?? []
      } catch (error) {
        throw unreachable(chainId, error)
      }
    },
    receipt: (hash) =>
      ask(
        { method: 'eth_getTransactionReceipt', params: [hash] },
        maybe((answer) => readReceipt(answer, hash)),
      ),
    count: (of, tag) => ask({ method: 'eth_getTransactionCount', params: [of, at(tag)] }, readCount),
    balance: (of) => ask({ method: 'eth_getBalance', params: [of, 'latest'] }, readQuantity),
    code: (of) => ask({ method: 'eth_getCode', params: [of, 'latest'] }, readBytes),
    call,
    async holds({ to, data, word, atLeast, atMost }, tag) {
      const answer = await call(to, data, tag)
      const digits = answer?.slice(2 + 64 * word, 2 + 64 * (word + 1))
      if (digits?.length !== 64) return false
      const figure = BigInt(`0x${digits}`)
      return figure >= atLeast && figure <= atMost
    },
    async attempt(wanted) {
      const tried = await attempt(
        { method: 'eth_estimateGas', params: [body(wanted), 'latest'] },
        readQuantity,
      )
      if (tried.answer !== undefined) return tried.answer < leastGas ? undefined : { gas: tried.answer }
      return tried.refusal.reverted ? { reverted: tried.refusal.data } : undefined
    },
    async revertAt(wanted, block) {
      const tried = await attempt({ method: 'eth_call', params: [body(wanted), at(block)] }, readBytes)
      return tried.refusal?.reverted === true ? tried.refusal.data : undefined
    },
    async tip() {
      const tried = await attempt({ method: 'eth_maxPriorityFeePerGas', params: [] }, readQuantity)
      return tried.answer
    },
    async send(raw) {
      const sent = await attempt({ method: 'eth_sendRawTransaction', params: [raw] }, readBytes)
      return sent.answer !== undefined
    },
  }
}
