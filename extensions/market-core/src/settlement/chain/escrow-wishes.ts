/** What is asked of the escrow: the call, how to see that it is done, and the mark that it leaves. Pure. */
import { encodeEventTopics, encodeFunctionData } from 'viem'
import type { ContractFunctionArgs, Hex } from 'viem'
import { marketEscrow } from '@openclaw-market/contracts/market-escrow'
import type { Effect, LogMark } from '@openclaw-market/protocol/entities/chain'
import type { ActorId } from '@openclaw-market/protocol/schema/scalars'

const { abi } = marketEscrow

export type EscrowOrder = ContractFunctionArgs<typeof abi, 'payable', 'lock'>[0]

/** An order of an escrow, and its id there. */
export interface OrderAt {
  readonly escrow: ActorId
  readonly order: EscrowOrder
  readonly id: Hex
}

export interface EscrowCall {
  readonly to: ActorId
  readonly data: Hex
  readonly value: bigint
  readonly effect: Effect
  readonly mark: LogMark
}

/** Words of what `orders(id)` answers, and what stands there. */
const status = { word: 0, active: 1n, disputed: 2n, closed: 3n } as const
const paid = { word: 2 } as const
const mostPaid = 2n ** 128n - 1n

/** By the payer; the chain's own coin goes along. Locked is what is open: what has ended since is seen by its own receipt. */
export function lockCall({ escrow, order, id }: OrderAt): EscrowCall {
  return {
    to: escrow,
    data: encodeFunctionData({ abi, functionName: 'lock', args: [order] }),
    value: BigInt(order.token) === 0n ? order.amount : 0n,
    effect: stateOf(escrow, id, status.word, status.active, status.disputed),
    mark: markOf(escrow, 'Locked', id),
  }
}

/** By the payer. @param paidBefore what the payee has by then: once it has that and `amount`, nothing is left to do */
export function releaseCall({ escrow, order, id }: OrderAt, amount: bigint, paidBefore: bigint): EscrowCall {
  return {
    to: escrow,
    data: encodeFunctionData({ abi, functionName: 'release', args: [order, amount] }),
    value: 0n,
    effect: stateOf(escrow, id, paid.word, paidBefore + amount, mostPaid),
    mark: markOf(escrow, 'Paid', id),
  }
}

/** What is left, by the payee at any time. */
export function refundCall({ escrow, order, id }: OrderAt): EscrowCall {
  return {
    to: escrow,
    data: encodeFunctionData({ abi, functionName: 'refund', args: [order] }),
    value: 0n,
    effect: stateOf(escrow, id, status.word, status.closed, status.closed),
    mark: markOf(escrow, 'Refunded', id),
  }
}

function stateOf(to: ActorId, id: Hex, word: number, atLeast: bigint, atMost: bigint): Effect {
  return { to, data: encodeFunctionData({ abi, functionName: 'orders', args: [id] }), word, atLeast, atMost }
}

function markOf(address: ActorId, eventName: 'Locked' | 'Paid' | 'Refunded', id: Hex): LogMark {
  const topics = encodeEventTopics({ abi, eventName, args: { id } })
  return { address, topics: topics.filter((topic): topic is Hex => typeof topic === 'string') }
}
