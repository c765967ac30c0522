/** The owner names its wallet, and whoever has got hold of its chat tries to put another in its place. */
import { Payouts } from '@openclaw-market/protocol/entities/money'
import { BindingChallenges, WalletBindings } from '@openclaw-market/protocol/entities/wallet'
import { withdraw } from '../../extensions/market-core/src/market/accounts/withdraw.ts'
import { letWalletGo } from '../../extensions/market-core/src/market/wallet/let-go.ts'
import { bindWallet } from '../../extensions/web3-core/src/wallet/bind.ts'
import { unbindWallet } from '../../extensions/web3-core/src/wallet/unbind.ts'
import { askSurely, type Act } from './actor.ts'
import { askOwner } from './law-wallet.ts'
import type { World } from './world.ts'

/** The owner's own, and one that a thief would like to have there. */
const candidates = ({ consumers, stranger }: World) => [...consumers.slice(0, 1), stranger]

const ask: Act = async (world) => {
  const { dice, node } = world
  const { actorId } = dice.one(dice.oneIn(12) ? [node] : candidates(world))
  await world.ask(askOwner, { address: actorId }, node.who)
}

/** With the right wallet or another, over what was asked last or before. */
const answer: Act = async (world) => {
  const { dice, node, state } = world
  const asked = state.get(BindingChallenges, node.actorId)
  const message = asked?.message ?? 'nothing was asked'
  const signer = dice.one(candidates(world))
  const told = await world.ask(bindWallet, { signature: signer.signText(message) }, node.who)
  if (told?.ok === true && told['wallet'] !== signer.actorId)
    world.wrong(`${String(told['wallet'])} was bound by the signature of ${signer.actorId}`)
  if (told?.ok === false && told.error === 'E_AUTH_REQUIRED' && asked?.ownerActorId === signer.actorId) {
    // Another message may have been given meanwhile; the signature was over this one.
    const now = world.state.get(BindingChallenges, node.actorId)
    if (now?.message === message) world.wrong('the right signature was refused')
  }
}

const unbind: Act = async (world) => {
  const { dice, node } = world
  await world.ask(unbindWallet, {}, dice.one([node, ...candidates(world)]).who)
}

const letGo: Act = async (world) => {
  await world.ask(letWalletGo, {}, world.operator())
}

/** What is the gateway's goes where its owner's wallet says, and nowhere for anybody else. */
const withdrawForGateway: Act = async (world) => {
  const { dice, node } = world
  const by = dice.one(candidates(world))
  const { ownerActorId } = world.state.get(WalletBindings, node.actorId) ?? {}
  const params = { currency: 'USDC', amount: `${1 + dice.below(40)}`, ofGateway: true }
  const told = await askSurely(world, withdraw, params, by.who)
  if (told?.ok !== true) return
  const payout = world.state.get(Payouts, String(told['payoutId']))
  if (payout !== undefined && payout.actorId !== node.actorId)
    world.wrong(`${ownerActorId} withdrew of ${payout.actorId}`)
}

export const ownerActs: readonly (readonly [number, Act])[] = [
  [4, ask],
  [6, answer],
  [2, unbind],
  [3, withdrawForGateway],
  [1, letGo],
]
