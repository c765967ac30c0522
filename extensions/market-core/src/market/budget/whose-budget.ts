import { MarketError } from '@openclaw-market/protocol/errors'
import type { MarketRules } from '@openclaw-market/protocol/operation'
import { actorOf, type Principal } from '@openclaw-market/protocol/principal'
import type { ReadTx } from '@openclaw-market/protocol/reading'
import type { ActorId } from '@openclaw-market/protocol/schema/scalars'
import { isOwnersWallet } from '../wallet/owners-wallet.ts'

/** There is one budget, the gateway's. Of wallets it is its owner's alone to look after (DESIGN §4). @throws MarketError E_FORBIDDEN */
export async function whoseBudget(
  tx: ReadTx,
  who: Principal,
  rules: Pick<MarketRules, 'market'>,
): Promise<ActorId> {
  if (who.kind !== 'wallet') return actorOf(who)
  if (await isOwnersWallet(tx, rules, who.actorId)) return rules.market
  throw new MarketError('E_FORBIDDEN', "only the owner's wallet looks after what this gateway may spend", {
    details: { rule: 'owner-only' },
    hint: 'The owner names its wallet in its chat: /bind_wallet. Your own money is under no allowance.',
  })
}
