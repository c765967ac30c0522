import { expect, it } from 'vitest'
import type { Principal } from '@openclaw-market/protocol/principal'
import { allow, ask, leases, openBudget, spendsNow } from '../budget/budget.fixture.ts'
import { setPolicy } from '../budget/set-policy.ts'
import { withdraw } from '../accounts/withdraw.ts'
import { completeLease } from '../leases/complete.ts'
import {
  backends,
  does,
  fundedWallet,
  openWorld,
  publish,
  refuses,
  serve,
  takeLease,
} from '../market.fixture.ts'
import { queryEvents } from './query.ts'
import { recordConversation } from './record-conversation.ts'
import { summarizeEvents } from './summarize.ts'
import { traceId } from './trace.ts'

it.each(backends)('shows each its own events, and those an operator left for it, on %s', async (backend) => {
  const world = await openWorld(backend)
  const [one, two] = [await fundedWallet(world, 100n), await fundedWallet(world, 100n)]
  const onBehalfOf = { actorId: one.actorId, reason: 'phoned in' }
  const operator: Principal = { kind: 'operator', actorId: world.market.address, onBehalfOf }
  await does(world, withdraw, { currency: 'USDC', amount: '1' }, one.who)
  await does(world, withdraw, { currency: 'USDC', amount: '2' }, operator)
  const { payoutId } = await does(world, withdraw, { currency: 'USDC', amount: '3' }, two.who)
  const seenBy = async (who: Principal, params: object = {}) =>
    (await does(world, queryEvents, params, who)).events
  expect(await seenBy(one.who)).toMatchObject([
    { forActorId: one.actorId, reason: 'phoned in' },
    { actorId: one.actorId },
  ])
  expect(await seenBy(two.who)).toMatchObject([{ actorId: two.actorId, subjects: [payoutId] }])
  expect(await seenBy(one.who, { subject: payoutId })).toEqual([])
  expect(await seenBy(world.operator, { subject: payoutId })).toHaveLength(1)
  expect(await seenBy(world.operator, { type: 'market.account.withdraw' })).toHaveLength(3)
  const [mine] = await seenBy(two.who)
  if (mine === undefined) throw new Error('there is no event')
  const { log } = world.market
  expect(await log.prove(mine.eventId, undefined, { as: 'actor', actorId: two.actorId })).toMatchObject({
    eventId: mine.eventId,
  })
  await expect(
    log.prove(mine.eventId, undefined, { as: 'actor', actorId: one.actorId }),
  ).rejects.toMatchObject({ code: 'E_NOT_FOUND' })
})

it.each(backends)(
  'traces a lease to its money and its events in the order of time, on %s',
  async (backend) => {
    const world = await openWorld(backend)
    const buyer = await fundedWallet(world, 1_000n)
    const resourceId = await publish(world)
    const other = await takeLease(world, buyer, { resourceId, maxCost: 100n })
    const { leaseId, settlementId } = await takeLease(world, buyer, { resourceId, maxCost: 100n })
    await serve(world, leaseId, { request: 1n })
    world.clock.now += 1_000
    await does(world, completeLease, { leaseId }, buyer.who)
    for (const id of [leaseId, settlementId]) {
      const { pieces, complete } = await does(world, traceId, { id }, world.operator)
      expect(complete).toBe(true)
      const kinds = new Set(pieces.map(({ kind }) => kind))
      for (const kind of [
        'lease',
        'order',
        'consent',
        'delivery',
        'settlement',
        'call',
        'usage_record',
        'resource',
        'offer',
      ])
        expect(kinds).toContain(kind)
      expect(pieces.filter(({ kind }) => kind === 'transfer').length).toBeGreaterThanOrEqual(3)
      const types = pieces.filter(({ kind }) => kind === 'event').map(({ record }) => record['type'])
      for (const type of ['market.resource.quote', 'market.lease.issue', 'market.lease.complete'])
        expect(types).toContain(type)
      const times = pieces.map(({ at }) => at ?? Number.POSITIVE_INFINITY)
      expect(times).toEqual(times.toSorted((a, b) => a - b))
      expect(pieces.map((piece) => piece.id)).not.toContain(other.leaseId)
      for (const { record } of pieces) expect(Object.keys(record)).not.toContain('tokenHash')
    }
    const none = `lease_${'0'.repeat(26)}`
    expect(await refuses(world, traceId, { id: none }, world.operator)).toMatchObject({
      error: 'E_NOT_FOUND',
    })
    expect(await refuses(world, traceId, { id: leaseId }, buyer.who)).toMatchObject({ error: 'E_FORBIDDEN' })
  },
)

it.each(backends)(
  'traces a lease to what it took of the budget and who approved that, and back, on %s',
  async (backend) => {
    const world = await openBudget(backend)
    await allow(world, { per: 'day', currency: 'USDC', limit: '100', above: 'ask' })
    const bought = await leases(world, 50n)
    const approvalId = await ask(world, 70n)
    await does(world, setPolicy, { approve: approvalId }, world.node)
    const { leaseId, settlementId } = await leases(world, 70n)
    const spendId = (await spendsNow(world)).find((each) => each.settlementId === settlementId)?.spendId
    for (const id of [leaseId, approvalId]) {
      const { pieces, complete } = await does(world, traceId, { id }, world.operator)
      expect(complete).toBe(true)
      const ids = pieces.map((piece) => piece.id)
      expect(ids).toEqual(expect.arrayContaining([leaseId, settlementId, spendId, approvalId]))
      expect(ids).not.toContain(bought.leaseId)
      const types = pieces.filter(({ kind }) => kind === 'event').map(({ record }) => record['type'])
      for (const type of ['market.approval.ask', 'market.policy.set', 'market.lease.issue'])
        expect(types).toContain(type)
    }
  },
)

it('says when there is more than it shows', async () => {
  const world = await openWorld('sqlite')
  const turn = { type: 'host.llm_input', facts: { runId: 'run-1' } }
  const self = { kind: 'market', actorId: world.market.address } as const
  const record = (times: number) =>
    Promise.all(Array.from({ length: times }, () => does(world, recordConversation, turn, self)))
  await record(500)
  const all = await does(world, traceId, { id: 'run-1' }, world.operator)
  expect([all.complete, all.pieces.length]).toEqual([true, 500])
  await record(1)
  const most = await does(world, traceId, { id: 'run-1' }, world.operator)
  expect([most.complete, most.pieces.length]).toEqual([false, 500])
})

it('counts what happened, and takes what the host tells from the market alone', async () => {
  const world = await openWorld('sqlite')
  const turn = { type: 'host.llm_input', facts: { runId: 'run-1', model: 'a model' } }
  const self = { kind: 'market', actorId: world.market.address } as const
  await does(world, recordConversation, turn, self)
  await does(world, recordConversation, turn, self)
  expect(await does(world, summarizeEvents, {}, world.operator)).toEqual({
    byType: [{ type: 'host.llm_input', events: 2 }],
    complete: true,
  })
  expect((await does(world, queryEvents, { subject: 'run-1' }, world.node)).events).toHaveLength(2)
  for (const who of [world.node, world.operator])
    expect(await refuses(world, recordConversation, turn, who)).toMatchObject({ error: 'E_FORBIDDEN' })
  const said = { ...turn, facts: { ...turn.facts, prompt: 'what was said' } }
  expect(await refuses(world, recordConversation, said, self)).toMatchObject({ error: 'E_INVALID_ARGUMENT' })
})
