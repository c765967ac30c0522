import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { methodReference } from './method-reference.ts'

it('docs/methods.md says what the registries say', () => {
  const written = readFileSync(join(import.meta.dirname, '..', 'docs', 'methods.md'), 'utf8')
  expect(written, 'run: node scripts/write-methods.ts').toBe(methodReference())
})
