/** What an outbox works with. */
import type { Abi, Hex, TransactionSerializableEIP1559 } from 'viem'
import type { ChainJob } from '@openclaw-market/protocol/entities/chain'
import type { IdSource } from '@openclaw-market/protocol/ids'
import type { ActorId } from '@openclaw-market/protocol/schema/scalars'
import type { MarketStore, WriteTx } from '../../store/store.ts'
import type { ChainView } from '../chain/view.ts'

/** A key that signs and stays where it is. */
export interface ChainSigner {
  readonly address: ActorId
  /** @returns the bytes that are sent */
  signTransaction(transaction: TransactionSerializableEIP1559): Promise<Hex>
}

export interface OutboxRules {
  /** Blocks from the one that has it to the newest, both counted, after which it is believed. */
  readonly confirmations: number
  /** For how many blocks more the chain is looked at for whether it keeps it. */
  readonly watchBlocks: number
  /** Between two looks at the chain. */
  readonly pollMs: number
  /** When nobody answers the pauses double, up to this. */
  readonly longestPauseMs: number
  /** After this long what is not mined is sent again, as it is. */
  readonly resendMs: number
  /** After this long what is not mined offers more. */
  readonly raiseMs: number
  /** Transactions of one key that are on their way at once. */
  readonly inFlight: number
}

export const usualRules: OutboxRules = {
  confirmations: 6,
  watchBlocks: 64,
  pollMs: 4_000,
  longestPauseMs: 60_000,
  resendMs: 30_000,
  raiseMs: 60_000,
  inFlight: 16,
}

/** What a person must hear of. */
export interface ChainAlert {
  readonly kind: 'deep-reorganisation' | 'contradiction'
  readonly jobId: ChainJob['jobId']
  readonly message: string
}

export interface OutboxEnvironment {
  readonly view: ChainView
  readonly store: MarketStore
  readonly ids: IdSource
  readonly now: () => number
  readonly rules: OutboxRules
  /** Of whose errors we know the names. */
  readonly abis: readonly Abi[]
  /** Takes part in the write that brings a job to its end, or back from it: the books change with it or not at all. */
  readonly record?: (tx: WriteTx, job: ChainJob) => Promise<void>
  readonly alert: (alert: ChainAlert) => void
  /** What went wrong inside. */
  readonly report: (what: string, error: unknown) => void
}
