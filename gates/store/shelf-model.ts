/** What a store must do, on two plain maps: the serial model that every backend is compared with. */
import type { Scope } from '@openclaw-market/protocol/collection'
import type { Book } from '../../extensions/market-core/src/store/conformance/shelf.ts'
import type { BookQuery, Step } from './shelf-history.ts'

export class ShelfModel {
  books = new Map<string, Book>()
  tickets = new Map<string, string>()

  /** 'kept', or how it is refused; then nothing of it has happened. */
  write(steps: readonly Step[]): string {
    const before = [new Map(this.books), new Map(this.tickets)] as const
    for (const step of steps) {
      const problem = this.#step(step)
      if (problem === undefined) continue
      ;[this.books, this.tickets] = before
      return problem
    }
    return 'kept'
  }

  #step(step: Step): string | undefined {
    switch (step.do) {
      case 'fail':
        return 'as planned'
      case 'look':
        return undefined
      case 'attempt':
        if (!this.books.has(step.book.bookId)) this.#put(step.book, 0)
        return undefined
      case 'remove':
        this.tickets.delete(step.id)
        return undefined
      case 'ticket':
        if (this.tickets.has(step.id)) return 'E_CONFLICT key'
        if ([...this.tickets.values()].includes(step.code)) return 'E_CONFLICT unique'
        this.tickets.set(step.id, step.code)
        return undefined
      case 'insert':
        if (this.books.has(step.book.bookId)) return 'E_CONFLICT key'
        return this.#put(step.book, 0)
      case 'update': {
        const stored = this.books.get(step.book.bookId)
        if (stored === undefined || (step.guess && stored.rev !== step.book.rev)) return 'E_CONFLICT revision'
        return this.#put(step.book, stored.rev + 1)
      }
    }
  }

  #put(book: Book, rev: number): string | undefined {
    const { isbn, bookId } = book
    const others = [...this.books.values()].filter((each) => each.bookId !== bookId)
    if (isbn !== undefined && others.some((each) => each.isbn === isbn)) return 'E_CONFLICT unique'
    this.books.set(bookId, { ...book, rev })
    return undefined
  }

  list(query: BookQuery, scope: Scope): readonly string[] {
    const { atMost, atLeast, order } = query
    const after = query.cursor === undefined ? undefined : Buffer.from(query.cursor, 'base64url').toString()
    const number = (each: Book, field: string): number | undefined =>
      field === 'pages' ? each.pages : each.dueAt
    const found = [...this.books.values()].filter(
      (each) =>
        isSeen(each, scope) &&
        Object.entries(query.where ?? {}).every(([field, value]) =>
          Object.entries(each).some(([name, held]) => name === field && held === value),
        ) &&
        (query.tagged?.tags === undefined || each.tags.includes(query.tagged.tags)) &&
        (atMost === undefined || (number(each, atMost.field) ?? Infinity) <= atMost.value) &&
        (atLeast === undefined || (number(each, atLeast.field) ?? -Infinity) >= atLeast.value) &&
        (query.filter?.(each) ?? true) &&
        (after === undefined || (order === 'oldest' ? each.bookId > after : each.bookId < after)),
    )
    const byKey = (a: Book, b: Book): number => (a.bookId < b.bookId ? -1 : 1)
    const due = (each: Book): number => number(each, atMost?.field ?? '') ?? 0
    if (order === 'due') found.sort((a, b) => due(a) - due(b) || byKey(a, b))
    else found.sort(order === 'oldest' ? byKey : (a, b) => byKey(b, a))
    return found.slice(0, query.limit).map((each) => each.bookId)
  }
}

/** An open book is everyone's to see; any other is its owner's and its holder's. */
function isSeen({ status, ownerId, holderId }: Book, scope: Scope): boolean {
  if (scope.as === 'market' || status === 'open') return true
  return scope.as === 'actor' && [ownerId, holderId].includes(scope.actorId)
}
