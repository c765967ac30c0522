/** Who plans and acts: a door to call through, perhaps a wallet of its own, and what it knows to hold. */
import type { Answer, Json, JsonObject } from './document.ts'

export interface Made {
  readonly params: JsonObject
  readonly answer: Answer
  /** What was hashed in it and is to be shown later. */
  readonly secret?: string
}

/** A predicate that holds, of an object where it is about one. */
export interface Fact {
  readonly is: string
  readonly kind?: string
  readonly object?: Json
  /** The call that brought it about or found it. */
  readonly made?: Made
}

/** What a wallet does by itself. */
export interface Wallet {
  /** @param method as wallets name it, e.g. personal_sign */
  sign(method: string, value: Json): Promise<string>
}

export interface Actor {
  readonly door: string
  /** Of the wallet that it acts with. */
  readonly address: string
  /** Absent where the door signs by itself. */
  readonly wallet?: Wallet
  readonly facts: Fact[]
  /** Sent with every call. */
  readonly headers: Map<string, string>
  call(name: string, params: JsonObject, headers: Readonly<Record<string, string>>): Promise<Answer>
  /** A route of a provider, as whoever has the secret of a lease uses it. */
  request?(method: string, path: string, params: JsonObject, bearer: string): Promise<Answer>
}

export function isThis(
  fact: Fact,
  want: { readonly is: string; readonly kind?: string | undefined },
): boolean {
  return (
    fact.is === want.is && (want.kind === undefined || fact.kind === undefined || fact.kind === want.kind)
  )
}

/** It does not hold any more, of this object or at all; nor is the header sent that would show it. */
export function forget(actor: Actor, is: string, object: Json | undefined, header?: string): void {
  if (header !== undefined) actor.headers.delete(header.split(': ')[0] ?? '')
  const kept = actor.facts.filter(
    (fact) => fact.is !== is || (object !== undefined && fact.object !== object),
  )
  actor.facts.splice(0, actor.facts.length, ...kept)
}
