import Database from 'better-sqlite3'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { allCollections } from '@openclaw-market/protocol/entities/all'
import { backends, does } from '../market.fixture.ts'
import { busyMarket, type BusyMarket } from './busy-market.fixture.ts'
import { budgetDamages } from './budget-damages.fixture.ts'
import { chainDamages } from './chain-damages.fixture.ts'
import { damages, drop, some, type Damage } from './damages.fixture.ts'
import { Findings, mostFindings } from './findings.ts'
import { statementDamages } from './statement-damages.fixture.ts'
import { verifyStore } from './verify-store.ts'
import { verifyRecords } from './verify-records.ts'

const everyDamage = { ...damages, ...budgetDamages, ...statementDamages, ...chainDamages }

class Undo extends Error {}

/** What verification says of the store as it would be, and nothing of it stays. */
async function verifyAfter(market: BusyMarket, damage: Damage) {
  const { store, address, chainId } = market.world.market
  let found: Awaited<ReturnType<typeof verifyRecords>> | undefined
  const undone = store.write(async (tx) => {
    await damage(tx, market)
    found = await verifyRecords(tx, { market: address, chainId })
    throw new Undo()
  })
  await expect(undone).rejects.toThrow(Undo)
  if (found === undefined) throw new Error('nothing was verified')
  return found
}

describe.each(backends)('verification on %s', (backend) => {
  it('finds nothing where some of everything has happened, and has looked at all of it', async () => {
    const { world } = await busyMarket(backend)
    const { holds, findings, checked, more } = await does(world, verifyStore, {}, world.operator)
    expect({ findings, holds, more }).toEqual({ findings: [], holds: true, more: 0 })
    expect(checked.map(({ collection }) => collection)).toEqual(allCollections.map(({ name }) => name))
    expect(checked.filter(({ records: count }) => count === 0)).toEqual([])
    expect(world.defects).toEqual([])
  })

  it('names what was planted by its rule', async () => {
    const market = await busyMarket(backend)
    const unnamed = []
    for (const [rule, damage] of Object.entries(everyDamage)) {
      const { findings } = await verifyAfter(market, damage)
      if (!findings.some((finding) => finding.rule === rule))
        unnamed.push({ rule, instead: findings.map((finding) => `${finding.rule}: ${finding.message}`) })
    }
    expect(unnamed).toEqual([])
  })

  it('says nothing that may be private', async () => {
    const market = await busyMarket(backend)
    const secrets = new Set<string>()
    const { findings } = await verifyAfter(market, async (tx) => {
      for (const of of allCollections) {
        for (const entity of await some(tx, of, () => true)) {
          for (const field of [...of.secrets, 'signature', 'nonce', 'memo', 'label'])
            if (typeof entity[field] === 'string') secrets.add(entity[field])
          await drop(tx, of, entity)
          await tx.insert(of, { ...entity, unheardOf: 'a private word', rev: 0 })
        }
      }
    })
    secrets.add('a private word')
    expect(secrets.size).toBeGreaterThan(10)
    expect(new Set(findings.map(({ rule }) => rule))).toContain('record.schema')
    for (const secret of secrets) expect(JSON.stringify(findings)).not.toContain(secret)
  })

  it('is for operators alone', async () => {
    const { world, buyer } = await busyMarket(backend)
    for (const who of [buyer.who, world.node, { kind: 'anyone' } as const])
      expect(await world.market.run(verifyStore, {}, who)).toMatchObject({ ok: false })
  })
})

it('keeps to its bound, and counts the rest', () => {
  const findings = new Findings()
  for (let n = 0; n < mostFindings + 3; n++) findings.add('a.rule', `record ${n}`, 'does not hold')
  expect([findings.kept.length, findings.more]).toEqual([mostFindings, 3])
})

it('finds a record that lacks any one of its fields, and trips over none', async () => {
  const market = await busyMarket('file')
  let lacking = 0
  for (const of of allCollections) {
    const required: readonly string[] = of.schema.required ?? []
    for (const field of required.filter((name) => name !== of.key && name !== 'rev')) {
      const { findings } = await verifyAfter(market, async (tx) => {
        const [entity = {}] = await some(tx, of, () => true)
        await drop(tx, of, entity)
        await tx.insert(of, { ...entity, [field]: undefined, rev: 0 })
      })
      const message = `/${field} is required`
      expect(findings).toContainEqual(expect.objectContaining({ rule: 'record.schema', message }))
      lacking++
    }
  }
  expect(lacking).toBeGreaterThan(100)
})

describe('a record that cannot be read', () => {
  it('is a finding, and the rest is checked', async () => {
    const { world, leases: taken } = await busyMarket('sqlite')
    const database = new Database(join(world.options.storeDirectory, 'market.db'))
    database.prepare('UPDATE lease SET body = ? WHERE key = ?').run('{', taken.completed)
    database.close()
    const { holds, findings, checked } = await does(world, verifyStore, {}, world.operator)
    expect(holds).toBe(false)
    expect(findings).toContainEqual(expect.objectContaining({ rule: 'record.readable', object: 'lease' }))
    expect(checked.find(({ collection }) => collection === 'lease')?.records).toBeGreaterThan(2)
    expect(findings.map(({ object }) => object)).not.toContain(taken.running)
  })
})
