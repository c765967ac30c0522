/** Every claim of docs/security.md names what enforces it and what would notice its loss; here both are shown to be so. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { securityPage } from '../../scripts/security-page.ts'
import { repository } from '../copy.ts'
import { diceOf, replayLine, seedOfRun, sized } from '../run.ts'
import type { Claim } from './claim.ts'
import { claims } from './claims.ts'
import { withLoss } from './loss.ts'
import { searchLosses } from './search.ts'

const read = (file: string): string => readFileSync(join(repository, file), 'utf8')

describe('the claims', () => {
  it('name functions, tests and lines that are there', () => {
    const texts = new Map<string, string>()
    const textOf = (file: string): string => {
      const text = texts.get(file) ?? read(file)
      texts.set(file, text)
      return text
    }
    const wrong = claims.flatMap((claim) => [
      ...(declares(textOf(claim.file), claim.enforcedBy)
        ? []
        : [`${claim.enforcedBy} is not in ${claim.file}`]),
      ...(hasTest(textOf(claim.caughtBy.file), claim.caughtBy.test)
        ? []
        : [`"${claim.caughtBy.test}" is no test of ${claim.caughtBy.file}`]),
      ...problemWithLoss(claim),
    ])
    expect(wrong).toEqual([])
  })

  it('are each one of their own', () => {
    expect(new Set(claims.map(({ claim }) => claim)).size).toBe(claims.length)
    const losses = claims.map(({ file, loss }) => `${file}\n${loss.line}\n${loss.replacement}`)
    expect(losses.filter((loss, at) => losses.indexOf(loss) !== at)).toEqual([])
  })

  it('are what docs/security.md says', () => {
    expect(read('docs/security.md'), 'run: node scripts/write-security.ts').toBe(securityPage())
  })
})

it('a claim that has lost its enforcement fails its test, which passes otherwise', async () => {
  const quick = claims.filter(({ caughtBy }) => !caughtBy.file.startsWith('gates/'))
  const chosen = sized([diceOf(seedOfRun()).one(quick)], claims)
  expect(await searchLosses(chosen), replayLine('claims')).toEqual([])
  process.stdout.write(`claims: ${claims.length} claims, ${chosen.length} losses, 0 unnoticed\n`)
})

function problemWithLoss(claim: Claim): readonly string[] {
  try {
    return withLoss(claim) === read(claim.file) ? [`"${claim.claim}": its loss changes nothing`] : []
  } catch (error) {
    return [String(error)]
  }
}

/** A function, a constant or a class; or a method. */
function declares(text: string, name: string): boolean {
  return new RegExp(`\\b(function|const|class) ${name}\\b|^ +(async )?${name}[(<]`, 'm').test(text)
}

function hasTest(text: string, title: string): boolean {
  return ["'", '"', '`'].some(
    (quote) => text.includes(`(${quote}${title}${quote},`) || text.includes(`    ${quote}${title}${quote},`),
  )
}
