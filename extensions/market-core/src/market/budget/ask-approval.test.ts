/** Questions to the owner: nobody's keep anybody else from asking. */
import { describe, expect, it } from 'vitest'
import type { RunFacts } from '@openclaw-market/protocol/principal'
import { backends, does, later, refuses } from '../market.fixture.ts'
import { approvalTtlMs, askApproval, mostPending, mostPendingOfOne } from './ask-approval.ts'
import { allow, ask, asking, openBudget, runBy, type BudgetWorld } from './budget.fixture.ts'
import { setPolicy } from './set-policy.ts'

const sentBy = (id: string, session = 'a'): RunFacts => ({
  senderId: id,
  channel: 'telegram',
  agentId: 'main',
  sessionKey: `agent:main:${session}`,
})

async function refusedQuestion(world: BudgetWorld, amount: bigint, run: RunFacts, owner: boolean) {
  const params = { resourceId: world.resourceId, ttlMs: 60_000, maxCost: amount.toString() }
  const wish = { currency: 'USDC', amount: amount.toString() }
  return refuses(world, askApproval, wish, asking(runBy(world, run, owner), params))
}

describe.each(backends)('questions to the owner on %s', (backend) => {
  const nothing = { per: 'day', currency: 'USDC', limit: '1', above: 'ask' }

  it('of one sender are five at a time, from whatever session, and leave room for those of others', async () => {
    const world = await openBudget(backend)
    for (const id of ['bob', 'eve'])
      await allow(world, { ...nothing, whose: { sender: { channel: 'telegram', id } } })
    const asked = []
    for (let n = 0; n < mostPendingOfOne; n += 1)
      asked.push(await ask(world, 100n + BigInt(n), runBy(world, sentBy('bob', String(n)), false)))
    expect(await refusedQuestion(world, 200n, sentBy('bob', 'other'), false)).toMatchObject({
      error: 'E_QUOTA_EXCEEDED',
      message: '5 requests of sender bob on telegram wait for the owner already',
      details: { rule: 'pending-approvals', waiting: '5', limit: '5' },
      hint: expect.stringContaining('/allowance'),
    })
    // The same request again is the same question; an answer, or an hour, makes room.
    expect(await ask(world, 100n, runBy(world, sentBy('bob', '0'), false))).toBe(asked[0])
    await ask(world, 200n, runBy(world, sentBy('eve'), false))
    await does(world, setPolicy, { deny: asked[0] }, world.node)
    await ask(world, 200n, runBy(world, sentBy('bob', 'other'), false))
    await refusedQuestion(world, 201n, sentBy('bob'), false)
    await later(world, approvalTtlMs)
    await ask(world, 201n, runBy(world, sentBy('bob'), false))
  })

  it('of runs without a sender are counted by their agent, and all together are bounded', async () => {
    const world = await openBudget(backend)
    await allow(world, nothing)
    const timer = (agentId: string): RunFacts => ({ agentId, sessionKey: `agent:${agentId}:cron` })
    for (let at = 0; at < mostPending; at += 1) {
      const agent = timer(`agent-${Math.floor(at / mostPendingOfOne)}`)
      await ask(world, 100n + BigInt(at), runBy(world, agent))
    }
    expect(await refusedQuestion(world, 900n, timer('agent-0'), true)).toMatchObject({
      message: '5 requests of agent agent-0 wait for the owner already',
      details: { limit: '5' },
    })
    expect(await refusedQuestion(world, 900n, timer('another'), true)).toMatchObject({
      message: '50 requests wait for the owner already',
      details: { limit: '50' },
    })
  })
})
