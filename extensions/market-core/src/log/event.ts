/** What happened, as the log keeps it: appended in the same write as the change itself (DESIGN §13). */
import type { Static, TObject } from '@sinclair/typebox'
import { canonicalHash } from '@openclaw-market/protocol/canonical'
import type { Event } from '@openclaw-market/protocol/entities/records'
import type { IdSource } from '@openclaw-market/protocol/ids'
import type { Changes } from '@openclaw-market/protocol/operation'
import type { Principal } from '@openclaw-market/protocol/principal'
import { codec } from '@openclaw-market/protocol/schema/codec'

/** Of the parameters only their hash is kept: who has them can prove what was asked, and nobody can read it here. */
export function eventOf<P extends TObject>(
  op: { readonly name: string; readonly params: P },
  params: Static<P>,
  who: Principal,
  { subjects = [], told }: Changes<unknown>,
  now: number,
  ids: IdSource,
): Event {
  return {
    rev: 0,
    eventId: ids.next('evt'),
    type: told?.type ?? op.name,
    ...(who.kind === 'anyone' ? {} : { actorId: who.actorId }),
    ...(who.kind === 'operator' && who.onBehalfOf !== undefined ? actedFor(who.onBehalfOf) : {}),
    subjects: [...subjects],
    ...(told === undefined
      ? { paramsHash: canonicalHash(codec(op.params).encode(params)) }
      : { facts: told.facts }),
    createdAt: now,
  }
}

function actedFor({
  actorId,
  reason,
}: NonNullable<Extract<Principal, { kind: 'operator' }>['onBehalfOf']>): Pick<
  Event,
  'forActorId' | 'reason'
> {
  return { forActorId: actorId, reason }
}
