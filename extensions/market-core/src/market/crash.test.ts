import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { describe, expect, it } from 'vitest'
import { Calls, Leases, UsageRecords, type Call } from '@openclaw-market/protocol/entities/lease'
import type { LeaseId, SettlementId } from '@openclaw-market/protocol/ids'
import { effectivePolicy } from '@openclaw-market/protocol/entities/resource'
import { accountBalance } from './accounts/balance.ts'
import { steps, type CrashPlan, type CrashStep } from './crash.fixture.ts'
import { checkInvariants } from './invariants.fixture.ts'
import {
  announce,
  backends,
  delegate,
  does,
  later,
  leaseNow,
  newWallet,
  openWorld,
  publish,
  reopened,
  settlementNow,
  startsAt,
  windowMs,
  type AtEnd,
  type World,
} from './market.fixture.ts'
import { appendUsage } from './usage/append.ts'

const { maxCallMs } = effectivePolicy({})

interface Said {
  readonly step: CrashStep
  readonly leaseId?: LeaseId
  readonly settlementId?: SettlementId
}

/** Plays the steps in a process of its own, which is killed the moment it has acknowledged the last. */
async function killedAfter(plan: CrashPlan): Promise<readonly Said[]> {
  const script = new URL('./crash.fixture.ts', import.meta.url).pathname
  const child = spawn(process.execPath, [script, JSON.stringify(plan)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  const said: Said[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    const each = JSON.parse(line) as Said
    said.push(each)
    if (each.step === plan.until) child.kill('SIGKILL')
  }
  const [, signal] = (await ended) as [number | null, string | null]
  expect(signal, `the process died by itself after ${JSON.stringify(said)}`).toBe('SIGKILL')
  return said
}

/** A market with a resource of an outside wallet, closed, then played in another process until it is killed, then opened again. */
async function crashed(backend: 'sqlite' | 'file', until: CrashStep, atEnd: AtEnd) {
  const world = await openWorld(backend, atEnd)
  const provider = newWallet()
  announce(world.market, [provider.actorId])
  const resourceId = world.market.ids.next('res')
  await publish(world, { resourceId, delegation: await delegate(world, provider, resourceId) }, provider.who)
  await world.market.close()
  const { report: _report, now: _now, ...options } = world.options
  const said = await killedAfter({ ...options, resourceId, startsAt: startsAt + 1_000, until })
  world.clock.now = startsAt + 2_000
  const again = await reopened(world)
  await checkInvariants(again.market.store)
  const [first] = said
  if (first?.leaseId === undefined || first.settlementId === undefined)
    throw new Error('no lease was acknowledged')
  return {
    world: again,
    lease: { leaseId: first.leaseId, settlementId: first.settlementId },
    said: said.map((each) => each.step),
    provider,
  }
}

function callOf({ market }: World, { leaseId }: { leaseId: LeaseId }): Promise<Call | undefined> {
  return market.store.read(
    { as: 'market' },
    async (tx) => (await tx.list(Calls, { where: { leaseId }, limit: 2 })).items[0],
  )
}

async function checkSettled(
  world: World,
  lease: { leaseId: LeaseId; settlementId: SettlementId },
  provider: { who: Parameters<typeof does>[3] },
  released: bigint,
) {
  expect(await settlementNow(world, lease)).toMatchObject({
    status: released > 0n ? 'settlement_released' : 'settlement_refunded',
    releasedSoFar: released,
    refundedSoFar: 1_000n - released,
  })
  expect(await does(world, accountBalance, { currency: 'USDC' }, provider.who)).toMatchObject({
    available: released,
    owed: 0n,
  })
  expect(await does(world, accountBalance, { currency: 'USDC' }, world.node)).toMatchObject({
    available: 5_000n - released,
    held: 0n,
  })
  await checkInvariants(world.market.store)
  expect(world.defects).toEqual([])
}

describe.concurrent.each(backends)('a market on %s that is killed', (backend) => {
  it('after a lease has the lease, and nothing of it is lost', async ({ onTestFinished: atEnd }) => {
    const { world, lease, provider, said } = await crashed(backend, 'lease', atEnd)
    expect(said).toEqual(['lease'])
    expect(await leaseNow(world, lease)).toMatchObject({ status: 'lease_active', openCalls: 0, reserved: 0n })
    await later(world, 3_600_000)
    await checkSettled(world, lease, provider, 0n)
  })

  it.for([
    ['opened', 0n],
    ['checkpoint', 44n],
  ] as const)(
    'when a call is %s bills the checkpoint, freezes the rest until the window is over, and settles exactly',
    async ([until, billed], { onTestFinished: atEnd }) => {
      const { world, lease, provider, said } = await crashed(backend, until, atEnd)
      expect(said).toEqual(steps.slice(0, steps.indexOf(until) + 1))
      expect(await callOf(world, lease)).toMatchObject({
        status: 'call_unknown',
        billed,
        dueAt: world.clock.now + windowMs,
      })
      expect(await leaseNow(world, lease)).toMatchObject({
        status: 'lease_active',
        metered: billed,
        reserved: 110n - billed,
        unknownCalls: 1,
      })
      await later(world, windowMs - 1)
      expect(await leaseNow(world, lease)).toMatchObject({ reserved: 110n - billed })
      // Starting again and again neither bills again nor frees anything.
      const restarted = await reopened(world)
      expect(await leaseNow(restarted, lease)).toMatchObject({
        metered: billed,
        reserved: 110n - billed,
        usageSeq: 1,
      })
      await later(restarted, 1)
      expect(await callOf(restarted, lease)).toMatchObject({ status: 'call_failed', billed })
      await later(restarted, 3_600_000)
      await later(restarted, windowMs)
      await checkSettled(restarted, lease, provider, billed)
    },
  )

  it('when a call is finished has it once', async ({ onTestFinished: atEnd }) => {
    const { world, lease, provider } = await crashed(backend, 'finished', atEnd)
    expect(await callOf(world, lease)).toMatchObject({ status: 'call_done', billed: 44n })
    const records = await world.market.store.read({ as: 'market' }, (tx) =>
      tx.list(UsageRecords, { where: { leaseId: lease.leaseId }, limit: 9 }),
    )
    expect(records.items).toHaveLength(1)
    await later(world, 3_600_000)
    await later(world, windowMs)
    await checkSettled(world, lease, provider, 44n)
  })

  it('while a lease is ending ends it, and the call that was open is unknown until it is corrected', async ({
    onTestFinished: atEnd,
  }) => {
    const { world, lease, provider } = await crashed(backend, 'ending', atEnd)
    expect(await callOf(world, lease)).toMatchObject({ status: 'call_unknown', billed: 44n })
    expect(await leaseNow(world, lease)).toMatchObject({
      status: 'lease_revoked',
      reserved: 66n,
      metered: 44n,
    })
    expect(await settlementNow(world, lease)).toMatchObject({
      status: 'settlement_locked',
      refundedSoFar: 890n,
      closesAt: world.clock.now + windowMs,
    })
    await later(world, maxCallMs)
    expect((await settlementNow(world, lease)).status).toBe('settlement_locked')
    const entry = {
      leaseId: lease.leaseId,
      requestId: 'crash-call-1',
      usage: [{ unit: 'output_token', quantity: '24' }],
      outcome: 'done',
    }
    expect(await does(world, appendUsage, { entry }, world.node)).toMatchObject({ seq: 2, cost: 44n })
    await checkInvariants(world.market.store)
    await later(world, windowMs - maxCallMs)
    await checkSettled(world, lease, provider, 88n)
  })

  it('before a settlement settles it when its window is over', async ({ onTestFinished: atEnd }) => {
    const { world, lease, provider } = await crashed(backend, 'ended', atEnd)
    expect(await settlementNow(world, lease)).toMatchObject({
      status: 'settlement_locked',
      refundedSoFar: 956n,
    })
    expect(await later(world, windowMs)).toMatchObject({ errors: 0 })
    await checkSettled(world, lease, provider, 44n)
    const due = await world.market.store.read({ as: 'market' }, (tx) =>
      tx.list(Leases, { atMost: { field: 'dueAt', value: Number.MAX_SAFE_INTEGER }, order: 'due', limit: 9 }),
    )
    expect(due.items).toEqual([])
  })
})
