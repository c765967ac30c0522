import { invalid } from './failures.ts'
import type { SearchQuery } from './backend.ts'

export const maxQueryLength = 512
export const maxResults = 50

/** What every search backend asks of a query, so that they refuse the same. @throws MarketError E_INVALID_ARGUMENT */
export function checkQuery({ q, limit }: SearchQuery): void {
  if (q.trim() === '' || q.length > maxQueryLength) {
    throw invalid('/q', 'maxLength', `needs 1 to ${maxQueryLength} characters`)
  }
  if (!Number.isInteger(limit) || limit < 1 || limit > maxResults) {
    throw invalid('/limit', 'maximum', `is not a whole number from 1 to ${maxResults}`)
  }
}
