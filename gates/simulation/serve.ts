/**
 * One leased call, served inside the process the way the provider's routes do it: admitted by the gate, opened, worked by an
 * upstream that streams, fails, stalls or claims too much, checkpointed on the way, and finished.
 */
import type { Lease } from '@openclaw-market/protocol/entities/lease'
import { isMarketError } from '@openclaw-market/protocol/errors'
import type { UnitTotals } from '@openclaw-market/protocol/money/units'
import type {
  AdmittedCall,
  Demand,
  FinishedCall,
} from '../../extensions/market-core/src/market/calls/gate.ts'
import { GateLaw } from './law-gate.ts'
import { hash } from './wallets.ts'
import type { World } from './world.ts'

export interface Request {
  readonly lease: Lease
  readonly requestId: string
  readonly body: string
  /** Upstream takes the request and is never heard of again. */
  readonly silent?: boolean
}

function demandOf(world: World, { kind }: Lease): Demand {
  const { dice } = world
  switch (kind) {
    case 'model': {
      const fixed = { input_token: BigInt(dice.below(20)), request: 1n }
      return { fixed, stretch: { unit: 'output_token', most: BigInt(dice.below(60)) } }
    }
    case 'storage':
      return { fixed: dice.oneIn(3) ? { get: 1n } : { put: 1n, byte: BigInt(dice.below(5_000)) } }
    case 'search':
    case 'agent':
      return { fixed: { query: 1n } }
  }
}

/** What may come of a call besides success, wherever it is. */
export async function serve(world: World, request: Request): Promise<void> {
  const { market } = world
  if (market === undefined) return
  const { lease, requestId, body } = request
  const leased = await market.gate.leaseOf(lease.tokenHash)
  if (leased?.leaseId !== lease.leaseId)
    return world.wrong(`the token of ${lease.leaseId} opens ${leased?.leaseId}`)
  const demand = demandOf(world, lease)
  const law = new GateLaw(world, request, demand)
  try {
    const call = await market.gate
      .admit({ leaseId: lease.leaseId, requestId, mayRepeat: true, bodyHash: hash(body), demand })
      .catch((error: unknown) => law.refused(codeOf(error)))
    if (call === undefined) return
    law.admitted(call)
    const opened = await call.opened.then(
      () => true,
      (error: unknown) => law.notOpened(call, codeOf(error)),
    )
    if (!opened) return
    law.opened(call)
    await work(world, request, demand, call)
  } finally {
    law.over()
  }
}

async function work(
  world: World,
  { lease, requestId, silent = false }: Request,
  demand: Demand,
  call: AdmittedCall,
): Promise<void> {
  const { dice, scheduler, books } = world
  const twice = books.executes(`${lease.leaseId}/${requestId}`)
  if (twice !== undefined) world.wrong(twice)
  await scheduler.turn('upstream begins', true)
  if (silent) return finish(world, lease, call, {}, 'unknown')
  if (dice.oneIn(3)) return finish(world, lease, call, {}, dice.one(['failed', 'unknown', 'unknown']))
  let delivered: UnitTotals = demand.fixed
  const { stretch } = demand
  if (stretch !== undefined) {
    // An upstream may have more to say than was asked of it; what the budget does not cover is not delivered.
    const chunks = dice.below(6)
    for (let i = 0; i < chunks; i++) {
      await scheduler.turn('upstream streams', true)
      const soFar = delivered[stretch.unit] ?? 0n
      const more = { ...delivered, [stretch.unit]: soFar + BigInt(1 + dice.below(20)) }
      if ((more[stretch.unit] ?? 0n) > call.granted || !call.affords(more)) break
      delivered = more
      // At times one comes late, and says less than the one before.
      if (dice.oneIn(2)) await checkpoint(world, call, dice.oneIn(4) ? demand.fixed : delivered)
    }
  }
  // Some stall for longer than a lease waits for them.
  if (dice.oneIn(6)) for (let i = dice.below(12); i >= 0; i--) await scheduler.turn('upstream stalls', true)
  if (dice.oneIn(10)) {
    const implausible = { ...delivered, ...(dice.oneIn(2) ? { hour: 1n } : { request: 10n ** 18n }) }
    await call.finish({ usage: implausible, outcome: 'done' }).then(
      () => world.wrong(`${call.callId} was billed what nobody can have used`),
      () => undefined,
    )
  }
  const outcome = dice.one(['done', 'done', 'done', 'done', 'failed', 'unknown', 'unknown'] as const)
  await finish(world, lease, call, delivered, outcome)
}

async function checkpoint(world: World, call: AdmittedCall, usage: UnitTotals): Promise<void> {
  try {
    await call.checkpoint(usage)
    world.books.checkpointed(call.callId, usage, () => world.bypassed.has(call.callId))
  } catch (error) {
    codeOf(error)
  }
}

async function finish(
  world: World,
  lease: Lease,
  call: AdmittedCall,
  usage: UnitTotals,
  outcome: FinishedCall['outcome'],
): Promise<void> {
  const { dice, scheduler, books } = world
  const stored =
    lease.kind === 'storage' && outcome === 'done'
      ? { storedBytes: BigInt(dice.below(4)) * 5n * 10n ** 11n }
      : {}
  for (let tries = 0; tries < 3; tries++) {
    try {
      const { cost } = await call.finish({ usage, outcome, ...stored })
      return books.finished(call.callId, usage, outcome, cost)
    } catch (error) {
      // Whether each refusal is right, the law has said. What could not be written may be tried again.
      if (codeOf(error) !== 'E_UNAVAILABLE') return
      await scheduler.turn('a second try', true)
    }
  }
}

/** @throws what is no refusal */
function codeOf(error: unknown): string {
  if (isMarketError(error)) return error.code
  throw error
}
