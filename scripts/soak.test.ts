import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, it } from 'vitest'

it.each([
  [['nothing'], 'there is no gate nothing'],
  [['crash', '--seed', '-1'], 'seed'],
  [['--seed', String(2 ** 31)], 'is not a whole number below 2^31'],
  [['--sead', '1'], '--sead'],
])('npm run soak -- %j says what is wrong with it, and which gates there are', (args, message) => {
  const { status, stderr } = spawnSync(process.execPath, [join(import.meta.dirname, 'soak.ts'), ...args], {
    encoding: 'utf8',
  })
  expect(status).toBe(2)
  expect(stderr).toContain(message)
  expect(stderr).toMatch(/usage: npm run soak .*\ngates: .*simulation/)
})
