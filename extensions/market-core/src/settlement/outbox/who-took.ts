/** Finds the transaction that has used up a nonce: proof that none of ours with that nonce is ever mined. */
import type { Hex } from 'viem'
import type { ChainTransaction } from '@openclaw-market/protocol/entities/chain'
import type { ActorId } from '@openclaw-market/protocol/schema/scalars'
import type { ChainView } from '../chain/view.ts'

export interface Taker {
  readonly hash: Hex
  readonly blockNumber: number
}

/** The chain may have gone back a little since it was signed. */
const margin = 256

/** @returns undefined when it is not in a block up to `deep`, or the RPC does not show it */
export async function whoTook(
  view: ChainView,
  signer: ActorId,
  { nonce, signedAtBlock }: Pick<ChainTransaction, 'nonce' | 'signedAtBlock'>,
  deep: number,
): Promise<Taker | undefined> {
  const used = async (block: number): Promise<boolean> => (await view.count(signer, block)) > nonce
  let [before, by] = [Math.max(0, signedAtBlock - margin), deep]
  if (before >= by || !(await used(by)) || (await used(before))) return undefined
  while (by - before > 1) {
    const between = Math.floor((before + by) / 2)
    if (await used(between)) by = between
    else before = between
  }
  const from = signer.toLowerCase()
  const found = (await view.sentIn(by)).find(
    (sent) => sent.nonce === nonce && sent.from.toLowerCase() === from,
  )
  return found && { hash: found.hash, blockNumber: by }
}
