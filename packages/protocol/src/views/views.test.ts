import type { TObject } from '@sinclair/typebox'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LeaseSchema, Leases, UsageRecordSchema, UsageRecords } from '../entities/lease.ts'
import { SettlementSchema, Settlements } from '../entities/money.ts'
import { OfferSchema, Resources, ResourceSchema } from '../entities/resource.ts'
import { units, type UnitTotals } from '../money/units.ts'
import { codec } from '../schema/codec.ts'
import { jsonOf } from '../schema/values.fixture.ts'
import {
  LeaseView,
  SettlementView,
  showLease,
  showSettlement,
  showUsageRecord,
  UsageRecordView,
} from './lease.ts'
import { ResourceDetail, ResourceView, showResource, showResourceDetail } from './resource.ts'

const made = <S extends TObject>(schema: S) => jsonOf(schema).map((json) => codec(schema).decode(json))
const settlement = made(SettlementSchema)
const totals: fc.Arbitrary<UnitTotals> = fc.dictionary(fc.constantFrom(...units), fc.bigInt(0n, 10n ** 38n), {
  maxKeys: 8,
})
const lease = fc.tuple(made(LeaseSchema), totals).map(([each, counted]) => ({
  ...each,
  totals: counted,
  maxCost: each.maxCost + each.metered + each.reserved,
}))

interface Shown {
  readonly view: TObject
  readonly secrets: readonly string[]
  readonly entity: Record<string, unknown>
  readonly answer: Record<string, unknown>
}

const cases: readonly (readonly [string, fc.Arbitrary<Shown>])[] = [
  [
    'lease',
    fc.tuple(lease, settlement).map(([entity, paid]) => ({
      view: LeaseView,
      secrets: Leases.secrets,
      entity,
      answer: showLease(entity, paid),
    })),
  ],
  [
    'settlement',
    settlement.map((entity) => ({
      view: SettlementView,
      secrets: Settlements.secrets,
      entity,
      answer: showSettlement(entity),
    })),
  ],
  [
    'usage record',
    made(UsageRecordSchema).map((entity) => ({
      view: UsageRecordView,
      secrets: UsageRecords.secrets,
      entity,
      answer: showUsageRecord(entity),
    })),
  ],
  [
    'resource',
    made(ResourceSchema).map((entity) => ({
      view: ResourceView,
      secrets: Resources.secrets,
      entity,
      answer: showResource(entity),
    })),
  ],
  [
    'resource with its offer',
    fc
      .tuple(made(ResourceSchema), fc.option(made(OfferSchema), { nil: undefined }))
      .map(([entity, offer]) => ({
        view: ResourceDetail,
        secrets: Resources.secrets,
        entity,
        answer: showResourceDetail(entity, offer),
      })),
  ],
]

describe.each(cases)('the view of a %s', (_name, shown) => {
  it('hides every secret and the revision, and is what its schema says', () => {
    fc.assert(
      fc.property(shown, ({ view, secrets, entity, answer }) => {
        const json = codec(view).encode(answer) as Record<string, unknown>
        for (const name of [...secrets, 'rev']) {
          expect(Object.keys(view.properties)).not.toContain(name)
          expect(Object.keys(json)).not.toContain(name)
        }
        const said = JSON.stringify(json)
        for (const name of secrets) {
          const secret: unknown = entity[name]
          if (typeof secret === 'string' && secret.length > 12) expect(said).not.toContain(secret)
        }
        const amounts = Object.values(json).filter((each) => typeof each === 'string' && each.length > 39)
        if (amounts.every((each) => !/^\d+$/.test(String(each))))
          expect(codec(view).problem(json)).toBeUndefined()
      }),
      { numRuns: 60 },
    )
  })
})

it('what is left of a lease is its lock without what is metered and reserved, and nothing once it ends', () => {
  const [one] = fc.sample(lease, { numRuns: 1, seed: 3 })
  const [paid] = fc.sample(settlement, { numRuns: 1, seed: 3 })
  if (one === undefined || paid === undefined) throw new Error('no sample')
  const figures = { maxCost: 100n, metered: 30n, reserved: 20n }
  expect(showLease({ ...one, ...figures, status: 'lease_active' }, paid).remaining).toBe(50n)
  expect(showLease({ ...one, ...figures, status: 'lease_ending' }, paid).remaining).toBe(0n)
})
