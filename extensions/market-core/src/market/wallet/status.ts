import { Type } from '@sinclair/typebox'
import { query } from '@openclaw-market/protocol/operation'
import { actorOf } from '@openclaw-market/protocol/principal'
import { ActorId, closed, literals, Timestamp } from '@openclaw-market/protocol/schema/scalars'
import { ownersBinding } from './owners-wallet.ts'

export const walletStatus = query({
  name: 'market.wallet.status',
  summary: "Which wallets this gateway knows: its own, its owner's, and the caller's.",
  scope: 'read',
  params: closed({}),
  result: closed({
    nodeWallet: ActorId,
    chainId: Type.Integer(),
    caller: closed({ actorId: ActorId, role: literals(['node', 'owner', 'outside']) }),
    owner: Type.Optional(
      closed({
        actorId: ActorId,
        chainId: Type.Integer(),
        status: literals(['bound', 'suspended']),
        boundAt: Timestamp,
      }),
    ),
  }),
  errors: [],
  callers: ['node', 'wallet', 'operator'],
  async answer(tx, _params, { who, rules }) {
    const actorId = actorOf(who)
    const binding = await ownersBinding(tx, rules)
    const speaks = binding !== undefined && binding.suspendedAt === undefined
    return {
      nodeWallet: rules.market,
      chainId: rules.chainId,
      caller: {
        actorId,
        role:
          actorId === rules.market
            ? ('node' as const)
            : speaks && binding.ownerActorId === actorId
              ? ('owner' as const)
              : ('outside' as const),
      },
      ...(binding === undefined
        ? {}
        : {
            owner: {
              actorId: binding.ownerActorId,
              chainId: binding.chainId,
              status: speaks ? ('bound' as const) : ('suspended' as const),
              boundAt: binding.boundAt,
            },
          }),
    }
  },
})
