/**
 * Who is asking (DESIGN §4). A principal is established by a door (the gateway, a wallet's proof, the market's own clock),
 * never by a parameter.
 */
import type { Scope } from './collection.ts'
import { MarketError } from './errors.ts'
import type { ActorId } from './schema/scalars.ts'

export type Principal =
  /**
   * The owner's gateway: acts as the node wallet. `owner`: the host proved that the owner started this; `run`: in which
   * conversation, as far as the host says it. An absent part is unproved and counts as nobody's.
   */
  | {
      readonly kind: 'node'
      readonly actorId: ActorId
      readonly owner: boolean
      readonly run?: RunFacts
      /** What is asked for, to the letter, where the owner could be asked to approve it. */
      readonly request?: RequestFacts
    }
  /** An outside wallet, by a SIWE session or a signed request. */
  | { readonly kind: 'wallet'; readonly actorId: ActorId; readonly sessionId?: string }
  /** operator.admin: acts as the node wallet, or, leaving an audit event, as someone else. */
  | {
      readonly kind: 'operator'
      readonly actorId: ActorId
      readonly onBehalfOf?: { readonly actorId: ActorId; readonly reason: string }
    }
  /** The market's own sweep. */
  | { readonly kind: 'market'; readonly actorId: ActorId }
  /** Nobody in particular: sees what is public. */
  | { readonly kind: 'anyone' }

/** What the host itself says of the run that asks; never taken from a parameter. */
export interface RunFacts {
  readonly agentId?: string
  readonly sessionKey?: string
  /** Who wrote the message, as its channel names senders. */
  readonly senderId?: string
  readonly channel?: string
}

/** A request as its door read it: an approval of it is good for exactly these parameters. */
export interface RequestFacts {
  readonly capability: string
  readonly paramsHash: string
}

export type PrincipalKind = Principal['kind']

/** The actor whose objects and money are meant. @throws MarketError E_AUTH_REQUIRED for `anyone`. */
export function actorOf(who: Principal): ActorId {
  switch (who.kind) {
    case 'anyone':
      throw new MarketError('E_AUTH_REQUIRED', 'this needs an actor, and none has been proved', {
        hint: 'Sign in with a wallet (SIWE) or sign the request.',
      })
    case 'operator':
      return who.onBehalfOf?.actorId ?? who.actorId
    case 'node':
    case 'wallet':
    case 'market':
      return who.actorId
  }
}

export function scopeOf(who: Principal): Scope {
  switch (who.kind) {
    case 'operator':
    case 'market':
      return { as: 'market' }
    case 'anyone':
      return { as: 'nobody' }
    case 'node':
    case 'wallet':
      return { as: 'actor', actorId: who.actorId }
  }
}
