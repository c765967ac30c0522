import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkInvariants } from '../invariants.fixture.ts'
import { completeLease } from '../leases/complete.ts'
import { backends, does, later, serve, settlementNow } from '../market.fixture.ts'
import { allow, lease, openBudget, runBy, type Leased } from './budget.fixture.ts'
import { dayMs } from './load-budget.ts'

/** `MODEL_RUNS=500` for a long search; without it the same few. */
const search = process.env['MODEL_RUNS'] === undefined ? { seed: 20_261_121 } : {}
const runs = Number(process.env['MODEL_RUNS'] ?? 6)

const session = fc.constantFrom('one', 'two', undefined)
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('lease'),
      /** At once. */
      wishes: fc.array(fc.record({ amount: fc.bigInt(1n, 400n), session }), { minLength: 1, maxLength: 6 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('complete'), used: fc.bigInt(0n, 3n) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('pass'), ms: fc.constantFrom(1, 60_000, dayMs / 2, dayMs) }),
  },
)

const limits = { day: 900n, session: 700n, call: 350n }

interface Kept extends Leased {
  readonly at: number
  readonly session: string | undefined
  readonly amount: bigint
}

describe.each(backends)('any history of a budget on %s', (backend) => {
  it('commits no more than is allowed, and no less, however many race', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 14 }), async (steps) => {
        const ends: (() => Promise<void>)[] = []
        const world = await openBudget(backend, (end) => void ends.unshift(end))
        for (const [per, limit] of Object.entries(limits)) {
          await allow(world, { per, currency: 'USDC', limit: limit.toString(), above: 'refuse' })
        }
        const kept: Kept[] = []
        const costs = async (which: (each: Kept) => boolean): Promise<bigint> => {
          let sum = 0n
          for (const each of kept.filter(which))
            sum += each.amount - (await settlementNow(world, each)).refundedSoFar
          return sum
        }
        const today = ({ at }: Kept): boolean => world.clock.now - at < dayMs
        for (const each of steps) {
          if ('wishes' in each) {
            const tries = each.wishes.map(async (wish) => {
              const who = runBy(world, wish.session === undefined ? {} : { sessionKey: wish.session })
              return { wish, answer: await lease(world, wish.amount, who) }
            })
            for (const { wish, answer } of await Promise.all(tries)) {
              if ('error' in answer) {
                expect(answer.error).toBe('E_QUOTA_EXCEEDED')
                const left = [
                  limits.call,
                  limits.day - (await costs(today)),
                  limits.session - (await costs((one) => one.session === wish.session)),
                ]
                // Whoever was refused while others were let in is covered by nothing that is left now.
                expect(left.some((some) => some < wish.amount)).toBe(true)
              } else kept.push({ ...answer, ...wish, at: world.clock.now })
            }
          } else if ('used' in each) {
            const running = kept.find(({ at }) => world.clock.now < at + 60_000)
            if (running !== undefined) {
              await serve(world, running.leaseId, { request: each.used }).catch(() => undefined)
              await does(world, completeLease, { leaseId: running.leaseId }, world.node).catch(
                () => undefined,
              )
            }
          } else await later(world, each.ms)
          expect(await costs(today)).toBeLessThanOrEqual(limits.day)
          for (const name of ['one', 'two', undefined])
            expect(await costs((one) => one.session === name)).toBeLessThanOrEqual(limits.session)
        }
        expect(kept.every(({ amount }) => amount <= limits.call)).toBe(true)
        await checkInvariants(world.market.store)
        expect(world.defects).toEqual([])
        for (const end of ends) await end()
      }),
      { numRuns: runs, ...search },
    )
  }, 60_000)
})
