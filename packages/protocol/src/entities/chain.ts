/** What is to be done on a chain, and the signed transactions that do it (DESIGN §9): in the store before their first byte goes out. */
import { Type, type Static } from '@sinclair/typebox'
import { collection } from '../collection.ts'
import { ChainJobId } from '../ids.ts'
import { ActorId, Amount, closed, line, literals, Timestamp } from '../schema/scalars.ts'
import { chainJobStates } from '../states/tables.ts'

type Hex = `0x${string}`

/** The most bytes that a job may call with. */
export const mostCalldata = 65_536

export const Hash32 = Type.Unsafe<Hex>(Type.String({ pattern: '^0x[0-9a-f]{64}$' }))
const bytes = (most: number) =>
  Type.Unsafe<Hex>(Type.String({ pattern: '^0x([0-9a-f]{2})*$', maxLength: 2 + 2 * most }))

const ChainId = Type.Integer({ minimum: 1 })
const BlockNumber = Type.Integer({ minimum: 0 })

/**
 * How to see whether what a job wants is so already, whoever did it: one 32-byte word of what a contract answers, as a
 * number, lies between two figures.
 */
export const Effect = closed({
  to: ActorId,
  data: bytes(4_096),
  word: Type.Integer({ minimum: 0, maximum: 31 }),
  atLeast: Amount,
  atMost: Amount,
})
export type Effect = Static<typeof Effect>

/** A log that the transaction leaves when it has done what it should: a receipt that says success without it is not believed. */
export const LogMark = closed({ address: ActorId, topics: Type.Array(Hash32, { minItems: 1, maxItems: 4 }) })
export type LogMark = Static<typeof LogMark>

/** Where on the chain it came to its end. Without a hash of its own, somebody else had done it. */
export const ChainPlace = closed({
  blockNumber: BlockNumber,
  blockHash: Hash32,
  transactionHash: Type.Optional(Hash32),
  gasUsed: Type.Optional(Amount),
  gasPrice: Type.Optional(Amount),
})
export type ChainPlace = Static<typeof ChainPlace>

/**
 * - `refused`: the chain would not carry it out; nothing was signed.
 * - `reverted`: mined, and undone by the contract.
 * - `replaced`: another transaction of the same key took its nonce, so that it can never be mined.
 */
export const ChainFailure = closed({
  reason: literals(['refused', 'reverted', 'replaced']),
  /** The contract's own error with its figures, where it has one. */
  error: line(1, 300),
})
export type ChainFailure = Static<typeof ChainFailure>

export const ChainJobSchema = closed({
  rev: Type.Integer(),
  jobId: ChainJobId,
  chainId: ChainId,
  signer: ActorId,
  to: ActorId,
  data: bytes(mostCalldata),
  /** Base units of the chain's own coin that go with it. */
  value: Amount,
  /** The most that carrying it out may cost, in base units of the chain's own coin. */
  gasCeiling: Amount,
  /** What it is for: `<what>/<of what>`, as in `escrow.lock/stl_…`. There is one job for each purpose. */
  purpose: Type.String({ pattern: '^[a-z.]{2,40}/[A-Za-z0-9_.:-]{6,80}$' }),
  effect: Type.Optional(Effect),
  mark: Type.Optional(LogMark),
  status: literals(chainJobStates),
  place: Type.Optional(ChainPlace),
  failure: Type.Optional(ChainFailure),
  /** It came to its end so lately that the chain is still looked at for whether it keeps it. */
  watched: Type.Boolean(),
  createdAt: Timestamp,
  settledAt: Type.Optional(Timestamp),
})
export type ChainJob = Static<typeof ChainJobSchema>

export const ChainJobs = collection({
  name: 'chain_job',
  schema: ChainJobSchema,
  key: 'jobId',
  indexes: ['chainId', 'signer', 'status', 'watched', 'purpose'],
  coarse: ['chainId', 'signer'],
  unique: ['purpose'],
})

/** One signed form of a job. All forms of a job have one nonce: of them at most one is ever mined. */
export const ChainTransactionSchema = closed({
  rev: Type.Integer(),
  transactionHash: Hash32,
  jobId: ChainJobId,
  nonce: Type.Integer({ minimum: 0 }),
  /** 0, and one more with each that offers higher fees. */
  attempt: Type.Integer({ minimum: 0 }),
  gas: Amount,
  maxFeePerGas: Amount,
  maxPriorityFeePerGas: Amount,
  /** The very bytes that are sent, each time. */
  raw: bytes(mostCalldata + 1_024),
  signedAt: Timestamp,
  /** The newest block then. */
  signedAtBlock: BlockNumber,
})
export type ChainTransaction = Static<typeof ChainTransactionSchema>

export const ChainTransactions = collection({
  name: 'chain_transaction',
  schema: ChainTransactionSchema,
  key: 'transactionHash',
  indexes: ['jobId'],
  keeping: 'append',
})

/** Of each key on each chain, the next nonce that nothing was signed with. */
export const ChainNonces = collection({
  name: 'chain_nonce',
  schema: closed({
    rev: Type.Integer(),
    /** `<chain id>/<address>` */
    nonceKey: Type.String({ pattern: '^[1-9][0-9]{0,15}/0x[0-9a-fA-F]{40}$' }),
    next: Type.Integer({ minimum: 0 }),
  }),
  key: 'nonceKey',
})
