import { describe, expect, it } from 'vitest'
import type { Allowance, Whose } from '@openclaw-market/protocol/entities/policy'
import { idSource } from '@openclaw-market/protocol/ids'
import { codec } from '@openclaw-market/protocol/schema/codec'
import { ActorId } from '@openclaw-market/protocol/schema/scalars'
import { concerned, isNamed, judge, leftOf, limitAt, type Counted } from './judge.ts'
import { isAbout, runOf } from './run.ts'

const ids = idSource(
  () => 0,
  (bytes) => void bytes.fill(7),
)
const actorId = codec(ActorId).decode(`0x${'1'.repeat(40)}`)
const now = 1_000

function allowance(over: Partial<Allowance> = {}): Allowance {
  return {
    rev: 0,
    allowanceId: ids.next('alw'),
    actorId,
    number: 1,
    per: 'day',
    whose: {},
    currency: 'USDC',
    limit: 100n,
    above: 'ask',
    topUps: [],
    createdAt: 0,
    ...over,
  }
}

const counted = (over: Partial<Allowance>, used: bigint, unknown = 0): Counted => ({
  allowance: allowance(over),
  used,
  unknown,
})
const owner = { owner: true, run: {} }
const bob = { channel: 'telegram', id: 'bob' }
const wish = (amount: bigint | undefined) => ({ currency: 'USDC', amount })

describe('a judgement', () => {
  it('lets the owner spend freely where no allowance is', () => {
    expect(judge(owner, [], [], wish(10n ** 30n), now)).toEqual({ is: 'allow' })
    expect(judge(owner, [], [], wish(undefined), now)).toEqual({ is: 'allow' })
  })

  it('allows up to the limit, and not one unit above it', () => {
    const by = counted({}, 60n)
    expect(judge(owner, [by.allowance], [by], wish(40n), now)).toEqual({ is: 'allow' })
    expect(judge(owner, [by.allowance], [by], wish(41n), now)).toEqual({ is: 'ask', by })
    expect(judge(owner, [], [counted({ above: 'refuse' }, 100n)], wish(0n), now)).toEqual({ is: 'allow' })
  })

  it('takes what nobody can tell for more than any limit', () => {
    const by = counted({ limit: 10n ** 30n }, 0n)
    expect(judge(owner, [by.allowance], [by], wish(undefined), now)).toEqual({ is: 'ask', by })
    const spent = counted({ limit: 10n ** 30n, above: 'refuse' }, 0n, 1)
    expect(judge(owner, [], [spent], wish(0n), now)).toEqual({ is: 'refuse', by: spent })
    expect(leftOf(spent, now)).toBeUndefined()
  })

  it('refuses when one refuses, whatever others ask', () => {
    const asks = counted({}, 100n)
    const refuses = counted({ above: 'refuse' }, 100n)
    expect(judge(owner, [], [asks, refuses], wish(1n), now)).toEqual({ is: 'refuse', by: refuses })
  })

  it('refuses everybody but the owner, unless an allowance names the sender', () => {
    const stranger = { owner: false, run: { sender: bob, agentId: 'main', sessionKey: 's' } }
    const refused = { is: 'refuse', by: 'owner-only' }
    const general = counted({}, 0n)
    expect(judge(stranger, [general.allowance], [general], wish(1n), now)).toEqual(refused)
    const agents = counted({ whose: { agentId: 'main', sessionKey: 's' } }, 0n)
    expect(judge(stranger, [agents.allowance], [agents], wish(1n), now)).toEqual(refused)
    const named = counted({ whose: { sender: bob } }, 0n)
    expect(judge(stranger, [named.allowance], [named], wish(1n), now)).toEqual({ is: 'allow' })
    const elsewhere = allowance({ whose: { sender: { ...bob, channel: 'discord' } } })
    expect(judge(stranger, [elsewhere], [], wish(1n), now)).toEqual(refused)
    expect(judge({ owner: false, run: {} }, [named.allowance], [], wish(0n), now)).toEqual(refused)
    expect(isNamed([named.allowance], stranger, 'EURC')).toBe(false)
  })

  it('holds the owner to what names its agent or its session', () => {
    const worker = { owner: true, run: { agentId: 'worker', sessionKey: 'agent:worker:1' } }
    const of = [allowance({ whose: { agentId: 'worker' } }), allowance({ whose: { agentId: 'other' } })]
    expect(concerned(of, worker, { currency: 'USDC' })).toEqual([of[0]])
    expect(concerned(of, owner, { currency: 'USDC' })).toEqual([])
    expect(concerned(of, worker, { currency: 'EURC' })).toEqual([])
  })

  it('does not pay twice for a call on a lease that it has paid for', () => {
    const of = [allowance(), allowance({ whose: { agentId: 'worker' } })]
    const worker = { owner: true, run: { agentId: 'worker' } }
    expect(concerned(of, worker, { currency: 'USDC', taker: {} })).toEqual([of[1]])
    expect(concerned(of, worker, { currency: 'USDC', taker: { agentId: 'worker' } })).toEqual([])
  })
})

describe('a top-up', () => {
  it('counts until it is over, and what was spent of it leaves nothing then', () => {
    const raised = counted({ topUps: [{ amount: 50n, expiresAt: 2_000 }] }, 130n)
    expect(limitAt(raised.allowance, 1_999)).toBe(150n)
    expect(leftOf(raised, 1_999)).toBe(20n)
    expect(leftOf(raised, 2_000)).toBe(0n)
  })
})

describe('what the host says of a run', () => {
  it('counts only as far as it is whole: half a sender is nobody', () => {
    expect(runOf({ senderId: 'bob' })).toEqual({})
    expect(runOf({ channel: 'telegram' })).toEqual({})
    expect(runOf({ senderId: 'bob', channel: 'telegram' })).toEqual({ sender: bob })
    expect(runOf({ agentId: 'x'.repeat(200), sessionKey: 'a\nb' })).toEqual({})
    expect(runOf(undefined)).toEqual({})
  })

  it.each<[Whose, boolean]>([
    [{}, true],
    [{ sender: bob }, true],
    [{ sender: bob, agentId: 'main' }, true],
    [{ sender: bob, agentId: 'other' }, false],
    [{ sessionKey: 's' }, false],
  ])('%j is about it: %s', (whose, so) => {
    expect(isAbout(whose, { sender: bob, agentId: 'main' })).toBe(so)
  })
})
