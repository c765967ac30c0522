/**
 * A market process to be killed: opens the market of a directory and takes the steps of a leased call up to the one that
 * it is told to stop at, says each when it is acknowledged, and then waits for the end. Run by `crash.test.ts`.
 *
 *   node crash.fixture.ts '<MarketOptions without functions, and { until }>'
 */
import { sha256Hex } from '@openclaw-market/protocol/canonical'
import type { Envelope } from '@openclaw-market/protocol/errors'
import type { LeaseId } from '@openclaw-market/protocol/ids'
import { deposit } from './accounts/deposit.ts'
import type { AdmittedCall } from './calls/gate.ts'
import { issueLease } from './leases/issue.ts'
import { revokeLease } from './leases/revoke.ts'
import { openMarket, type MarketOptions } from '../plugin/open-market.ts'

export const steps = ['lease', 'opened', 'checkpoint', 'finished', 'ending', 'ended'] as const
export type CrashStep = (typeof steps)[number]

export interface CrashPlan extends Omit<MarketOptions, 'report' | 'now'> {
  readonly resourceId: string
  readonly startsAt: number
  readonly until: CrashStep
}

export const maxCost = 1_000n
export const reserved = { output_token: 30n } // 110
export const delivered = { output_token: 12n } // 44

async function play(plan: CrashPlan): Promise<void> {
  const market = await openMarket({
    ...plan,
    report: (what, error) => console.error(what, error),
    now: () => plan.startsAt,
  })
  const operator = { kind: 'operator', actorId: market.address } as const
  const node = { kind: 'node', actorId: market.address, owner: true } as const
  const say = (step: CrashStep, more: object = {}): void =>
    void process.stdout.write(`${JSON.stringify({ step, ...more })}\n`)
  const lease = async (): Promise<Record<string, unknown>> => {
    await succeed(
      market.run(
        deposit,
        { to: market.address, currency: 'USDC', amount: '5000', reason: 'a crash' },
        operator,
      ),
    )
    const wish = {
      resourceId: plan.resourceId,
      ttlMs: 3_600_000,
      maxCost: maxCost.toString(),
      tokenHash: sha256Hex('tok_crash'),
    }
    return succeed(market.run(issueLease, wish, node))
  }
  const { leaseId, settlementId } = await lease()
  say('lease', { leaseId, settlementId })
  if (plan.until === 'lease') return
  const admit = (requestId: string): Promise<AdmittedCall> =>
    market.gate.admit({
      leaseId: leaseId as LeaseId,
      requestId,
      mayRepeat: true,
      bodyHash: sha256Hex(''),
      demand: { fixed: reserved },
    })
  const call = await admit('crash-call-1')
  await call.opened
  say('opened')
  if (plan.until === 'opened') return
  await call.checkpoint(delivered)
  say('checkpoint')
  if (plan.until === 'checkpoint') return
  if (plan.until === 'finished' || plan.until === 'ended') {
    await call.finish({ usage: delivered, outcome: 'done' })
    say('finished')
    if (plan.until === 'finished') return
  }
  await succeed(market.run(revokeLease, { leaseId }, node))
  say(plan.until)
}

async function succeed(envelope: Promise<Envelope>): Promise<Record<string, unknown>> {
  const { ok, ...result } = await envelope
  if (!ok) throw new Error(JSON.stringify(result))
  return result
}

if (process.argv[1] === import.meta.filename) {
  await play(JSON.parse(process.argv[2] ?? '') as CrashPlan)
  setInterval(() => undefined, 60_000)
}
