/** The planner acts on a real market and knows one file of it. */
import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { replayLine } from '../run.ts'
import type { Actor } from './actor.ts'
import type { Planner } from './planner.ts'
import { startRun } from './run.fixture.ts'
import { describing, gateWorld, readDocument } from './world.fixture.ts'

const kinds = ['search', 'storage', 'model'] as const

function rename(name: string): string {
  const letters = createHash('sha256')
    .update(name)
    .digest('hex')
    .replaceAll(/\d/g, (d) => 'ghijklmnop'.charAt(Number(d)))
  return `${letters.slice(0, 6)}.${letters.slice(6, 14)}`
}

/** Leased, called, settled. */
async function expectLoop(planner: Planner, actor: Actor, kind: string): Promise<void> {
  const used = await planner.achieve(actor, { is: 'lease_used', kind })
  const settled = await planner.achieve(actor, { is: 'lease_settled', kind })
  expect(settled.object, 'the lease that was used').toBe(used.object)
  const lease = settled.made?.answer['lease'] as Readonly<Record<string, unknown>>
  expect(lease).toMatchObject({ leaseId: used.object, kind, settlementStatus: 'settlement_released' })
  expect(BigInt(String(lease['metered']))).toBeGreaterThan(0n)
}

describe.each(['sqlite', 'file'] as const)(`on the %s store (${replayLine('descriptor')})`, (store) => {
  it('the owner leases, calls and settles, of each kind', async () => {
    const gate = await gateWorld({ store, sold: true })
    const { document } = await readDocument(gate)
    const { planner, actors } = startRun(gate, document, [gate.owner('gateway')])
    for (const kind of kinds) for (const owner of actors) await expectLoop(planner, owner, kind)
  })

  it('an outside wallet does on a market that is empty until somebody publishes', async () => {
    const gate = await gateWorld({ store, sold: false })
    const { document } = await readDocument(gate)
    const everybody = [gate.owner('tool'), await gate.stranger()]
    const { planner, actors } = startRun(gate, document, everybody)
    for (const kind of kinds) for (const wallet of actors.slice(1)) await expectLoop(planner, wallet, kind)
  })
})

it('under other names, too', async () => {
  const gate = await gateWorld({ sold: true, rename })
  const { document } = await readDocument(gate, rename(describing))
  const { planner, actors } = startRun(gate, document, [gate.owner('gateway'), await gate.stranger()])
  for (const kind of kinds) for (const actor of actors) await expectLoop(planner, actor, kind)
})
