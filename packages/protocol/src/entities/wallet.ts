/** Which wallet is the human owner's, as that wallet has signed it; and the message that it is asked to sign. */
import { Type, type Static } from '@sinclair/typebox'
import { collection } from '../collection.ts'
import { ActorId, closed, Timestamp } from '../schema/scalars.ts'

export const WalletBindingSchema = closed({
  rev: Type.Integer(),
  /** Of the gateway: it has one owner's wallet at most. */
  nodeActorId: ActorId,
  ownerActorId: ActorId,
  chainId: Type.Integer(),
  boundAt: Timestamp,
  /** Since when it has no more say. It comes back by signing again; another comes only when this one is let go. */
  suspendedAt: Type.Optional(Timestamp),
})
export type WalletBinding = Static<typeof WalletBindingSchema>

export const WalletBindings = collection({
  name: 'wallet_binding',
  schema: WalletBindingSchema,
  key: 'nodeActorId',
  visibility: { parties: ['nodeActorId', 'ownerActorId'] },
  keeping: 'ephemeral',
})

/** The one that was handed out last and is not answered yet. Answering removes it. */
export const BindingChallenges = collection({
  name: 'binding_challenge',
  schema: closed({
    rev: Type.Integer(),
    nodeActorId: ActorId,
    ownerActorId: ActorId,
    chainId: Type.Integer(),
    /** EIP-4361, to the letter. */
    message: Type.String({ minLength: 1, maxLength: 4096 }),
    issuedAt: Timestamp,
    expiresAt: Timestamp,
    dueAt: Timestamp,
  }),
  key: 'nodeActorId',
  indexes: ['dueAt'],
  visibility: { parties: ['nodeActorId'] },
  keeping: 'ephemeral',
})
