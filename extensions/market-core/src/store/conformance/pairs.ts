import { Type } from '@sinclair/typebox'
import { collection } from '@openclaw-market/protocol/collection'
import { closed } from '@openclaw-market/protocol/schema/scalars'

/** What the child process of the durability tests writes. */
export const Pairs = collection({
  name: 'pair',
  schema: closed({ rev: Type.Integer(), pairId: Type.String(), name: Type.String(), text: Type.String() }),
  key: 'pairId',
  indexes: ['name'],
  keeping: 'append',
})
