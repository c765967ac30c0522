import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as ids from './ids.ts'
import { codec } from './schema/codec.ts'

const { idPrefixes, idSource, timeOf } = ids

/** Random to look at and the same on every run. */
function random(seed: number): (bytes: Uint8Array) => void {
  let n = 0
  return (bytes) =>
    bytes.set(createHash('sha256').update(`${seed}/${n++}`).digest().subarray(0, bytes.length))
}

const latest = Date.parse('9999-12-31T23:59:59.999Z')

describe('ids', () => {
  it('are a prefix and 26 letters that their schema accepts', () => {
    const schemas = Object.values(ids).flatMap((each) =>
      typeof each === 'object' && 'pattern' in each ? [each] : [],
    )
    expect(schemas.length).toBe(idPrefixes.length)
    fc.assert(
      fc.property(fc.integer({ min: 0, max: latest }), fc.integer(), (now, seed) => {
        const source = idSource(() => now, random(seed))
        for (const prefix of idPrefixes) {
          const id = source.next(prefix)
          expect(schemas.filter((schema) => codec(schema).problem(id) === undefined)).toHaveLength(1)
          expect(timeOf(id)).toBe(now)
        }
      }),
      { numRuns: 30 },
    )
  })

  it('rise in text order, within a millisecond and when the clock steps back', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: latest }), { minLength: 2, maxLength: 50 }),
        fc.integer(),
        (times, seed) => {
          let at = 0
          const source = idSource(() => times[at++] ?? 0, random(seed))
          const made = times.map(() => source.next('res'))
          expect(made).toEqual([...new Set(made)].sort())
        },
      ),
    )
  })

  it('count up through every carry, even from the largest random part', () => {
    const source = idSource(
      () => 1,
      (bytes) => void bytes.fill(0xff),
    )
    const made = Array.from({ length: 2_000 }, () => source.next('use'))
    expect(made).toEqual([...new Set(made)].sort())
  })

  it('rise from one source to the next that starts after it, whatever the clock says by then', () => {
    const lives = fc.array(fc.tuple(fc.constantFrom(0, 1, 2, 1_000), fc.nat({ max: 3 }), fc.integer()), {
      minLength: 2,
      maxLength: 20,
    })
    fc.assert(
      fc.property(lives, (each) => {
        const made: ids.Id<ids.IdPrefix>[] = []
        /** By sources of which nobody knows. */
        const given: string[] = []
        for (const [now, count, seed] of each) {
          const source = idSource(() => now, random(seed))
          for (const last of made.slice(-2)) source.startAfter(last)
          const lost = idSource(() => now, random(seed + 1))
          for (const last of made.slice(-1)) lost.startAfter(last)
          given.push(lost.next('res'))
          for (let n = 0; n <= count; n++) made.push(source.next('res'))
        }
        expect(made).toEqual([...new Set(made)].sort())
        expect(made.filter((id) => given.includes(id))).toEqual([])
      }),
    )
  })

  it('of two sources differ at the same time', () => {
    const now = (): number => 5
    expect(idSource(now, random(1)).next('res')).not.toBe(idSource(now, random(2)).next('res'))
  })

  it.each([
    'res_',
    'RES_01J00000000000000000000000',
    'res_01J0000000000000000000000I',
    'lease_01J00000000000000000000000',
  ])('of a resource are not %s', (text) => {
    expect(codec(ids.ResourceId).problem(text)).toMatchObject({ pointer: '', rule: 'pattern' })
  })
})
