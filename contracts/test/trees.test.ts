import { auditAnchor } from '@openclaw-market/contracts/audit-anchor'
import { marketEscrow } from '@openclaw-market/contracts/market-escrow'
import { globSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { leavesOf, trees } from './branches.fixture.ts'

const written = readdirSync(trees).map((file) => file.replace(/\.tree$/, ''))
const functions = [...marketEscrow.abi, ...auditAnchor.abi].flatMap((each) =>
  each.type === 'function' ? [each.name] : [],
)

describe('the trees', () => {
  it('are of each function that can be called, and of no other', () => {
    expect(written.toSorted()).toEqual(functions.toSorted())
  })

  it('are tested each in one place (branches.fixture.ts holds the tests to the leaves)', () => {
    const tests = globSync('*.test.ts', { cwd: import.meta.dirname }).map((file) =>
      readFileSync(join(import.meta.dirname, file), 'utf8'),
    )
    const tested = tests.flatMap((text) =>
      [...text.matchAll(/^branches\('(\w+)'/gm)].map(([, name = '']) => name),
    )
    expect(tested.toSorted()).toEqual(written.toSorted())
  })

  it.each(written)('%s has no leaf twice, and each says what it does', (name) => {
    const leaves = leavesOf(readFileSync(join(trees, `${name}.tree`), 'utf8'), name)
    expect(new Set(leaves).size).toBe(leaves.length)
    for (const leaf of leaves) expect(leaf).toMatch(/(^| > )it [^>]+$/)
    for (const condition of leaves.flatMap((leaf) => leaf.split(' > ').slice(0, -1)))
      expect(condition).toMatch(/^(when|given) /)
  })
})
