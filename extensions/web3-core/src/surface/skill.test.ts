import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { isErrorCode } from '@openclaw-market/protocol/errors'
import { allCapabilities } from '../plugin/all-capabilities.ts'
import { allCommands } from './commands/all-commands.ts'

const root = join(import.meta.dirname, '..', '..')
const skill = readFileSync(join(root, 'skills/web3-market/SKILL.md'), 'utf8')
const manifest = JSON.parse(readFileSync(join(root, 'openclaw.plugin.json'), 'utf8')) as {
  readonly skills: readonly string[]
  readonly contracts: { readonly tools: readonly string[] }
  readonly cliCommands: readonly { readonly name: string }[]
}
const capabilities = allCapabilities({ url: 'http://localhost', domain: 'localhost', chainIds: [] })

function named(form: RegExp): string[] {
  const names = [...skill.matchAll(form)].map(([, name = '']) => name)
  expect(names.length).toBeGreaterThan(0)
  return [...new Set(names)]
}

describe('the skill', () => {
  it('is found by the manifest, and introduces itself in one short line', () => {
    expect(manifest.skills).toEqual(['./skills'])
    expect(skill).toMatch(/^---\nname: web3-market\ndescription: .{20,159}\n---\n/)
  })

  it('takes under 1,500 tokens, at three bytes each, which English text does not reach', () => {
    expect(Math.ceil(Buffer.byteLength(skill) / 3)).toBeLessThan(1_500)
  })

  it('names only capabilities, tools, commands and errors that there are', () => {
    const butlers = capabilities.filter(({ facts }) => facts.doors.includes('tool'))
    for (const name of named(/`(web3\.[A-Za-z.]+)/g)) {
      expect(butlers.map(({ contract }) => contract.name)).toContain(name)
    }
    for (const name of named(/`(web3_[a-z_]+)/g)) expect(manifest.contracts.tools).toContain(name)
    for (const name of named(/`\/([a-z_]+)/g)) expect(allCommands.map((c) => c.name)).toContain(name)
    for (const code of named(/(E_[A-Z_]+)/g)) expect(isErrorCode(code), code).toBe(true)
    for (const verb of named(/`openclaw ([a-z0-9]+)/g)) {
      expect(manifest.cliCommands.map((command) => command.name)).toContain(verb)
    }
  })

  it('gives every parameter in a call by a name that its capability has', () => {
    const calls = [...skill.matchAll(/`(web3\.[A-Za-z.]+) \{ ([^}]*) \}/g)]
    expect(calls.length).toBeGreaterThan(2)
    for (const [, name = '', fields = ''] of calls) {
      const found = capabilities.find(({ contract }) => contract.name === name)
      for (const field of fields.split(', ')) {
        expect(Object.keys(found?.contract.params.properties ?? {}), `${name} ${field}`).toContain(field)
      }
    }
  })
})
