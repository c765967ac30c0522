/** How operations look at a store. The store interface in market-core extends this; decisions see nothing else of it. */
import type { Static, TObject } from '@sinclair/typebox'
import type { Collection, Scope } from './collection.ts'

export interface Query<S extends TObject> {
  /** Equality on indexed fields; all must hold. */
  readonly where?: Partial<Static<S>>
  /** Each named tag field must contain the value. */
  readonly tagged?: Partial<Record<keyof Static<S> & string, string>>
  /**
   * Only entities whose indexed integer or time field is at most (at least) this. With `order: 'due'` the answer is
   * sorted by that field, smallest first, instead of newest first.
   */
  readonly atMost?: { readonly field: keyof Static<S> & string; readonly value: number }
  readonly atLeast?: { readonly field: keyof Static<S> & string; readonly value: number }
  readonly order?: 'newest' | 'oldest' | 'due'
  /** What no index can say. Runs on entities that match the rest, until the page is full. */
  readonly filter?: (entity: Static<S>) => boolean
  /** At least 1; the caller bounds it. */
  readonly limit: number
  /** `nextCursor` of the page before. Not with `order: 'due'`. */
  readonly cursor?: string
}

export interface Page<T> {
  readonly items: readonly T[]
  /** Present when there may be more. */
  readonly nextCursor?: string
}

export interface ReadTx {
  readonly scope: Scope
  /** Undefined when there is none, or none that the scope may see: the two cannot be told apart. */
  get<S extends TObject>(of: Collection<S>, id: string): Promise<Static<S> | undefined>
  /** By a field of `unique`. */
  find<S extends TObject>(
    of: Collection<S>,
    field: keyof Static<S> & string,
    value: string,
  ): Promise<Static<S> | undefined>
  list<S extends TObject>(of: Collection<S>, query: Query<S>): Promise<Page<Static<S>>>
}
