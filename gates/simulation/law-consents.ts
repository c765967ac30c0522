/** Nobody's money is locked but for what its owner has signed, for these terms and no others. */
import { Consents, Leases, Orders } from '@openclaw-market/protocol/entities/lease'
import type { ActorId } from '@openclaw-market/protocol/schema/scalars'
import { changed, type State } from './state.ts'
import type { Signature } from './wallets.ts'

type Words = Readonly<Record<string, unknown>>

/** @returns each new lease that its consumer has not agreed to */
export function unconsented(
  before: State,
  after: State,
  signed: ReadonlyMap<Signature, Words>,
  node: ActorId,
  now: number,
): readonly string[] {
  return changed(Leases, before, after).flatMap(({ before: was, after: lease }) => {
    // The node wallet signs by itself, whatever it leases.
    if (was !== undefined || lease.consumerActorId === node) return []
    const consent = after.get(Consents, lease.consentId)
    const order = after.get(Orders, lease.orderId)
    const words = consent === undefined ? undefined : signed.get(consent.signature)
    if (order === undefined || words === undefined) return [`${lease.leaseId}: nobody has signed for it`]
    const agreed =
      words['consumer'] === lease.consumerActorId &&
      words['provider'] === lease.providerActorId &&
      words['resourceId'] === lease.resourceId &&
      words['offerHash'] === `0x${order.offerHash}` &&
      words['currency'] === lease.currency &&
      words['creditLineId'] === lease.creditLineId &&
      BigInt(String(words['maxCost'])) >= lease.maxCost &&
      Number(words['ttlMs']) === lease.expiresAt - lease.createdAt &&
      Number(words['expiresAt']) > now
    return agreed ? [] : [`${lease.leaseId}: something else was signed: ${JSON.stringify(words)}`]
  })
}
