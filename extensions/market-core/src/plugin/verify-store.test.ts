import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, it } from 'vitest'
import {
  backends,
  fundedWallet,
  openWorld,
  takeLease,
  publish,
  type World,
} from '../market/market.fixture.ts'
import { marketMethods } from './methods.ts'

async function verify({ market, operator }: World) {
  const method = marketMethods.find(({ contract }) => contract.name === 'market.store.verify')
  if (method === undefined) throw new Error('there is no such method')
  return method.call(market, {}, operator)
}

/** As a disk might: one letter of one record is another. */
function damage({ options: { backend, storeDirectory } }: World): void {
  if (backend === 'sqlite') {
    const database = new Database(join(storeDirectory, 'market.db'))
    database.exec(`UPDATE offer SET body = replace(body, '"api"', '"abi"')`)
    database.close()
    return
  }
  const journal = join(
    storeDirectory,
    readdirSync(storeDirectory).find((name) => name.startsWith('journal-')) ?? '',
  )
  writeFileSync(journal, readFileSync(journal, 'utf8').replace('"api"', '"abi"'))
}

it.each(backends)(
  'tells an operator whether the records on disk hold, and are as written, on %s',
  async (backend) => {
    const world = await openWorld(backend)
    await takeLease(world, await fundedWallet(world, 100n), {
      resourceId: await publish(world),
      maxCost: 100n,
    })
    expect(await verify(world)).toMatchObject({ ok: true, holds: true, findings: [], more: 0 })
    damage(world)
    const damaged = await verify(world)
    expect(damaged).toMatchObject({ ok: true, holds: false })
    expect(damaged.ok && damaged['findings']).toContainEqual({
      rule: 'store.damage',
      object: backend,
      message: expect.not.stringContaining(world.options.storeDirectory),
    })
  },
)
