/**
 * A collection says once what a store must know of an entity: its schema, its key, what it is looked up by, who may see
 * it, and which of its fields never leave (DESIGN §§4, 6). Every backend derives its layout from this.
 */
import type { Static, TObject } from '@sinclair/typebox'
import type { ActorId } from './schema/scalars.ts'

/** Each record carries `rev`, the number of writes it has had; an update names the one it was made from. */
export type Entity = { readonly rev: number }

/**
 * Who sees an entity: the actors that these fields name, everyone while `public` holds, and operators always. With
 * neither, operators and the market itself alone.
 */
export interface Visibility<K extends string = string> {
  readonly parties: readonly K[]
  readonly public?: { readonly field: K; readonly equals: string }
}

export interface Collection<S extends TObject = TObject> {
  /** Also the name of the table. snake_case, singular. */
  readonly name: string
  readonly schema: S
  readonly key: keyof Static<S> & string
  /** Fields (string, integer, boolean or timestamp) that a query may compare for equality or, for integers and times, order by. */
  readonly indexes: readonly (keyof Static<S> & string)[]
  /** Indexed fields of which a value is shared by a good part of the collection, though their schema does not show it. */
  readonly coarse: readonly (keyof Static<S> & string)[]
  /** Fields of the index that no two entities share. */
  readonly unique: readonly (keyof Static<S> & string)[]
  /** Array-of-string fields that a query may ask to contain a value. */
  readonly tags: readonly (keyof Static<S> & string)[]
  readonly visibility: Visibility<keyof Static<S> & string>
  /** Fields whose values never appear in an answer, an event or a log. */
  readonly secrets: readonly (keyof Static<S> & string)[]
  /** `append`: records are never changed or removed. `ephemeral`: may be removed when their time is over. */
  readonly keeping: 'mutable' | 'append' | 'ephemeral'
}

type Declaration<S extends TObject> = Pick<Collection<S>, 'name' | 'schema' | 'key'> &
  Partial<Omit<Collection<S>, 'name' | 'schema' | 'key'>>

export function collection<S extends TObject>(declaration: Declaration<S>): Collection<S> {
  return {
    indexes: [],
    coarse: [],
    unique: [],
    tags: [],
    visibility: { parties: [] },
    secrets: [],
    keeping: 'mutable',
    ...declaration,
  }
}

/** A collection whose entity type no longer matters. (`keyof` makes the type invariant, so the compiler cannot see that this is safe.) */
export function anyCollection<S extends TObject>(of: Collection<S>): Collection {
  return of as unknown as Collection
}

export type EntityOf<C> = C extends Collection<infer S> ? Static<S> : never

/** Through whose eyes a read looks. `market` and operators see all; an actor what is its own or public; nobody only what is public. */
export type Scope =
  | { readonly as: 'market' }
  | { readonly as: 'actor'; readonly actorId: ActorId }
  | { readonly as: 'nobody' }

/** Whether `scope` may see this entity: the one rule of which each backend's query is a faster form. */
export function isVisible<S extends TObject>(of: Collection<S>, entity: Static<S>, scope: Scope): boolean {
  if (scope.as === 'market') return true
  const field = (name: string): unknown => (entity as Record<string, unknown>)[name]
  const open = of.visibility.public
  if (open !== undefined && field(open.field) === open.equals) return true
  return scope.as === 'actor' && of.visibility.parties.some((name) => field(name) === scope.actorId)
}
