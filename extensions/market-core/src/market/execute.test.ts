import { Type } from '@sinclair/typebox'
import { describe, expect, it } from 'vitest'
import { canonicalHash } from '@openclaw-market/protocol/canonical'
import { Answers, Challenges, Events } from '@openclaw-market/protocol/entities/records'
import { MarketError } from '@openclaw-market/protocol/errors'
import { idSource } from '@openclaw-market/protocol/ids'
import { insert, operation, query, type Write } from '@openclaw-market/protocol/operation'
import { closed } from '@openclaw-market/protocol/schema/scalars'
import { idempotencyKey } from '@openclaw-market/protocol/schema/paging'
import { stateRoot } from '../store/state-root.ts'
import { executor } from './execute.ts'
import { backends, openWorld, startsAt, type World } from './market.fixture.ts'

const params = closed({
  nonce: Type.String({ pattern: '^[a-z]{16}$' }),
  fail: Type.Optional(Type.String()),
  idempotencyKey,
})

/** An operation that goes wrong in every way that `fail` can name. */
const probe = operation({
  name: 'market.probe',
  summary: 'A test.',
  effect: 'write',
  scope: 'admin',
  params,
  result: closed({ nonce: Type.String({ maxLength: 16 }), secret: Type.Optional(Type.String()) }),
  errors: ['E_CONFLICT'],
  callers: ['node', 'operator'],
  idempotency: 'key',
  onceOnly: ['secret'],
  prove: async (_read, { fail }) => {
    if (fail === 'prove') throw new MarketError('E_CONFLICT', 'not proved')
    return fail
  },
  load: async () => undefined,
  decide(_state, { nonce, fail }, { who, now }) {
    if (fail === 'undeclared') throw new MarketError('E_TIMEOUT', 'of a path /secret')
    if (fail === 'defect') throw new TypeError('x of undefined')
    if (fail === 'caused') throw new MarketError('E_CONFLICT', 'no', { cause: new Error('/secret') })
    const address = who.kind === 'anyone' ? undefined : who.actorId
    if (address === undefined) throw new Error('admitted anyone')
    const times = { issuedAt: now, expiresAt: now, dueAt: now }
    return {
      result: { nonce: fail === 'result' ? nonce.repeat(2) : nonce, secret: 'once' },
      writes: [insert(Challenges, { nonce, address, chainId: 1, domain: 'd', ...times })],
      ...(fail === 'store'
        ? {
            movements: [
              {
                debit: { kind: 'available', owner: 'a', currency: 'USDC' },
                credit: { kind: 'available', owner: 'b', currency: 'USDC' },
                amount: 1n,
                reason: 'lock',
                reference: 'x',
              },
            ],
          }
        : {}),
    }
  },
})

const look = query({
  name: 'market.look',
  summary: 'A test.',
  scope: 'read',
  params: closed({ fail: Type.Optional(Type.Boolean()) }),
  result: closed({ n: Type.Integer() }),
  errors: [],
  callers: ['node'],
  answer: async (_tx, { fail }) => ({ n: fail === true ? 1.5 : 1 }),
})

function execution(world: World) {
  const reported: string[] = []
  const committed: (readonly Write[])[] = []
  const execute = executor({
    store: world.market.store,
    rules: world.market.rules,
    now: () => world.clock.now,
    ids: idSource(
      () => world.clock.now,
      (bytes) => void bytes.fill(7),
    ),
    prover: world.market.prover,
    committed: (writes) => void committed.push(writes),
    report: (what, error) => void reported.push(`${what}: ${String(error)}`),
  })
  return { execute, reported, committed }
}

const nonce = 'abcdefghijklmnop'

describe.each(backends)('an operation on %s', (backend) => {
  it('commits what it decided with its event, and tells of it', async () => {
    const world = await openWorld(backend)
    const { execute, committed } = execution(world)
    expect(await execute.operation(probe, { nonce }, world.node)).toEqual({ ok: true, nonce, secret: 'once' })
    expect(committed).toHaveLength(1)
    const { items } = await world.market.store.read({ as: 'market' }, (tx) => tx.list(Events, { limit: 10 }))
    expect(items).toMatchObject([
      { type: 'market.probe', actorId: world.market.address, createdAt: startsAt },
    ])
  })

  it('keeps the hash of what was asked in its event, and not what it says', async () => {
    const world = await openWorld(backend)
    const { execute } = execution(world)
    await execute.operation(probe, { nonce }, world.node)
    const { items } = await world.market.store.read({ as: 'market' }, (tx) => tx.list(Events, { limit: 10 }))
    expect(items).toMatchObject([{ paramsHash: canonicalHash({ nonce }) }])
    expect(JSON.stringify(items)).not.toContain(nonce)
  })

  it.each([
    ['undeclared', 'E_INTERNAL', 1],
    ['defect', 'E_INTERNAL', 1],
    ['result', 'E_INTERNAL', 1],
    ['store', 'E_INTERNAL', 1], // E_INSUFFICIENT_FUNDS, which it does not declare
    ['caused', 'E_CONFLICT', 1],
    ['prove', 'E_CONFLICT', 0],
  ])(
    'that fails (%s) ends in %s, leaves nothing, and says nothing that it should not',
    async (fail, error, reports) => {
      const world = await openWorld(backend)
      const { execute, reported, committed } = execution(world)
      const before = await stateRoot(world.market.store)
      for (const key of [{}, { idempotencyKey: 'key-00001' }]) {
        const answer = await execute.operation(probe, { nonce, fail, ...key }, world.node)
        expect(answer).toMatchObject({ ok: false, error })
        expect(JSON.stringify(answer)).not.toMatch(/secret|of undefined|a path/)
      }
      expect(reported).toHaveLength(2 * reports)
      expect(committed).toEqual([])
      expect(await stateRoot(world.market.store)).toBe(before)
      // A failed request leaves its key free.
      expect(
        await execute.operation(probe, { nonce, idempotencyKey: 'key-00001' }, world.node),
      ).toMatchObject({ ok: true })
    },
  )

  it('with a key answers the same request again, even when it could not be proved any more, and no other', async () => {
    const world = await openWorld(backend)
    const { execute, committed } = execution(world)
    const request = { nonce, idempotencyKey: 'key-00001' }
    const answers = await Promise.all([1, 2, 3].map(() => execute.operation(probe, request, world.node)))
    expect(answers).toEqual([
      { ok: true, nonce, secret: 'once' },
      { ok: true, nonce },
      { ok: true, nonce },
    ])
    expect(await execute.operation(probe, { ...request, fail: 'prove' }, world.node)).toMatchObject({
      error: 'E_CONFLICT',
      message: expect.stringContaining('idempotencyKey'),
    })
    // An operator acts as the node wallet: the key is the actor's.
    expect(await execute.operation(probe, request, world.operator)).toEqual({ ok: true, nonce })
    expect(committed).toHaveLength(1)
    // The answer is forgotten when its time is over; the nonce itself is still taken.
    world.clock.now += world.options.answerTtlMs
    await world.market.sweep(100)
    expect(
      (await world.market.store.read({ as: 'market' }, (tx) => tx.list(Answers, { limit: 1 }))).items,
    ).toEqual([])
  })

  it('is for its callers alone, and reads its parameters strictly', async () => {
    const world = await openWorld(backend)
    const { execute, reported } = execution(world)
    expect(
      await execute.operation(probe, { nonce }, { kind: 'wallet', actorId: world.market.address }),
    ).toMatchObject({ error: 'E_FORBIDDEN' })
    expect(await execute.operation(probe, { nonce }, { kind: 'anyone' })).toMatchObject({
      error: 'E_AUTH_REQUIRED',
    })
    for (const json of [undefined, null, 1, [], 'x', { nonce, more: 1 }, { nonce: 1 }]) {
      expect(await execute.operation(probe, json, world.node)).toMatchObject({ error: 'E_INVALID_ARGUMENT' })
    }
    expect(await execute.query(look, {}, world.node)).toEqual({ ok: true, n: 1 })
    expect(await execute.query(look, {}, world.operator)).toMatchObject({ error: 'E_FORBIDDEN' })
    expect(reported).toEqual([])
    expect(await execute.query(look, { fail: true }, world.node)).toMatchObject({ error: 'E_INTERNAL' })
    expect(reported).toEqual([expect.stringContaining('/n')])
  })
})
