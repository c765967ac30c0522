/** A market whose files were changed while it was off, by somebody who has all of them. */
import { cpSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { Checkpoints, LogTiles, tileWidth } from '@openclaw-market/protocol/entities/log'
import { Events } from '@openclaw-market/protocol/entities/records'
import { openLogKey } from '../keys/log-key.ts'
import { deposit } from '../market/accounts/deposit.ts'
import { backends, openWorld, type World } from '../market/market.fixture.ts'
import { openMarket, type Market } from '../plugin/open-market.ts'
import { AuditLog } from './audit-log.ts'
import { checkpointFile } from './checkpoint-file.ts'

const events = { ...Events, keeping: 'ephemeral' as const }

async function grow(market: Market, by: number): Promise<void> {
  const gift = { to: market.address, currency: 'USDC', amount: '1', reason: 'a test' }
  for (let n = 0; n < by; n++)
    expect(await market.run(deposit, gift, { kind: 'operator', actorId: market.address })).toMatchObject({
      ok: true,
    })
}

/** Four events, signed, and the market is off. */
async function closedWorld(backend: (typeof backends)[number]): Promise<World> {
  const world = await openWorld(backend)
  await grow(world.market, 4)
  await world.market.close()
  return world
}

async function sizeOf({ options }: World): Promise<number> {
  const market = await openMarket(options)
  const { holds, size } = await market.log.verify()
  expect(holds).toBe(true)
  await market.close()
  return size
}

async function refusal({ options }: World): Promise<unknown> {
  return openMarket(options).then(
    async (market) => market.close(),
    (error: unknown) => error,
  )
}

const said = (message: string, hint: string) => ({
  code: 'E_UNAVAILABLE',
  message: expect.stringContaining(message),
  hint: expect.stringContaining(hint),
})

describe.each(backends)('over another past, on %s, a market does not open', (backend) => {
  it('when its store is an older copy, until the file beside it is removed', async () => {
    const world = await closedWorld(backend)
    const { storeDirectory, checkpointFile } = world.options
    const copy = join(dirname(storeDirectory), 'copy')
    cpSync(storeDirectory, copy, { recursive: true })
    const market = await openMarket(world.options)
    await grow(market, 2)
    await market.close()
    rmSync(storeDirectory, { recursive: true })
    cpSync(copy, storeDirectory, { recursive: true })
    const ahead = said(
      'has 4 events, and the checkpoint of 6 events was signed',
      'remove the file "log-checkpoint"',
    )
    expect(await refusal(world)).toMatchObject(ahead)
    // Being refused changes nothing.
    expect(await refusal(world)).toMatchObject(ahead)
    rmSync(checkpointFile)
    expect(await sizeOf(world)).toBe(4)
  })

  it('when its store is gone', async () => {
    const world = await closedWorld(backend)
    const { storeDirectory } = world.options
    const aside = join(dirname(storeDirectory), 'aside')
    renameSync(storeDirectory, aside)
    expect(await refusal(world)).toMatchObject(said('has 0 events', 'Put the newer store back'))
    rmSync(storeDirectory, { recursive: true })
    renameSync(aside, storeDirectory)
    expect(await sizeOf(world)).toBe(4)
  })

  it('when its key is another, until that is put back', async () => {
    const world = await closedWorld(backend)
    const key = join(world.options.keyDirectory, 'log-key.json')
    renameSync(key, `${key}.aside`)
    expect(await refusal(world)).toMatchObject(said("was not signed by this log's key", 'log-key.json'))
    rmSync(world.options.checkpointFile)
    expect(await refusal(world)).toMatchObject(said('the newest checkpoint in the store', 'log-key.json'))
    renameSync(`${key}.aside`, key)
    expect(await sizeOf(world)).toBe(4)
  })

  it('when two events have changed places', async () => {
    const world = await closedWorld(backend)
    const market = await openMarket(world.options)
    await market.store.write(async (tx) => {
      const [one, other] = (await tx.list(Events, { order: 'oldest', limit: 4 })).items.slice(1)
      if (one === undefined || other === undefined) throw new Error('there are no events')
      await tx.remove(events, one.eventId)
      await tx.remove(events, other.eventId)
      await tx.insert(Events, { ...one, eventId: other.eventId })
      await tx.insert(Events, { ...other, eventId: one.eventId })
    })
    await market.store.close()
    expect(await refusal(world)).toMatchObject(said('events at index 0 to 3 is not what it was', 'backup'))
  })

  it('when the end was cut off together with what was signed of it in the store', async () => {
    const world = await closedWorld(backend)
    const market = await openMarket(world.options)
    await market.store.write(async (tx) => {
      const [last] = (await tx.list(Events, { limit: 1 })).items
      const [signed] = (await tx.list(Checkpoints, { limit: 1 })).items
      if (last === undefined || signed === undefined) throw new Error('nothing was signed')
      await tx.remove(events, last.eventId)
      await tx.remove({ ...Checkpoints, keeping: 'ephemeral' as const }, signed.checkpointKey)
    })
    await market.store.close()
    expect(await refusal(world)).toMatchObject(said('has 3 events', 'remove the file "log-checkpoint"'))
  })
})

describe.each(backends)('over a log that is too large to be read before, on %s', (backend) => {
  const large = async (world: World) => {
    const { market, options } = world
    const reports: unknown[] = []
    const log = new AuditLog({
      store: market.store,
      origin: market.log.key.split('+')[0] ?? '',
      signer: await openLogKey(options),
      file: checkpointFile(options.checkpointFile),
      now: market.now,
      report: (_what, error) => void reports.push(error),
      readAtStart: tileWidth,
    })
    return { log, reports }
  }
  const rewritten = async (world: World, index: number): Promise<void> => {
    await world.market.store.write(async (tx) => {
      const { items } = await tx.list(Events, { order: 'oldest', limit: 4 * tileWidth })
      const event = items[index]
      if (event === undefined) throw new Error(`there is no event ${index}`)
      await tx.remove(events, event.eventId)
      await tx.insert(Events, { ...event, type: 'market.account.withdraw' })
    })
  }

  it('a market opens, and finds meanwhile what was rewritten', async () => {
    const world = await openWorld(backend)
    await grow(world.market, 2 * tileWidth + 5)
    await world.market.log.checkpoint()
    const sound = await large(world)
    await sound.log.open()
    expect((await sound.log.status()).past).toBe('checking')
    await vi.waitFor(async () => expect((await sound.log.status()).past).toBe('holds'))
    await rewritten(world, tileWidth + 3)
    const { log, reports } = await large(world)
    await log.open()
    await vi.waitFor(async () => expect((await log.status()).past).toBe('rewritten'))
    const error = said(`rewritten at index ${tileWidth + 3}: `, 'backup')
    expect(reports).toMatchObject([error])
    await expect(log.checkpoint()).rejects.toMatchObject(error)
  })

  it('a market does not open when its tree is another', async () => {
    const world = await openWorld(backend)
    await grow(world.market, 2 * tileWidth + 5)
    await world.market.log.checkpoint()
    await world.market.store.write(async (tx) => {
      const tile = await tx.get(LogTiles, '0/000000000001')
      if (tile === undefined) throw new Error('there is no tile')
      await tx.remove({ ...LogTiles, keeping: 'ephemeral' as const }, tile.tileKey)
      await tx.insert(LogTiles, { ...tile, hashes: `AAAA${tile.hashes.slice(4)}` })
    })
    const { log } = await large(world)
    await expect(log.open()).rejects.toMatchObject(
      said(`what it was when the checkpoint of ${2 * tileWidth + 5} events`, 'backup'),
    )
  })
})
