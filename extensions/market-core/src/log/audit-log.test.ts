import { generateKeyPairSync, sign } from 'node:crypto'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { Checkpoints, LogTiles, tileWidth } from '@openclaw-market/protocol/entities/log'
import { Events, type Event } from '@openclaw-market/protocol/entities/records'
import type { EventId } from '@openclaw-market/protocol/ids'
import { anyCollection } from '@openclaw-market/protocol/collection'
import { backends, fund, openWorld, reopened, type World } from '../market/market.fixture.ts'
import { openMarket } from '../plugin/open-market.ts'
import type { WriteTx } from '../store/store.ts'
import { isConsistent, leafHash, rootFromInclusion } from './merkle.ts'
import { openNote, readCheckpoint, signNote } from './signed-note.ts'

const events = { ...Events, keeping: 'ephemeral' as const }

async function grow(world: World, by: number): Promise<void> {
  await Promise.all(Array.from({ length: by }, () => fund(world, world.market.address, 1n)))
}

async function eventAt({ market }: World, index: number): Promise<Event> {
  const items = []
  for (let cursor: string | undefined, more = true; more; more = cursor !== undefined) {
    const from = cursor === undefined ? {} : { cursor }
    const page = await market.store.read({ as: 'market' }, (tx) =>
      tx.list(Events, { order: 'oldest', limit: 1_000, ...from }),
    )
    items.push(...page.items)
    cursor = page.nextCursor
  }
  const event = items[index]
  if (event === undefined) throw new Error(`there is no event ${index}`)
  return event
}

function change(world: World, fn: (tx: WriteTx) => Promise<void>): Promise<void> {
  return world.market.store.write(fn)
}

/** By somebody who has the store's own tools. */
async function rewrite(world: World, index: number): Promise<EventId> {
  const event = await eventAt(world, index)
  await change(world, async (tx) => {
    await tx.remove(events, event.eventId)
    await tx.insert(Events, { ...event, type: 'market.account.withdraw' })
  })
  return event.eventId
}

/** Ends without signing what has come since. */
async function killed({ market }: World): Promise<void> {
  await market.store.close()
}

async function refusal(world: World): Promise<unknown> {
  await killed(world)
  return openMarket(world.options).then(
    async (market) => market.close(),
    (error: unknown) => error,
  )
}

/** Behind name and id; base64 has plus signs too. */
const publicKey = (key: string): Buffer =>
  Buffer.from(key.split('+').slice(2).join('+'), 'base64').subarray(1)

describe.each(backends)('the log on %s', (backend) => {
  it('has each event of every write, in order, and none of a write that failed', async () => {
    const world = await openWorld(backend)
    await grow(world, 3)
    const before = await world.market.log.status()
    expect(before.size).toBe(3)
    await expect(
      world.market.store.write(async (tx) => {
        await tx.insert(Events, { ...(await eventAt(world, 0)), eventId: world.market.ids.next('evt') })
        throw new Error('not this one')
      }),
    ).rejects.toThrow('not this one')
    await grow(world, 600)
    expect((await world.market.log.verify()).problem).toBeUndefined()
    expect(await world.market.log.verify()).toMatchObject({ holds: true, size: 603, upTo: 603 })
    const { items } = await world.market.store.read({ as: 'market' }, (tx) => tx.list(LogTiles, { limit: 9 }))
    expect(items.map(({ tileKey }) => tileKey)).toEqual(['0/000000000001', '0/000000000000'])
  })

  it('proves an event against what it has signed, and the signed as a beginning of what comes later', async () => {
    const world = await openWorld(backend)
    await grow(world, tileWidth + 7)
    const { log } = world.market
    for (const index of [0, 5, tileWidth - 1, tileWidth, tileWidth + 6]) {
      const { eventId } = await eventAt(world, index)
      const proof = await log.prove(eventId, undefined, { as: 'market' })
      expect(proof.index).toBe(index)
      const path = proof.proof.map((hash) => Buffer.from(hash, 'base64'))
      const root = rootFromInclusion(leafHash(proof.event), index, proof.checkpoint.size, path)
      expect(root?.toString('hex')).toBe(proof.checkpoint.rootHash)
      const [origin = ''] = proof.key.split('+')
      const head = readCheckpoint(openNote(proof.checkpoint.note, origin, publicKey(proof.key)) ?? '')
      expect(head).toEqual({ origin, size: tileWidth + 7, root })
    }
    const older = (await log.signed(undefined)).checkpoint
    await grow(world, 300)
    const { checkpoint: newer, since } = await log.signed(tileWidth + 7)
    if (older === undefined || newer === undefined) throw new Error('nothing is signed')
    const headOf = ({ size, rootHash }: typeof older) => ({ size, root: Buffer.from(rootHash, 'hex') })
    const path = since?.proof.map((hash) => Buffer.from(hash, 'base64')) ?? []
    expect(isConsistent(headOf(older), headOf(newer), path)).toBe(true)
    const late = await eventAt(world, tileWidth + 20)
    await expect(log.prove(late.eventId, older.size, { as: 'market' })).rejects.toMatchObject({
      code: 'E_CONFLICT',
    })
    await expect(log.prove(late.eventId, tileWidth * 100, { as: 'market' })).rejects.toMatchObject({
      code: 'E_CONFLICT',
    })
    await expect(log.signed(tileWidth * 100)).rejects.toMatchObject({ code: 'E_CONFLICT' })
  })

  it('signs at every sweep and at the end what has come since, once, and keeps it beside the store too', async () => {
    const world = await openWorld(backend)
    await grow(world, 2)
    await world.market.sweep(10)
    await world.market.sweep(10)
    const kept = await world.market.store.read({ as: 'market' }, (tx) => tx.list(Checkpoints, { limit: 9 }))
    expect(kept.items.map(({ size }) => size)).toEqual([2])
    expect(readFileSync(world.options.checkpointFile, 'utf8')).toBe(kept.items[0]?.note)
    await grow(world, 1)
    const again = await reopened(world)
    expect((await again.market.log.status()).checkpoint).toMatchObject({ size: 3 })
    expect(readFileSync(world.options.checkpointFile, 'utf8')).toContain('\n3\n')
    expect((await again.market.log.status()).key).toBe(world.market.log.key)
    expect(again.defects).toEqual([])
  })

  it('opens after a kill between the store and the file', async () => {
    const world = await openWorld(backend)
    await grow(world, 2)
    await world.market.log.checkpoint()
    const file = readFileSync(world.options.checkpointFile)
    await grow(world, 2)
    await world.market.log.checkpoint()
    await grow(world, 2)
    await killed(world)
    writeFileSync(world.options.checkpointFile, file)
    const again = await openMarket(world.options)
    expect(await again.log.verify()).toMatchObject({ holds: true, size: 6 })
    await again.close()
  })

  it.each([0, 5, tileWidth - 1, tileWidth + 2])('does not open with event %i rewritten', async (index) => {
    const world = await openWorld(backend)
    await grow(world, tileWidth + 5)
    await world.market.log.checkpoint()
    await rewrite(world, index)
    expect(await refusal(world)).toMatchObject({
      code: 'E_UNAVAILABLE',
      message: expect.stringMatching(
        index < tileWidth
          ? new RegExp(`rewritten at index ${index}: `)
          : `at index 0 to ${tileWidth + 4} .* checkpoint of ${tileWidth + 5} events`,
      ),
      hint: expect.stringContaining('backup'),
    })
  })

  it('says between which checkpoints the rewritten event stands', async () => {
    const world = await openWorld(backend)
    for (let n = 0; n < 3; n++) {
      await grow(world, 4)
      await world.market.log.checkpoint()
    }
    await rewrite(world, 6)
    expect(String(await refusal(world))).toContain('index 4 to 7')
  })

  it.each([
    ['an event taken out of a tile', 3, 'index 3'],
    ['an event taken out after it', tileWidth + 1, `${tileWidth + 4} events`],
  ])('does not open with %s', async (_what, index, said) => {
    const world = await openWorld(backend)
    await grow(world, tileWidth + 5)
    await world.market.log.checkpoint()
    const { eventId } = await eventAt(world, index)
    await change(world, (tx) => tx.remove(events, eventId))
    expect(String(await refusal(world))).toContain(said)
  })

  it('does not open with a checkpoint that another key signed', async () => {
    const world = await openWorld(backend)
    await grow(world, 3)
    const kept = await world.market.log.checkpoint()
    if (kept === undefined) throw new Error('nothing is signed')
    const [origin = ''] = world.market.log.key.split('+')
    const said = openNote(kept.note, origin, publicKey(world.market.log.key)) ?? ''
    const pair = generateKeyPairSync('ed25519')
    const note = signNote(said, origin, {
      publicKey: pair.publicKey.export({ format: 'der', type: 'spki' }).subarray(-32),
      sign: (message) => sign(null, message, pair.privateKey),
    })
    await change(world, async (tx) => {
      await tx.remove({ ...anyCollection(Checkpoints), keeping: 'ephemeral' }, kept.checkpointKey)
      await tx.insert(Checkpoints, { ...kept, note })
    })
    expect(await refusal(world)).toMatchObject({ message: expect.stringContaining('not signed') })
  })

  it('does not open over an older store than was signed, unless the file is removed', async () => {
    const world = await openWorld(backend)
    await grow(world, 3)
    await world.market.log.checkpoint()
    const [{ eventId }, kept] = [await eventAt(world, 2), await world.market.log.checkpoint()]
    await change(world, async (tx) => {
      await tx.remove(events, eventId)
      await tx.remove({ ...anyCollection(Checkpoints), keeping: 'ephemeral' }, kept?.checkpointKey ?? '')
    })
    expect(await refusal(world)).toMatchObject({
      message: expect.stringContaining('has 2 events'),
      hint: expect.stringContaining('log-checkpoint'),
    })
    rmSync(world.options.checkpointFile)
    const again = await openMarket(world.options)
    expect((await again.log.status()).size).toBe(2)
    await again.close()
  })

  it('signs nothing more over a past that is rewritten while it runs', async () => {
    const world = await openWorld(backend)
    await grow(world, 5)
    await world.market.log.checkpoint()
    await rewrite(world, 1)
    await grow(world, 1)
    await expect(world.market.log.checkpoint()).rejects.toMatchObject({ code: 'E_UNAVAILABLE' })
    expect(await world.market.log.status()).toMatchObject({ past: 'rewritten', checkpoint: { size: 5 } })
    expect(world.defects).toMatchObject([{ what: 'audit log' }])
  })

  it('gives events of a time before it their tiles', async () => {
    const world = await openWorld(backend)
    await grow(world, tileWidth + 9)
    await change(world, (tx) =>
      tx.remove({ ...anyCollection(LogTiles), keeping: 'ephemeral' }, '0/000000000000'),
    )
    await killed(world)
    const again = await openMarket(world.options)
    expect(await again.log.verify()).toMatchObject({ holds: true, size: tileWidth + 9 })
    await again.close()
  })
})
