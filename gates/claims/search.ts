/** Looks for losses that nothing notices: each claim loses its enforcement, and each test is run once without a loss. */
import { copyOfRepository, type Copy } from '../copy.ts'
import type { Claim } from './claim.ts'
import { failsAnyway, survives } from './loss.ts'

/** Two at a time, each in a copy of its own. @returns what is wrong with the claims, or with their tests */
export async function searchLosses(claims: readonly Claim[]): Promise<readonly string[]> {
  const wrong: string[] = []
  const waiting: ((copy: Copy) => Promise<void>)[] = [
    ...byTestFile(claims).map(
      (of) => async (copy: Copy) => void wrong.push(...(await failsAnyway(copy, of))),
    ),
    ...claims.map((claim) => async (copy: Copy) => {
      const problem = await survives(copy, claim)
      if (problem !== undefined) wrong.push(problem)
    }),
  ]
  const worker = async (): Promise<void> => {
    const copy = copyOfRepository()
    try {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await next(copy)
    } finally {
      copy.remove()
    }
  }
  await Promise.all([worker(), worker()])
  return wrong
}

function byTestFile(claims: readonly Claim[]): readonly (readonly Claim[])[] {
  return [...Map.groupBy(claims, ({ caughtBy }) => caughtBy.file).values()]
}
