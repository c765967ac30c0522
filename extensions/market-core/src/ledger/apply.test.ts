import { describe, expect, it } from 'vitest'
import { Accounts, type Account } from '@openclaw-market/protocol/entities/money'
import { idSource } from '@openclaw-market/protocol/ids'
import type { AccountRef, Movement } from '@openclaw-market/protocol/operation'
import { codec } from '@openclaw-market/protocol/schema/codec'
import { ActorId, mostAmount } from '@openclaw-market/protocol/schema/scalars'
import { accountId, available, balanceOf, emptyAccount, escrow, outside } from './account.ts'
import { applyPosting, touched, type Posting } from './apply.ts'

const actor = (n: number): ActorId => codec(ActorId).decode(`0x${n.toString(16).padStart(40, '0')}`)
const [ann, bob] = [actor(1), actor(2)]
const ids = idSource(
  () => 0,
  (bytes) => void bytes.fill(1),
)

type Accounts = ReadonlyMap<string, Account>

function apply(accounts: Accounts, posting: Posting): Accounts {
  const { accounts: changed } = applyPosting(posting, accounts, 0, ids)
  return new Map([...accounts, ...changed.map((account) => [account.accountId, account] as const)])
}

describe('a hold', () => {
  const account = escrow('stl_1', 'USDC', ann)
  const locked = apply(new Map(), {
    movements: [
      { debit: outside('USDC'), credit: account, amount: 100n, reason: 'lock', reference: 'stl_1' },
    ],
    holds: [],
  })
  const hold = (of: bigint): Posting => ({ movements: [], holds: [{ op: 'hold', account, amount: of }] })
  const resolve = (of: bigint, posted: bigint): Posting => ({
    movements: [],
    holds: [{ op: 'resolve', account, amount: of, posted }],
  })
  const out = (of: bigint, reason: Movement['reason']): Posting => ({
    movements: [{ debit: account, credit: available(bob, 'USDC'), amount: of, reason, reference: 'stl_1' }],
    holds: [],
  })
  const now = (accounts: Accounts) => {
    const { held, committed } = accounts.get(accountId(account)) ?? emptyAccount(account)
    return { held, committed }
  }

  it('posts in part, frees the rest, and resolves once', () => {
    const held = apply(locked, hold(40n))
    expect(now(held)).toEqual({ held: 40n, committed: 0n })
    const posted = apply(held, resolve(40n, 15n))
    expect(now(posted)).toEqual({ held: 0n, committed: 15n })
    expect(() => apply(posted, resolve(40n, 15n))).toThrow(expect.objectContaining({ code: 'E_CONFLICT' }))
  })

  it('posts no more than it held', () => {
    const held = apply(locked, hold(40n))
    expect(() => apply(held, resolve(40n, 41n))).toThrow(expect.objectContaining({ code: 'E_CONFLICT' }))
    expect(() => apply(held, resolve(41n, 0n))).toThrow(expect.objectContaining({ code: 'E_CONFLICT' }))
    expect(() => apply(held, resolve(40n, -1n))).toThrow(expect.objectContaining({ code: 'E_CONFLICT' }))
    expect(() => apply(held, hold(-1n))).toThrow(/a hold of -1/)
  })

  it('is of what is free, not of what is held or committed already', () => {
    const earned = apply(apply(locked, hold(60n)), resolve(60n, 60n))
    expect(() => apply(earned, hold(41n))).toThrow(
      expect.objectContaining({
        code: 'E_INSUFFICIENT_FUNDS',
        details: expect.objectContaining({ missing: '1' }),
      }),
    )
    expect(now(apply(earned, hold(40n)))).toEqual({ held: 40n, committed: 60n })
  })

  it('is released only from what is committed, and refunded only from what is free', () => {
    const earned = apply(apply(locked, hold(60n)), resolve(60n, 25n))
    expect(() => apply(earned, out(26n, 'release'))).toThrow(expect.objectContaining({ code: 'E_CONFLICT' }))
    expect(() => apply(earned, out(76n, 'refund'))).toThrow(
      expect.objectContaining({ code: 'E_INSUFFICIENT_FUNDS' }),
    )
    const settled = apply(apply(earned, out(25n, 'release')), out(75n, 'refund'))
    expect(balanceOf(settled.get(accountId(account)) ?? emptyAccount(account))).toBe(0n)
  })

  it('resolves before money moves, so that one posting can do both', () => {
    const both: Posting = {
      ...out(10n, 'release'),
      holds: [
        { op: 'hold', account, amount: 10n },
        { op: 'resolve', account, amount: 10n, posted: 10n },
      ],
    }
    expect(now(apply(locked, both))).toEqual({ held: 0n, committed: 0n })
  })
})

describe('a movement', () => {
  const move = (debit: AccountRef, credit: AccountRef, of: bigint): Posting => ({
    movements: [{ debit, credit, amount: of, reason: 'deposit', reference: 'x' }],
    holds: [],
  })

  it('of nothing leaves no transfer; below zero, across currencies or to itself it is a defect', () => {
    expect(
      applyPosting(move(outside('USDC'), available(ann, 'USDC'), 0n), new Map(), 0, ids).transfers,
    ).toEqual([])
    expect(() => apply(new Map(), move(outside('USDC'), available(ann, 'USDC'), -1n))).toThrow(
      /a transfer of -1/,
    )
    expect(() => apply(new Map(), move(outside('USDC'), available(ann, 'EURC'), 1n))).toThrow(
      /across currencies/,
    )
    expect(() => apply(new Map(), move(outside('USDC'), outside('USDC'), 1n))).toThrow(/to itself/)
  })

  it('out of the market is never more than what came in', () => {
    const granted = apply(new Map(), move(outside('USDC'), available(ann, 'USDC'), 5n))
    expect(() => apply(granted, move(available(ann, 'USDC'), outside('USDC'), 6n))).toThrow(
      expect.objectContaining({ code: 'E_INSUFFICIENT_FUNDS' }),
    )
    expect(
      balanceOf(
        apply(granted, move(available(ann, 'USDC'), outside('USDC'), 5n)).get('outside:operator:USDC') ??
          emptyAccount(outside('USDC')),
      ),
    ).toBe(0n)
    const astray = { ...emptyAccount(available(ann, 'USDC')), credits: 6n }
    expect(() =>
      apply(
        new Map([...granted, [astray.accountId, astray]]),
        move(available(ann, 'USDC'), outside('USDC'), 6n),
      ),
    ).toThrow(/outside:operator:USDC would go below zero/)
  })

  it('beyond what an amount can say is refused', () => {
    const granted = apply(new Map(), move(outside('USDC'), available(ann, 'USDC'), mostAmount))
    expect(() => apply(granted, move(outside('USDC'), available(bob, 'USDC'), 1n))).toThrow(
      expect.objectContaining({
        code: 'E_INVALID_ARGUMENT',
        details: { pointer: '/amount', rule: 'maximum' },
      }),
    )
  })

  it('of money that is here is never refused for how much has gone to and fro before', () => {
    let accounts = apply(new Map(), move(outside('USDC'), available(ann, 'USDC'), mostAmount))
    for (let n = 0; n < 20; n++) {
      accounts = apply(accounts, move(available(ann, 'USDC'), available(bob, 'USDC'), mostAmount))
      accounts = apply(accounts, move(available(bob, 'USDC'), available(ann, 'USDC'), mostAmount))
    }
    for (const account of accounts.values()) {
      const json = codec(Accounts.schema).encode(account)
      expect(codec(Accounts.schema).problem(json)).toBeUndefined()
      expect(codec(Accounts.schema).revive(json)).toEqual(account)
    }
  })

  it('touches each account once', () => {
    const posting = move(outside('USDC'), available(ann, 'USDC'), 1n)
    expect(
      touched({ movements: [...posting.movements, ...posting.movements], holds: [] }).map(accountId),
    ).toEqual(['outside:operator:USDC', `available:${ann}:USDC`])
  })
})
