import { Type } from '@sinclair/typebox'
import { Sessions } from '@openclaw-market/protocol/entities/records'
import { operation, remove } from '@openclaw-market/protocol/operation'
import { closed } from '@openclaw-market/protocol/schema/scalars'

export const signOut = operation({
  name: 'web3.siwe.logout',
  summary: 'Ends the session of this bearer.',
  effect: 'write',
  scope: 'write',
  params: closed({}),
  result: closed({ ended: Type.Boolean() }),
  errors: [],
  callers: ['wallet'],
  load: async () => undefined,
  decide(_state, _params, { who }) {
    const sessionId = who.kind === 'wallet' ? who.sessionId : undefined
    if (sessionId === undefined) return { result: { ended: false } }
    return { result: { ended: true }, subjects: [sessionId], writes: [remove(Sessions, sessionId)] }
  },
})
