/** The log over the events: what an event of the conversation may say, and the Merkle tree's tiles and signed checkpoints. */
import { Type, type Static } from '@sinclair/typebox'
import { collection } from '../collection.ts'
import { EventId } from '../ids.ts'
import { closed, line, literals, Sha256Hex, Timestamp } from '../schema/scalars.ts'

const Name = Type.Optional(line(1, 200))
const Figure = Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }))
const Hash = Type.Optional(Sha256Hex)

/**
 * All that an event of the conversation can say: names, figures and hashes. No field holds what was said, so that nothing
 * of it can get into the log by mistake.
 */
export const ConversationFacts = closed({
  runId: Name,
  sessionId: Name,
  agentId: Name,
  provider: Name,
  model: Name,
  toolName: Name,
  toolCallId: Name,
  /** Absent when the host does not say how it went. */
  outcome: Type.Optional(literals(['done', 'failed'])),
  endReason: Name,
  inputTokens: Figure,
  outputTokens: Figure,
  cacheReadTokens: Figure,
  cacheWriteTokens: Figure,
  images: Figure,
  messages: Figure,
  durationMs: Figure,
  /** SHA-256 of the RFC 8785 JSON of what went in: the prompts of this turn, or a tool's parameters. */
  inputHash: Hash,
  /** The same of what came out: the texts of the answer, or a tool's result. */
  outputHash: Hash,
  /** Events that could not be kept. */
  dropped: Figure,
})
export type ConversationFacts = Static<typeof ConversationFacts>

/** What of the conversation is told. `dropped` says how many events were not. */
export const conversationEvents = [
  'host.llm_input',
  'host.llm_output',
  'host.after_tool_call',
  'host.session_end',
  'host.dropped',
] as const
export type ConversationEvent = (typeof conversationEvents)[number]

/** Hashes in one tile. */
export const tileWidth = 256

/**
 * 256 hashes that stand side by side in the tree, kept once they are complete: of level 0 those of events, of each level
 * above the roots of the tiles below. From them and the events after the last one every node of the tree follows.
 */
export const LogTiles = collection({
  name: 'log_tile',
  schema: closed({
    rev: Type.Integer(),
    /** `<level>/<number, twelve digits>` */
    tileKey: Type.String({ pattern: '^[0-5]/[0-9]{12}$' }),
    level: Type.Integer({ minimum: 0, maximum: 5 }),
    /** 256 times 32 bytes. */
    hashes: Type.String({ pattern: '^[A-Za-z0-9+/]{10923}=$' }),
    /** The first and the last event below it. */
    firstEventId: EventId,
    lastEventId: EventId,
  }),
  key: 'tileKey',
  indexes: ['level'],
  coarse: ['level'],
  keeping: 'append',
})

/** What the market has signed about its log. */
export const CheckpointSchema = closed({
  rev: Type.Integer(),
  /** `size`, sixteen digits. */
  checkpointKey: Type.String({ pattern: '^[0-9]{16}$' }),
  /** How many events it covers. */
  size: Type.Integer({ minimum: 1 }),
  rootHash: Sha256Hex,
  /** C2SP signed note. */
  note: Type.String({ maxLength: 1024 }),
  createdAt: Timestamp,
})
export type Checkpoint = Static<typeof CheckpointSchema>

export const Checkpoints = collection({
  name: 'checkpoint',
  schema: CheckpointSchema,
  key: 'checkpointKey',
  keeping: 'append',
})
