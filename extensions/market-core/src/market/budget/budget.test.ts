import { describe, expect, it } from 'vitest'
import { sha256Hex } from '@openclaw-market/protocol/canonical'
import { checkInvariants } from '../invariants.fixture.ts'
import { completeLease } from '../leases/complete.ts'
import { backends, does, later, refuses, reopened, serve } from '../market.fixture.ts'
import { askApproval } from './ask-approval.ts'
import {
  allow,
  approvalNow,
  ask,
  asking,
  leases,
  lease,
  openBudget,
  refusedLease,
  runBy,
  spendsNow,
  used,
} from './budget.fixture.ts'
import { getPolicy } from './get-policy.ts'
import { judgeWish } from './judge-wish.ts'
import { callSpendKey, dayMs, leaseSpendKey } from './load-budget.ts'
import { setPolicy } from './set-policy.ts'
import { settleSpend } from './settle-spend.ts'
import { takeSpend } from './take-spend.ts'

const day = { per: 'day', currency: 'USDC', limit: '1000', above: 'refuse' }
const bob = { senderId: 'bob', channel: 'telegram', agentId: 'main', sessionKey: 'agent:main:group' }
const bobSender = { channel: 'telegram', id: 'bob' }

describe.each(backends)('a budget on %s', (backend) => {
  it('leaves the owner free until there is an allowance, and counts what was spent before it', async () => {
    const world = await openBudget(backend)
    await leases(world, 900n)
    await allow(world, day)
    expect(await used(world)).toEqual([900n])
    const refused = await refusedLease(world, 101n)
    expect(refused).toMatchObject({
      error: 'E_QUOTA_EXCEEDED',
      message: 'allowance 1 (0.001 USDC in 24 hours) does not cover 0.000101 USDC: 0.0009 USDC of it is used',
      details: { currency: 'USDC', amount: '101', used: '900', limit: '1000', left: '100' },
      hint: 'Spend at most 0.0001 USDC, or wait until earlier spends are 24 hours old, or have the owner add to it: /allowance +0.000001 USDC for 1h to 1.',
    })
    await leases(world, 100n)
    expect(await used(world)).toEqual([1_000n])
    expect(world.defects).toEqual([])
    await checkInvariants(world.market.store)
  })

  it('lets go of what came back and of what is a day old', async () => {
    const world = await openBudget(backend)
    await allow(world, day)
    const { leaseId } = await leases(world, 1_000n)
    await serve(world, leaseId, { output_token: 30n }) // 110
    await refusedLease(world, 1n)
    await does(world, completeLease, { leaseId }, world.node)
    expect(await used(world)).toEqual([110n])
    await leases(world, 890n)
    await refusedLease(world, 1n)
    await later(world, dayMs - 1)
    expect(await used(world)).toEqual([110n])
    world.clock.now += 1
    expect(await used(world)).toEqual([0n])
    await leases(world, 1_000n)
    await checkInvariants(world.market.store)
  })

  it('counts a session, a call, an agent and a currency by themselves', async () => {
    const world = await openBudget(backend)
    const worker = runBy(world, { agentId: 'worker', sessionKey: 'agent:worker:1' })
    const another = runBy(world, { agentId: 'worker', sessionKey: 'agent:worker:2' })
    await allow(world, { ...day, per: 'session', limit: '300', whose: { agentId: 'worker' } })
    await allow(world, { ...day, per: 'call', limit: '200' })
    await allow(world, { ...day, currency: 'EURC', limit: '0' })
    expect((await refusedLease(world, 201n)).message).toContain('allowance 2 (0.0002 USDC a call)')
    await leases(world, 200n, worker)
    await leases(world, 100n, worker)
    expect((await refusedLease(world, 1n, worker)).details).toMatchObject({ used: '300', left: '0' })
    await leases(world, 200n, another)
    await leases(world, 200n)
    expect(await used(world, worker)).toEqual([300n, 0n, 0n])
    expect(await used(world, another)).toEqual([200n, 0n, 0n])
  })

  it('lets others than the owner spend by an allowance that names them, and by nothing else', async () => {
    const world = await openBudget(backend)
    await allow(world, { ...day, limit: '100000' })
    await allow(world, { ...day, whose: { agentId: 'main' } })
    const stranger = runBy(world, bob, false)
    expect(await refusedLease(world, 5n, stranger)).toMatchObject({
      error: 'E_FORBIDDEN',
      message: 'only the owner may spend 0.000005 USDC: this sender has no allowance',
      details: { rule: 'owner-only', amount: '5', limit: '0' },
      hint: 'The owner asks for it itself, or gives an allowance: /allowance @bob on telegram 1 USDC/day.',
    })
    await allow(world, { ...day, limit: '50', whose: { sender: bobSender } })
    await leases(world, 50n, stranger)
    expect(await refusedLease(world, 1n, stranger)).toMatchObject({ error: 'E_QUOTA_EXCEEDED' })
    for (const who of [{ ...bob, channel: 'discord' }, { agentId: 'main' }, {}]) {
      expect(await refusedLease(world, 1n, runBy(world, who, false))).toMatchObject({ error: 'E_FORBIDDEN' })
    }
    const seen = await does(world, getPolicy, {}, runBy(world, { ...bob, senderId: 'eve' }, false))
    expect(seen.allowances.map(({ number }) => number)).toEqual([1, 2])
  })

  it('takes an approval for exactly what was approved, once', async () => {
    const world = await openBudget(backend)
    await allow(world, { ...day, limit: '10', above: 'ask' })
    const who = runBy(world, { sessionKey: 'one' })
    expect(await refusedLease(world, 500n, who)).toMatchObject({ error: 'E_APPROVAL_REQUIRED' })
    const approvalId = await ask(world, 500n, who)
    expect(await ask(world, 500n, who)).toBe(approvalId)
    expect((await refusedLease(world, 500n, who)).message).toContain(`${approvalId} waits for the owner`)
    expect((await does(world, getPolicy, {}, world.node)).approvals).toMatchObject([
      { approvalId, amount: 500n },
    ])
    await does(world, setPolicy, { approve: approvalId }, world.node)
    expect(await refuses(world, setPolicy, { approve: approvalId }, world.node)).toMatchObject({
      error: 'E_CONFLICT',
    })
    for (const [amount, by] of [
      [499n, who],
      [501n, who],
      [500n, runBy(world, { sessionKey: 'two' })],
    ] as const) {
      expect(await refusedLease(world, amount, by)).toMatchObject({ error: 'E_APPROVAL_REQUIRED' })
    }
    const tries = await Promise.all(Array.from({ length: 5 }, () => lease(world, 500n, who)))
    expect(tries.filter((each) => !('error' in each))).toHaveLength(1)
    const again = await reopened(world)
    const after = { ...again, resourceId: world.resourceId }
    expect(await approvalNow(after, approvalId)).toMatchObject({ status: 'approval_used' })
    expect((await refusedLease(after, 500n, who)).message).toContain(
      `${approvalId} was used, and is good for once`,
    )
    expect(await used(after)).toEqual([500n])
    await checkInvariants(after.market.store)
  })

  it('forgets an approval that is over, and does not ask again for what was denied', async () => {
    const world = await openBudget(backend)
    await allow(world, { ...day, limit: '10', above: 'ask' })
    const late = await ask(world, 20n)
    await does(world, setPolicy, { approve: late }, world.node)
    await later(world, 3_600_000)
    expect((await refusedLease(world, 20n)).message).toContain(`${late} has expired`)
    const no = await ask(world, 30n)
    await does(world, setPolicy, { deny: no }, world.node)
    expect(await refusedLease(world, 30n)).toMatchObject({
      error: 'E_FORBIDDEN',
      details: { rule: 'denied' },
    })
    const params = { resourceId: world.resourceId, ttlMs: 60_000, maxCost: '30' }
    const again = { currency: 'USDC', amount: '30' }
    expect(await refuses(world, askApproval, again, asking(world.node, params))).toMatchObject({
      error: 'E_FORBIDDEN',
    })
    const old = await ask(world, 40n)
    await later(world, 3_600_000)
    expect(await refuses(world, setPolicy, { approve: old }, world.node)).toMatchObject({
      error: 'E_EXPIRED',
    })
  })

  it('is changed by the owner alone, one change at a time', async () => {
    const world = await openBudget(backend)
    const allowanceId = await allow(world, day)
    const stranger = runBy(world, bob, false)
    expect(await refuses(world, setPolicy, { remove: allowanceId }, stranger)).toMatchObject({
      error: 'E_FORBIDDEN',
    })
    for (const wrong of [{}, { remove: allowanceId, allow: day }]) {
      expect(await refuses(world, setPolicy, wrong, world.node)).toMatchObject({
        error: 'E_INVALID_ARGUMENT',
        details: { rule: 'one-of' },
      })
    }
    expect(await allow(world, { ...day, limit: '2000' })).toBe(allowanceId)
    await does(world, setPolicy, { topUp: { allowanceId, amount: '500', forMs: 60_000 } }, world.node)
    await leases(world, 2_500n)
    await refusedLease(world, 1n)
    world.clock.now += 60_000
    expect((await refusedLease(world, 1n)).details).toMatchObject({ limit: '2000', left: '0' })
    await does(world, setPolicy, { remove: allowanceId }, world.node)
    await leases(world, 5_000n)
    expect(await refuses(world, setPolicy, { remove: allowanceId }, world.node)).toMatchObject({
      error: 'E_NOT_FOUND',
    })
  })

  it('takes a spend elsewhere before it is made, once, and gives back what it did not come to', async () => {
    const world = await openBudget(backend)
    await allow(world, day)
    const spendKey = leaseSpendKey(sha256Hex('tok elsewhere'))
    const wish = { what: 'lease_elsewhere', spendKey, currency: 'USDC', amount: '800' }
    await does(world, takeSpend, wish, world.node)
    await does(world, takeSpend, wish, world.node)
    expect(await used(world)).toEqual([800n])
    await refusedLease(world, 201n)
    await does(world, settleSpend, { spendKey, cost: '300' }, world.node)
    expect(await used(world)).toEqual([300n])
    expect(await refuses(world, settleSpend, { spendKey, cost: '0' }, world.node)).toMatchObject({
      error: 'E_CONFLICT',
    })
    expect(await refuses(world, takeSpend, wish, world.node)).toMatchObject({ error: 'E_CONFLICT' })
    for (const [cost, counted] of [
      ['450', 450n],
      ['9000', 800n],
    ] as const) {
      await does(world, settleSpend, { spendKey, cost }, world.node)
      expect(await used(world)).toEqual([counted])
    }
    await checkInvariants(world.market.store)
  })

  it('counts a call on a lease for whoever has not paid for the lease', async () => {
    const world = await openBudget(backend)
    await allow(world, day)
    await allow(world, { ...day, limit: '50', whose: { sender: bobSender } })
    const { tokenHash, leaseId } = await leases(world, 900n)
    const stranger = runBy(world, bob, false)
    const call = (n: number, amount: string | undefined) => ({
      what: 'call',
      spendKey: callSpendKey(leaseId, `request-${n}`),
      leaseKey: leaseSpendKey(tokenHash),
      currency: 'USDC',
      ...(amount === undefined ? {} : { amount }),
    })
    await does(world, takeSpend, call(1, '30'), stranger)
    expect(await used(world)).toEqual([900n, 30n])
    expect(await refuses(world, takeSpend, call(2, '21'), stranger)).toMatchObject({
      error: 'E_QUOTA_EXCEEDED',
    })
    expect(await refuses(world, takeSpend, call(2, undefined), stranger)).toMatchObject({
      error: 'E_QUOTA_EXCEEDED',
      message: expect.stringContaining('an unknown amount of USDC'),
      details: { amount: 'unknown' },
    })
    await does(world, settleSpend, { spendKey: call(1, '30').spendKey, cost: '12' }, stranger)
    expect(await used(world)).toEqual([900n, 12n])
    await does(world, takeSpend, call(3, '899'), world.node)
    expect(await used(world)).toEqual([900n, 12n])
    expect((await spendsNow(world)).map(({ what }) => what)).toEqual(['call', 'call', 'lease'])
  })

  it('never takes an unknown amount for nothing', async () => {
    const world = await openBudget(backend)
    const spendKey = sha256Hex('unknown')
    await does(world, takeSpend, { what: 'lease_elsewhere', spendKey, currency: 'USDC' }, world.node)
    await allow(world, { ...day, limit: '100000', above: 'ask' })
    const [seen] = (await does(world, getPolicy, {}, world.node)).allowances
    expect(seen).not.toHaveProperty('used')
    expect(seen).not.toHaveProperty('left')
    expect(await refusedLease(world, 1n)).toMatchObject({
      error: 'E_APPROVAL_REQUIRED',
      details: { used: 'unknown', left: 'unknown', limit: '100000' },
    })
    await does(world, settleSpend, { spendKey, cost: '7' }, world.node)
    expect(await used(world)).toEqual([7n])
  })

  it('says beforehand what the write would say', async () => {
    const world = await openBudget(backend)
    await allow(world, { ...day, above: 'ask' })
    const judged = (amount: string) => does(world, judgeWish, { currency: 'USDC', amount }, world.node)
    expect(await judged('1000')).toEqual({ verdict: 'allow' })
    expect(await judged('1001')).toMatchObject({
      verdict: 'ask',
      reason: expect.stringContaining('does not cover 0.001001 USDC'),
    })
  })
})
