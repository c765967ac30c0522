import { describe, expect, it } from 'vitest'
import { LeaseId } from '@openclaw-market/protocol/ids'
import { codec } from '@openclaw-market/protocol/schema/codec'
import type { BrainConfig } from './brain-config.ts'
import {
  isAllowed,
  mayLease,
  servingLeases,
  standingChoice,
  type HeldLease,
  type RunBegun,
} from './choice.ts'
import { senders } from './senders.ts'

const now = 1_000_000
const config: BrainConfig = { enabled: true, allow: ['*'] }
const run: RunBegun = { sessionId: 's', sessionKey: 'agent:main:a', agentId: 'main', derived: false }
const id = (n: number) => codec(LeaseId).decode(`lease_${String(n).padStart(26, '0')}`)
const held = (n: number, more: Partial<HeldLease> = {}): HeldLease => ({
  leaseId: id(n),
  market: 'harbour',
  resourceId: 'res_01J00000000000000000000000',
  expiresAt: now + 3_600_000,
  ...more,
})

describe('whether a run may think with a lease', () => {
  type Case = readonly [string, BrainConfig | undefined, RunBegun, 'owner' | 'stranger', string | undefined]
  it.each<Case>([
    ['nothing is configured', undefined, run, 'owner', 'disabled'],
    ['it is not enabled', { ...config, enabled: false }, run, 'owner', 'disabled'],
    ['the agent is not named', { ...config, agents: ['other'] }, run, 'owner', 'agent'],
    ['the host names no agent', { ...config, agents: ['other'] }, { ...run, agentId: '' }, 'owner', 'agent'],
    ['another run began it', config, { ...run, derived: true }, 'owner', 'derived-run'],
    ['a stranger wrote', config, run, 'stranger', 'sender'],
    ['the owner wrote', config, run, 'owner', undefined],
    ['the agent is named', { ...config, agents: ['main'] }, run, 'owner', undefined],
  ])('where %s', (_where, of, begun, sender, reason) => {
    expect(mayLease(of, begun, sender)).toBe(reason)
  })
})

describe('which leases are allowed', () => {
  const lease = held(1, { providerActorId: '0xAbCd000000000000000000000000000000000001' })
  it.each([
    [['*'], true],
    [['harbour'], true],
    [['another'], false],
    [[lease.resourceId], true],
    [['0xabcd000000000000000000000000000000000001'], true],
    [['0xabcd000000000000000000000000000000000002'], false],
  ])('by %j: %s', (allow, yes) => {
    expect(isAllowed({ enabled: true, allow }, lease)).toBe(yes)
  })
})

describe('which leases serve', () => {
  it('those of another conversation do not', () => {
    const choice = servingLeases([held(1, { sessionKey: 'agent:main:b' })], { config, run, now })
    expect(choice).toEqual({ source: 'owner', reason: 'no-lease' })
  })

  it('those that end before a turn would do not', () => {
    const choice = servingLeases([held(1, { expiresAt: now + 29_999 })], { config, run, now })
    expect(choice).toEqual({ source: 'owner', reason: 'expiring' })
  })

  it('its own come first, then the longest-lived', () => {
    const leases = [
      held(1),
      held(2, { expiresAt: now + 7_200_000 }),
      held(3, { sessionKey: run.sessionKey ?? '' }),
    ]
    const choice = servingLeases(leases, { config, run, now })
    expect(choice).toMatchObject({
      source: 'leased',
      leases: [{ leaseId: id(3) }, { leaseId: id(2) }, { leaseId: id(1) }],
    })
  })

  it('only those that stand; the reason is of the best that does not', () => {
    const choice = servingLeases([held(1), held(2)], { config, run, now })
    expect(
      standingChoice(
        choice,
        new Map([
          [id(1), 'spent'],
          [id(2), 'serving'],
        ]),
      ),
    ).toMatchObject({
      leases: [{ leaseId: id(2) }],
    })
    expect(
      standingChoice(
        choice,
        new Map([
          [id(1), 'spent'],
          [id(2), 'over'],
        ]),
      ),
    ).toEqual({
      source: 'owner',
      reason: 'spent',
    })
  })
})

describe('whose run it is', () => {
  const message = { ...run, runId: 'run-1', channel: 'chat', senderId: 'somebody' }

  it('commits nothing before the host has proved that very run', () => {
    const known = senders()
    expect([known.expected(message), known.isOwners(message)]).toEqual(['owner', false])
    known.proved(message, true)
    expect(known.isOwners(message)).toBe(true)
    expect(known.isOwners({ ...message, runId: 'run-2' })).toBe(false)
  })

  it('expects of a sender what was proved last, in that conversation', () => {
    const known = senders()
    known.proved(message, false)
    expect(known.expected({ ...message, runId: 'run-2' })).toBe('stranger')
    expect(known.expected({ ...message, sessionKey: 'agent:main:b' })).toBe('owner')
  })

  it('is the owner’s without a sender, unless the host says otherwise', () => {
    const known = senders()
    const { senderId: _nobody, ...begun } = message
    expect(known.isOwners(begun)).toBe(true)
    known.proved(begun, false)
    expect(known.isOwners(begun)).toBe(false)
    expect(known.expected({ ...begun, runId: 'run-2' })).toBe('stranger')
    expect(known.expected({ ...message, runId: 'run-2' })).toBe('owner')
  })
})
