/** What happened, as the log keeps it: appended in the same write as the change itself (DESIGN §13). */
import type { Static, TObject } from '@sinclair/typebox'
import { canonicalHash } from '@openclaw-market/protocol/canonical'
import type { EntityOf } from '@openclaw-market/protocol/collection'
import type { Events } from '@openclaw-market/protocol/entities/records'
import type { IdSource } from '@openclaw-market/protocol/ids'
import type { Changes } from '@openclaw-market/protocol/operation'
import type { Principal } from '@openclaw-market/protocol/principal'
import { codec } from '@openclaw-market/protocol/schema/codec'

/** Of the parameters only their hash is kept: who has them can prove what was asked, and nobody can read it here. */
export function eventOf<P extends TObject>(
  op: { readonly name: string; readonly params: P },
  params: Static<P>,
  who: Principal,
  changes: Changes<unknown>,
  now: number,
  ids: IdSource,
): EntityOf<typeof Events> {
  return {
    rev: 0,
    eventId: ids.next('evt'),
    type: op.name,
    ...(who.kind === 'anyone' ? {} : { actorId: who.actorId }),
    ...(who.kind === 'operator' && who.onBehalfOf !== undefined ? { onBehalfOf: who.onBehalfOf } : {}),
    subjects: [...(changes.subjects ?? [])],
    paramsHash: canonicalHash(codec(op.params).encode(params)),
    createdAt: now,
  }
}
