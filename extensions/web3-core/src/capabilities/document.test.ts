import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import { canonicalHash } from '@openclaw-market/protocol/canonical'
import { toFailure, universalErrors } from '@openclaw-market/protocol/errors'
import { codec, invalidArgument } from '@openclaw-market/protocol/schema/codec'
import { allCapabilities } from '../plugin/all-capabilities.ts'
import { groups } from './capability.ts'
import { codesOf } from './descriptor.ts'
import { CapabilityDocument } from './document.ts'
import { canonicalNaming } from './naming.ts'
import { describeAll, describeAt, registry } from './registry.ts'

const capabilities = allCapabilities({ url: 'http://localhost', domain: 'localhost', chainIds: [31_337] })
const all = registry(capabilities, canonicalNaming, () => undefined)
const whole = describeAll(all)
const names = whole.capabilities.map(({ name }) => name)
/** As it stands in an answer. */
const sizeOf = (document: CapabilityDocument) => JSON.stringify({ ok: true, ...document }).length
const each = capabilities.map((capability) => ({
  name: capability.contract.name,
  capability,
  document: all.document([capability]),
}))

/** METHODS.md, the groups that exist, and what `openclaw share` and the statements of conversations stand on. */
const contractNames = [
  'capabilities.list capabilities.describe siwe.challenge siwe.verify siwe.logout',
  'wallet.status wallet.bind wallet.unbind',
  'resources.publish resources.unpublish resources.list resources.get resources.quote resources.lease',
  'resources.revokeLease resources.completeLease resources.leases resources.status',
  'model.chat search.query storage.put storage.get storage.list billing.summary billing.status billing.withdraw',
  'billing.credit.open billing.credit.close billing.credit.list billing.credit.settle status.summary',
  'share.find share.start share.status share.stop',
  'billing.statements',
  'billing.policy.get billing.policy.set audit.query audit.prove audit.checkpoint audit.verify',
].flatMap((line) => line.split(' ').map((name) => `web3.${name}`))

/** What a reader that knows nothing of ours makes of a schema. */
const validator = new Ajv2020({ strict: false, validateFormats: false })

/** Every name of `$defs` that is referred to in it, or in what it refers to. @throws when a reference points nowhere */
function references(part: unknown, $defs: Readonly<Record<string, unknown>>, seen = new Set<string>()) {
  for (const [, name = ''] of JSON.stringify(part).matchAll(/"\$ref":"#\/\$defs\/(\w+)"/g)) {
    if (seen.has(name)) continue
    seen.add(name)
    if ($defs[name] === undefined) throw new Error(`${name} is not defined`)
    references($defs[name], $defs, seen)
  }
  return seen
}

describe('the document', () => {
  it('has what METHODS names, and nothing else', () => {
    expect([...names].sort()).toEqual([...contractNames].sort())
  })

  it('is small enough to be read, whole and by group', () => {
    // The owner's programs read it all, and have room.
    for (const door of ['tool', 'api'] as const)
      expect(sizeOf(describeAt(all, door)), door).toBeLessThanOrEqual(60_000)
    const sizes = Object.fromEntries(groups.map((group) => [group, sizeOf(describeAll(all, group))]))
    for (const [group, size] of Object.entries(sizes)) expect(size, group).toBeLessThanOrEqual(29_000)
    for (const { name, document } of each) expect(sizeOf(document), name).toBeLessThanOrEqual(14_000)
  })

  it('has for a butler and a wallet what they can call, and all of it for the owner', () => {
    const through = (door: 'tool' | 'api') =>
      capabilities.filter(({ facts }) => facts.doors.includes(door)).map(({ contract }) => contract.name)
    const told = (door: 'tool' | 'api') => describeAt(all, door).capabilities.map(({ name }) => name)
    expect(told('tool')).toEqual(through('tool'))
    expect(through('tool')).not.toContain('web3.share.start')
    // Of all wallets one alone looks after the budget; what it reads of that it reads by name.
    const ownersWallets = ['web3.billing.policy.get', 'web3.billing.policy.set']
    expect(through('api')).toEqual(expect.arrayContaining(ownersWallets))
    expect(told('api')).toEqual(through('api').filter((name) => !ownersWallets.includes(name)))
    expect(describeAt(all, 'gateway').capabilities.map(({ name }) => name)).toEqual(names)
  })

  it('is what describe says that it is, with a hash over its content that changes with it', () => {
    const documents = [
      whole,
      ...groups.map((group) => describeAll(all, group)),
      ...each.map(({ document }) => document),
    ]
    for (const document of documents) {
      expect(codec(CapabilityDocument).problem(document)).toBeUndefined()
      const { version, hash, tokens, ...content } = document
      expect([version, hash]).toEqual(['1', canonicalHash(content)])
      expect(tokens).toBe(Math.ceil(JSON.stringify(content).length / 4))
    }
    const off = registry(capabilities, canonicalNaming, () => 'off')
    expect(describeAll(off).hash).not.toBe(whole.hash)
  })

  it('refers to what stands in it, defines nothing in vain, and says each thing once', () => {
    for (const document of [whole, ...each.map((e) => e.document)]) {
      const used = new Set<string>()
      for (const { paramsSchema, returns } of document.capabilities) {
        references([paramsSchema, returns.schema ?? {}], document.$defs, used)
      }
      expect([...used].sort()).toEqual(Object.keys(document.$defs).sort())
    }
    const texts = Object.values(whole.$defs).map((schema) => JSON.stringify(schema))
    expect(new Set(texts).size).toBe(texts.length)
  })

  it('names shapes, predicates and capabilities that exist', () => {
    for (const descriptor of whole.capabilities) {
      for (const { name } of descriptor.next) expect(names).toContain(name)
      for (const { is } of [...descriptor.prerequisites, ...descriptor.effects, ...(descriptor.finds ?? [])])
        expect(whole.predicates).toHaveProperty(is)
      for (const [, shape] of descriptor.returns.fields.matchAll(/\+(\w+)/g))
        expect(whole.shapes).toHaveProperty(shape ?? '')
    }
    for (const { obtainedBy, foundBy = [] } of Object.values(whole.predicates))
      for (const name of [...obtainedBy, ...foundBy]) expect(names).toContain(name)
    // What the operator alone, or whatever one does, can bring about says so; all else has a capability that does.
    const given = Object.entries(whole.predicates).filter(([, { obtainedBy }]) => obtainedBy.length === 0)
    expect(given.map(([is]) => is).sort()).toEqual([
      'backend_configured',
      'credit_held',
      'currency_dealt',
      'event_logged',
      'funds_available',
      'owners_side',
      'share_possible',
    ])
  })

  it('has the whole schema of every answer when it is asked to', () => {
    const schemas = describeAll(all, undefined, 'schema').capabilities.map(({ returns }) => returns.schema)
    expect(schemas).not.toContain(undefined)
    expect(whole.capabilities.map(({ returns }) => returns.schema)).toEqual(names.map(() => undefined))
    const [one] = all.document(capabilities.slice(0, 1), 'outline').capabilities
    expect(one?.returns).not.toHaveProperty('schema')
  })

  it('leaves no template in any text', () => {
    expect(JSON.stringify(whole)).not.toContain('{{')
  })
})

describe.each(each)('$name', ({ capability, document }) => {
  const { contract, facts } = capability
  const [descriptor] = document.capabilities
  if (descriptor === undefined) throw new Error('no descriptor')
  const holds = validator.compile({ ...descriptor.paramsSchema, $defs: document.$defs })

  it('has a schema that takes its valid example and refuses its invalid one, for a validator that knows only the text', () => {
    expect(codec(contract.params).problem(facts.examples.valid)).toBeUndefined()
    expect(holds(descriptor.examples.valid)).toBe(true)
    expect(holds(descriptor.examples.invalid.params)).toBe(false)
    expect(holds({ ...descriptor.examples.valid, unknown: 1 })).toBe(false)
  })

  it('shows the error that its invalid example gets', () => {
    const problem = codec(contract.params).problem(facts.examples.invalid)
    expect(problem).toBeDefined()
    if (problem === undefined) return
    const { params: _, rule, ...shown } = descriptor.examples.invalid
    expect(toFailure(invalidArgument(problem))).toMatchObject({ ok: false, details: { rule }, ...shown })
  })

  it('says what each of its codes means and how to go on after it', () => {
    const meant = { ...document.everyCall.anyDoor, ...document.everyCall.api, ...descriptor.errors }
    for (const code of [...codesOf(capability), ...universalErrors, ...contract.errors]) {
      expect(meant, code).toHaveProperty(code)
      expect(meant[code]?.length, code).toBeGreaterThan(10)
      expect(meant[code], code).not.toContain('E_')
      expect(
        Object.values(document.retry)
          .flat()
          .filter((each) => each === code),
        code,
      ).toHaveLength(1)
    }
  })

  it('names every field of its answer', () => {
    const fields = [descriptor.returns.fields, ...Object.values(document.shapes)].join(', ')
    for (const field of Object.keys(contract.result.properties))
      expect(fields.split(/[^$\w]+/)).toContain(field)
    expect(descriptor.returns.schema).toBeDefined()
  })
})
