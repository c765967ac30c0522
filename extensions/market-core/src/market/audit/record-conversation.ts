import { Type } from '@sinclair/typebox'
import { ConversationFacts, conversationEvents } from '@openclaw-market/protocol/entities/log'
import { operation } from '@openclaw-market/protocol/operation'
import { closed, literals } from '@openclaw-market/protocol/schema/scalars'

/** For the gateway's own hooks: what the host told of a conversation, as far as it can be told without what was said. */
export const recordConversation = operation({
  name: 'market.audit.record',
  summary: 'Puts on record that something happened in a conversation of the host.',
  effect: 'write',
  scope: 'write',
  params: closed({
    type: Type.Unsafe<(typeof conversationEvents)[number]>(literals(conversationEvents)),
    facts: ConversationFacts,
  }),
  result: closed({}),
  errors: [],
  callers: ['market'],
  load: async () => undefined,
  decide: (_state, { type, facts }) => ({
    result: {},
    subjects: [facts.sessionId, facts.runId].filter((id) => id !== undefined),
    told: { type, facts },
  }),
})
