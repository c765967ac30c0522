/**
 * Any life of a lease, prepaid or on credit: calls that hold, post, turn unknown, are corrected or lapse, and an end at any moment. Escrow covers
 * what is promised after every step, and is empty exactly when the settlement is final.
 */
import fc from 'fast-check'
import { LeaseLife, windowMs } from './lease-life.ts'
import { search, upTo } from './search.ts'

const percent = fc.oneof(fc.constantFrom(0, 100), fc.nat({ max: 100 }))
const which = fc.nat({ max: 9 })
const of = <T extends string>(...verbs: readonly T[]) => fc.constantFrom(...verbs)

const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: of('open'), percent }) },
  { weight: 6, arbitrary: fc.record({ do: of('close', 'lose', 'correct'), which, percent }) },
  { weight: 1, arbitrary: fc.record({ do: of('end'), reason: of('completed', 'revoked', 'expired') }) },
  { weight: 1, arbitrary: fc.record({ do: of('pay') }) },
  { weight: 2, arbitrary: fc.record({ do: of('pass'), ms: fc.constantFrom(1, windowMs - 1, windowMs) }) },
)
/** Of what is locked, in percent, for a lease on credit. */
const funds = fc.option(percent, { nil: undefined })
/** So that what was deposited twice can still be counted. */
const most = 10n ** 38n
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

/** @returns how many steps were taken */
export async function searchEscrow(runs: number): Promise<number> {
  let steps = 0
  await search(
    fc.property(
      upTo(most, 1n),
      funds,
      fc.array(step, { maxLength: 40, size: 'max' }),
      (locked, has, life) => {
        const lease = new LeaseLife(locked, has === undefined ? undefined : (locked * BigInt(has)) / 100n)
        for (const each of life) {
          take(lease, each)
          lease.check()
          steps++
        }
        lease.runOut()
      },
    ),
    runs,
  )
  return steps
}

function take(lease: LeaseLife, step: Step): void {
  switch (step.do) {
    case 'open':
      return lease.open(step.percent)
    case 'close':
      return lease.close(step.which, false, step.percent)
    case 'correct':
      return lease.close(step.which, true, step.percent)
    case 'lose':
      return lease.lose(step.which, step.percent)
    case 'end':
      return lease.end(step.reason)
    case 'pay':
      return lease.pay()
    case 'pass':
      return lease.pass(step.ms)
  }
}
