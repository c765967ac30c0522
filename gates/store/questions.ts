/** Every read that the market offers, asked about everything there is: whatever a parameter can name, one's own or not. */
import { Kind, type TSchema } from '@sinclair/typebox'
import { marketMethods, type MarketMethod } from '@openclaw-market/market-core'
import { allCollections } from '@openclaw-market/protocol/entities/all'
import { writeCursor } from '../../extensions/market-core/src/store/page.ts'
import type { MarketStore } from '../../extensions/market-core/src/store/store.ts'
import type { Dice } from '../run.ts'

export interface Question {
  readonly method: MarketMethod
  readonly params: Readonly<Record<string, unknown>>
}

/** Of every kind of thing that a parameter names, what there is. */
export type Known = ReadonlyMap<string, readonly unknown[]>

/** How many of each kind are asked about. */
const most = 6

export async function knownOf(store: MarketStore, dice: Dice): Promise<Known> {
  const values = new Map<string, unknown[]>()
  await store.read({ as: 'market' }, async (tx) => {
    for (const of of allCollections) {
      const { items } = await tx.list(of, { order: 'oldest', limit: 10_000 })
      values.set(
        of.name,
        some(items, dice).map((entity) => entity[of.key]),
      )
      if (of.name === 'lease')
        values.set(
          'tokenHash',
          some(items, dice).map((entity) => entity['tokenHash']),
        )
    }
  })
  return values
}

/** The newest, which are the hidden ones, and some of the others. */
function some<T>(items: readonly T[], dice: Dice): readonly T[] {
  const others = items.slice(0, -most)
  return [...items.slice(-most), ...(others.length === 0 ? [] : [dice.one(others), dice.one(others)])]
}

const times = ['2026-03-01T12:00:00.000Z', '2026-03-01T13:00:00.000Z']

/** @throws when a parameter has a name that nobody has told the meaning of: say here what it may name */
function valuesOf(
  name: string,
  schema: TSchema,
  known: Known,
  actors: readonly string[],
): readonly unknown[] {
  const ids = (...collections: readonly string[]) => collections.flatMap((each) => known.get(each) ?? [])
  switch (name) {
    case 'resourceId':
      return ids('resource')
    case 'leaseId':
      return ids('lease')
    case 'settlementId':
      return ids('settlement')
    case 'reference':
      return ids('settlement', 'deposit', 'payout')
    case 'tokenHash':
      return ids('tokenHash')
    case 'eventId':
      return ids('event')
    case 'id':
    case 'subject':
      return ids('lease', 'order', 'settlement', 'transfer', 'event')
    case 'type':
      return ['market.lease.issue', 'market.account.withdraw']
    case 'providerActorId':
    case 'consumerActorId':
      return actors
    case 'currency':
      return ['USDC', 'EURC']
    case 'limit':
      return [1, 2]
    case 'cursor':
      return ids('resource', 'lease', 'settlement', 'transfer', 'usage_record', 'event').map((id) =>
        writeCursor(String(id)),
      )
    case 'since':
    case 'until':
      return times
    case 'tag':
      return ['fast']
    case 'q':
      return ['thing', 'quiet']
    case 'maxPrice':
      return [{ unit: 'request', amount: '1000', per: '1', currency: 'USDC' }]
    default:
      if (schema[Kind] !== 'Union') throw new Error(`nobody has said what the parameter ${name} may name`)
      return (schema['anyOf'] as readonly TSchema[]).map((each): unknown => each['const'])
  }
}

export function questionsOf(known: Known, actors: readonly string[]): readonly Question[] {
  return marketMethods
    .filter(({ contract }) => contract.effect === 'read')
    .flatMap((method) => {
      const properties = Object.entries(method.contract.params.properties)
      const needed = new Set<string>(method.contract.params.required ?? [])
      const bases = properties
        .filter(([name]) => needed.has(name))
        .reduce<readonly Question['params'][]>(
          (all, [name, schema]) =>
            all.flatMap((params) =>
              valuesOf(name, schema, known, actors).map((value) => ({ ...params, [name]: value })),
            ),
          [{}],
        )
      const varied = properties
        .filter(([name]) => !needed.has(name))
        .flatMap(([name, schema]) =>
          valuesOf(name, schema, known, actors).map((value) => ({ [name]: value })),
        )
      return bases
        .flatMap((base) => [base, ...varied.map((more) => ({ ...base, ...more }))])
        .map((params) => ({ method, params }))
    })
}
