/** Each record by itself: it can be read, is what its schema says, and stands under its own key. */
import type { Collection } from '@openclaw-market/protocol/collection'
import { codec } from '@openclaw-market/protocol/schema/codec'
import type { Books } from './books.ts'

type Entity = Readonly<Record<string, unknown>> & { readonly rev?: unknown }

/**
 * What has been found whole. A record is never changed in place, so that a store which gives the same object again need
 * not have it checked again.
 */
const whole = new WeakSet<object>()

/** @returns how many records there are. Those that break their schema are set aside. */
export async function checkRecords(books: Books, of: Collection): Promise<number> {
  let count = 0
  const read = await books.everyPage(of, async (items) => {
    count += items.length
    for (const item of items) if (!whole.has(item)) await checkRecord(books, of, item)
  })
  if (!read) books.findings.add('record.readable', of.name, 'there are records that cannot be read')
  return count
}

async function checkRecord(books: Books, of: Collection, entity: Entity): Promise<void> {
  const key = String(entity[of.key])
  const problem = schemaProblem(of, entity)
  if (problem !== undefined) {
    books.findings.add('record.schema', named(of, key), problem)
    books.setAside(of, key)
    return
  }
  const found = await books.get(of, key)
  if (found?.[of.key] !== key || found['rev'] !== entity.rev)
    return books.findings.add('record.key', named(of, key), 'does not stand under its own key')
  const rev = Number(entity.rev)
  if (rev < 0 || (rev > 0 && of.keeping === 'append'))
    return books.findings.add(
      'record.rev',
      named(of, key),
      `is at revision ${rev}, and a ${of.name} is never changed`,
    )
  whole.add(entity)
}

/** Says the place and the rule, never the value. */
function schemaProblem(of: Collection, entity: Entity): string | undefined {
  try {
    const as = codec(of.schema)
    const problem = as.problem(as.encode(entity))
    return problem === undefined ? undefined : `${problem.pointer} ${problem.message}`
  } catch {
    return 'has a field that cannot be written' // a time that is none, an amount that is none
  }
}

/** Keys that a caller chose, or that are a secret of their own while they live, are not said. */
export function named(of: { readonly name: string }, key: string): string {
  const shown = key.slice(0, 80)
  switch (of.name) {
    case 'answer':
      return shown.split('/').slice(0, 2).join('/')
    case 'spent_nonce':
      return `nonce of ${shown.split('/')[0] ?? ''}`
    case 'challenge':
      return 'a challenge'
    default:
      return shown
  }
}
