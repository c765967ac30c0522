/**
 * Who may see what, written down from the design once more (DESIGN §§4, 6, 8) and from nothing in the code: whom an entity
 * is about sees it, everyone sees what is offered, and what the market keeps for itself is seen by operators alone.
 */
import type { Scope } from '@openclaw-market/protocol/collection'

export type Entity = Readonly<Record<string, unknown>>

interface Seen {
  /** The fields that name whom it is about. */
  readonly by: readonly string[]
  /** When everyone sees it. */
  readonly everyone?: (entity: Entity) => boolean
}

const leaseParties: Seen = { by: ['consumerActorId', 'providerActorId'] }
const itsActor: Seen = { by: ['actorId'] }
const operatorsAlone: Seen = { by: [] }

/** By the name of a collection. One that is not here fails the gate: say first who sees it. */
export const seen: Readonly<Record<string, Seen>> = {
  meta: operatorsAlone,
  resource: { by: ['providerActorId'], everyone: ({ status }) => status === 'resource_published' },
  offer: { by: ['providerActorId'], everyone: ({ status }) => status === 'offer_published' },
  order: leaseParties,
  consent: leaseParties,
  delivery: leaseParties,
  lease: leaseParties,
  call: leaseParties,
  usage_record: leaseParties,
  // A credit line's is also its debtor's: it must see what it has drawn.
  account: { by: ['actorId', 'debtorActorId'] },
  transfer: { by: ['fromActorId', 'toActorId'] },
  settlement: { by: ['payerActorId', 'payeeActorId'] },
  credit_line: leaseParties,
  deposit: itsActor,
  payout: itsActor,
  // An estimate is the asker's own: the provider learns of it when it is leased.
  quote: { by: ['consumerActorId'] },
  challenge: operatorsAlone,
  session: itsActor,
  wallet_binding: { by: ['nodeActorId', 'ownerActorId'] },
  binding_challenge: { by: ['nodeActorId'] },
  spent_nonce: operatorsAlone,
  answer: operatorsAlone,
  consumer_receipt: operatorsAlone,
  // Whoever did it, and whom an operator did it for.
  event: { by: ['actorId', 'forActorId'] },
  log_tile: operatorsAlone,
  checkpoint: operatorsAlone,
  session_statement: operatorsAlone,
  allowance: itsActor,
  spend: itsActor,
  approval: itsActor,
  // What is sent, and with which fees, says what a market is about to do: its operators' own.
  chain_job: operatorsAlone,
  chain_transaction: operatorsAlone,
  chain_nonce: operatorsAlone,
}

export function maySee(collection: string, entity: Entity, scope: Scope): boolean {
  const rule = seen[collection]
  if (rule === undefined) throw new Error(`nobody has said who sees a ${collection}`)
  if (scope.as === 'market' || rule.everyone?.(entity) === true) return true
  return scope.as === 'actor' && rule.by.some((field) => entity[field] === scope.actorId)
}
