/** The human owner's wallet (DESIGN §4): what it may do besides what every wallet may is asked here. */
import { WalletBindings, type WalletBinding } from '@openclaw-market/protocol/entities/wallet'
import type { MarketRules } from '@openclaw-market/protocol/operation'
import type { ReadTx } from '@openclaw-market/protocol/reading'
import type { ActorId } from '@openclaw-market/protocol/schema/scalars'

/** The binding of this gateway's owner, also while it has no say. */
export function ownersBinding(
  tx: ReadTx,
  rules: Pick<MarketRules, 'market'>,
): Promise<WalletBinding | undefined> {
  return tx.get(WalletBindings, rules.market)
}

/** The wallet that speaks for this gateway's owner now. */
export async function ownersWallet(
  tx: ReadTx,
  rules: Pick<MarketRules, 'market'>,
): Promise<ActorId | undefined> {
  const binding = await ownersBinding(tx, rules)
  return binding?.suspendedAt === undefined ? binding?.ownerActorId : undefined
}

export async function isOwnersWallet(
  tx: ReadTx,
  rules: Pick<MarketRules, 'market'>,
  actorId: ActorId,
): Promise<boolean> {
  return (await ownersWallet(tx, rules)) === actorId
}
