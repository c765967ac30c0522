import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { compiledContracts } from '../../scripts/contract-build.ts'

it('what is in contracts/build is what the sources give (else: node scripts/build-contracts.ts)', async () => {
  const compiled = await compiledContracts()
  expect(compiled.size).toBe(2)
  for (const [path, text] of compiled) expect(readFileSync(path, 'utf8') === text, path).toBe(true)
})
