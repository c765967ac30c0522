import { describe, expect, it } from 'vitest'
import type {
  AnyAgentTool,
  OpenClawPluginApi,
  OpenClawPluginToolContext,
} from 'openclaw/plugin-sdk/plugin-entry'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { allCapabilities } from '../plugin/all-capabilities.ts'
import { groups } from '../capabilities/capability.ts'
import { publishAsNode, testWorld, type Json } from '../plugin/world.fixture.ts'
import { registerTools } from './tools.ts'
import { mostCharacters, withinLimit } from './tool-answer.ts'

type Build = (ctx: OpenClawPluginToolContext) => AnyAgentTool

/** What the host is given, for a sender who is the owner or not. */
function toolsFor(senderIsOwner: boolean | undefined): ReadonlyMap<string, AnyAgentTool> {
  const built = new Map<string, AnyAgentTool>()
  const ctx = (senderIsOwner === undefined ? {} : { senderIsOwner }) as OpenClawPluginToolContext
  const api = {
    registerTool: (build: Build, { name }: { name: string }) => void built.set(name, build(ctx)),
  } as unknown as OpenClawPluginApi
  registerTools(
    api,
    allCapabilities({ url: 'http://localhost', domain: 'localhost', chainIds: [] }),
    (name) => name,
  )
  return built
}

async function run(tools: ReadonlyMap<string, AnyAgentTool>, name: string, params: object) {
  const tool = tools.get(name)
  if (tool === undefined) throw new Error(`no tool ${name}`)
  const { content, details } = await tool.execute('call-1', params)
  const [part] = content
  const text = part?.type === 'text' ? part.text : ''
  expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(details)))
  return { text, answer: JSON.parse(text) as Json }
}

describe('the tools', () => {
  it('are those of the manifest; the two that open the rest are in the direct view', () => {
    const manifest = JSON.parse(
      readFileSync(join(import.meta.dirname, '..', '..', 'openclaw.plugin.json'), 'utf8'),
    ) as {
      contracts: { tools: string[] }
    }
    const tools = toolsFor(true)
    expect([...tools.keys()]).toEqual(manifest.contracts.tools)
    const direct = [...tools].filter(([, tool]) => (tool as unknown as Json)['catalogMode'] === 'direct-only')
    expect(direct.map(([name]) => name)).toEqual(['web3_capabilities', 'web3_call'])
  })

  it('tell a stranger nothing of the config, and the owner what is wrong with it', async () => {
    await testWorld({ config: { markts: [] } })
    const call = (owner: boolean) => run(toolsFor(owner), 'web3_call', { name: 'web3.status.summary' })
    expect((await call(true)).text).toContain('/markts')
    const { text, answer } = await call(false)
    expect(answer).toMatchObject({ ok: false, error: 'E_UNAVAILABLE' })
    expect(text).not.toContain('markts')
  })

  it('describe one capability or one group, not both', async () => {
    await testWorld()
    const params = { name: 'web3.search.query', group: 'search' }
    expect((await run(toolsFor(true), 'web3_capabilities', params)).answer).toMatchObject({
      error: 'E_INVALID_ARGUMENT',
      details: { pointer: '/group', rule: 'one-of' },
    })
  })

  it('show each group whole, and the list', async () => {
    await testWorld()
    const tools = toolsFor(true)
    expect((await run(tools, 'web3_capabilities', {})).answer).toMatchObject({
      ok: true,
      capabilities: expect.any(Array),
    })
    for (const group of groups) {
      const { text, answer } = await run(tools, 'web3_capabilities', { group })
      expect(text.length).toBeLessThan(mostCharacters)
      expect(answer, group).toMatchObject({ ok: true, capabilities: expect.any(Array) })
    }
  })

  it('say of an answer that is too large that it is, and how to ask for less', async () => {
    await testWorld()
    const { text, answer } = await run(toolsFor(true), 'web3_call', { name: 'web3.capabilities.describe' })
    expect(text.length).toBeLessThanOrEqual(mostCharacters)
    expect(answer).toMatchObject({
      ok: true,
      tooLarge: {
        most: mostCharacters,
        characters: expect.any(Number),
        hint: expect.stringContaining('limit'),
      },
      beginning: expect.stringMatching(/^\{"ok":true,/),
    })
  })

  it('take the owner’s word only when the host proves it', async () => {
    const world = await testWorld()
    await publishAsNode(world, 'search')
    for (const owner of [false, undefined]) {
      const tools = toolsFor(owner)
      expect((await run(tools, 'web3_search', { q: 'tides' })).answer).toMatchObject({ error: 'E_FORBIDDEN' })
      const named = { name: 'web3.storage.put', params: { path: 'a', text: 'b' } }
      expect((await run(tools, 'web3_call', named)).answer).toMatchObject({ error: 'E_FORBIDDEN' })
      expect((await run(tools, 'web3_call', { name: 'web3.resources.list' })).answer).toMatchObject({
        ok: true,
        resources: [{}],
      })
    }
    expect((await run(toolsFor(true), 'web3_search', { q: 'tides' })).answer).toMatchObject({
      error: 'E_NOT_FOUND',
    })
  })

  it('refuse what is malformed with pointer and rule, and what is for other doors', async () => {
    await testWorld()
    const tools = toolsFor(true)
    const cases = [
      ['web3_call', {}, '/name', 'required'],
      ['web3_call', { name: 'web3.resources.list', params: { limit: 0 } }, '/limit', 'minimum'],
      ['web3_capabilities', { group: 7 }, '/group', 'type'],
      ['web3_search', { q: 'x', extra: 1 }, '/extra', 'additionalProperties'],
    ] as const
    for (const [name, params, pointer, rule] of cases) {
      expect((await run(tools, name, params)).answer).toMatchObject({
        error: 'E_INVALID_ARGUMENT',
        details: { pointer, rule },
      })
    }
    const address = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'
    const signIn = { name: 'web3.siwe.challenge', params: { address } }
    expect((await run(tools, 'web3_call', signIn)).answer).toMatchObject({ error: 'E_FORBIDDEN' })
  })
})

describe('the limit of an answer', () => {
  it('leaves smaller ones and failures as they are, and no half character at the end', () => {
    const small = { ok: true, text: 'x'.repeat(mostCharacters - 30) } as const
    expect(withinLimit(small, 'less')).toBe(small)
    const failure = { ok: false, error: 'E_CONFLICT', message: 'x'.repeat(mostCharacters) } as const
    expect(withinLimit(failure, 'less')).toBe(failure)
    for (const text of [
      '"'.repeat(40_000),
      '😀'.repeat(20_000),
      `x${'😀'.repeat(20_000)}`,
      '\u0001'.repeat(40_000),
    ]) {
      const shown = JSON.stringify(withinLimit({ ok: true, text }, 'less'))
      expect(shown.length).toBeLessThanOrEqual(mostCharacters)
      expect(shown.isWellFormed()).toBe(true)
      expect(shown).not.toMatch(/\\ud[89a-f]/i)
    }
  })
})
