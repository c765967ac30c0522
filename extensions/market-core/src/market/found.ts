import { MarketError } from '@openclaw-market/protocol/errors'

/** What is not there, or not yours to see, is E_NOT_FOUND either way: the answer does not tell which. */
export function found<T>(entity: T | undefined, what: string, id: string): T {
  if (entity !== undefined) return entity
  throw new MarketError('E_NOT_FOUND', `there is no ${what} ${id}`, {
    hint: 'Check the id. What is not yours to see is not there for you either.',
  })
}
