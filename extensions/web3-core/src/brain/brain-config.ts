/** When an agent thinks with a leased model, as its owner has ordered. */
import { Type, type Static } from '@sinclair/typebox'
import { ResourceId } from '@openclaw-market/protocol/ids'
import { Amount, closed, line } from '@openclaw-market/protocol/schema/scalars'

const ttl = { minimum: 60_000, maximum: 604_800_000 }

export const BrainConfig = closed({
  enabled: Type.Boolean(),
  /** Who may read the conversations: resource ids, addresses of providers, names of markets, or `*` for any. */
  allow: Type.Array(line(1, 64), { minItems: 1, maxItems: 100, uniqueItems: true }),
  /** Ids of the agents that think so; all when absent. */
  agents: Type.Optional(Type.Array(line(1, 128), { minItems: 1, maxItems: 100, uniqueItems: true })),
  /** What may be leased for a conversation that has no lease to think with. */
  autoLease: Type.Optional(
    closed({
      /** The first that can be had. */
      resourceIds: Type.Array(ResourceId, { minItems: 1, maxItems: 8, uniqueItems: true }),
      maxCost: Amount,
      ttlMs: Type.Integer(ttl),
      /** In one conversation; 1 when absent. */
      maxLeases: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
    }),
  ),
  /** `provider/model` that answers when a lease fails and the owner's own choice is the leased model itself. */
  fallbackModel: Type.Optional(line(3, 200)),
  /** What the host is told of the leased model; it plans the length of a conversation by it. */
  model: Type.Optional(
    closed({
      contextWindow: Type.Optional(Type.Integer({ minimum: 4_096, maximum: 10_000_000 })),
      maxTokens: Type.Optional(Type.Integer({ minimum: 256, maximum: 200_000 })),
      /** Whether it is told how much reasoning is wanted; some servers refuse that. */
      reasoningEffort: Type.Optional(Type.Boolean()),
    }),
  ),
})
export type BrainConfig = Static<typeof BrainConfig>

/** What a schema cannot say. */
export function brainProblems({
  allow,
  fallbackModel,
}: BrainConfig): readonly { key: string; problem: string }[] {
  const known = /^(\*|res_[0-9A-HJKMNP-TV-Z]{26}|0x[0-9a-fA-F]{40}|[a-z0-9][a-z0-9-]{0,62})$/
  return [
    ...allow.flatMap((name, i) =>
      known.test(name)
        ? []
        : [{ key: `/brain/allow/${i}`, problem: 'is no resource id, address, name of a market or *' }],
    ),
    ...(fallbackModel === undefined || /^[^\s/]+\/\S+$/.test(fallbackModel)
      ? []
      : [{ key: '/brain/fallbackModel', problem: 'is not written as provider/model' }]),
  ]
}
