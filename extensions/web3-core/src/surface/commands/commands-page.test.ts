import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { allCommands } from './all-commands.ts'

const page = readFileSync(join(import.meta.dirname, '../../../../../docs/commands.md'), 'utf8')

it('the page of commands has every command as a list shows it, and no other', () => {
  const rows = page.split('\n').filter((line) => line.startsWith('| `/'))
  expect(rows).toEqual(
    allCommands.map(({ name, takes, description }) => {
      const said = takes === undefined ? `/${name}` : `/${name} ${takes}`
      return `| \`${said}\` | ${description} |`
    }),
  )
})

it('names are those of a command, and descriptions fit beside them', () => {
  for (const { name, description } of allCommands) {
    expect(name).toMatch(/^[a-z][a-z0-9_]{1,30}$/)
    expect(description).toMatch(/^[a-z].*[^.]$/)
    expect(description.length, name).toBeLessThanOrEqual(24)
  }
})
