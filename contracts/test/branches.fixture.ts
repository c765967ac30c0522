/**
 * A function's tests, by the branches of its tree (contracts/trees). Conditions are nested; a leaf says what the function then
 * does. The tests must be the tree's leaves, each once and no other, in its order.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

export const trees = join(import.meta.dirname, '..', 'trees')

export type Test = () => Promise<void>
export interface Branch {
  readonly [words: string]: Test | Branch
}

export function branches(name: string, tests: Branch): void {
  describe.each([name])('%s', () => {
    it('has a test of each leaf of its tree, and no other', () => {
      const tested = leavesIn(tests).map(([leaf]) => leaf)
      expect(tested).toEqual(leavesOf(readFileSync(join(trees, `${name}.tree`), 'utf8'), name))
    })

    it.each(leavesIn(tests))('%s', async (_, test) => {
      expect.hasAssertions()
      await test()
    })
  })
}

function leavesIn(tests: Branch): [leaf: string, test: Test][] {
  return Object.entries(tests).flatMap(([words, branch]) =>
    typeof branch === 'function'
      ? [[words, branch] satisfies [string, Test]]
      : leavesIn(branch).map(([leaf, test]) => [`${words} > ${leaf}`, test] satisfies [string, Test]),
  )
}

/** @returns each leaf with the conditions that lead to it */
export function leavesOf(tree: string, name: string): string[] {
  const [root, ...lines] = tree.trimEnd().split('\n')
  if (root !== name) throw new Error(`the tree of ${name} begins with ${root}`)
  const nodes = lines.map((line) => {
    const [, indent = '', words = ''] = /^((?:│ {3}| {4})*)[├└]── (\S.*)$/u.exec(line) ?? []
    if (words === '') throw new Error(`the tree of ${name}: ${line} is no branch`)
    return { depth: indent.length / 4, words }
  })
  const path: string[] = []
  return nodes.flatMap(({ depth, words }, i) => {
    path.length = depth
    path[depth] = words
    return (nodes[i + 1]?.depth ?? 0) > depth ? [] : [path.join(' > ')]
  })
}
