import { describe, expect, it } from 'vitest'
import { MarketError } from '../errors.ts'
import { deriveLeaseView } from './derived.ts'
import { isLegal, isTerminal, transition, type Machine } from './machine.ts'
import * as tables from './tables.ts'

const machines: readonly (readonly [string, Machine<string>, string, readonly string[]])[] = [
  ['resource', tables.resourceMachine, 'resource_published', []],
  ['offer', tables.offerMachine, 'offer_published', ['offer_closed']],
  ['lease', tables.leaseMachine, 'lease_active', ['lease_completed', 'lease_revoked', 'lease_expired']],
  ['call', tables.callMachine, 'call_open', ['call_done', 'call_failed']],
  [
    'settlement',
    tables.settlementMachine,
    'settlement_locked',
    ['settlement_released', 'settlement_refunded'],
  ],
  ['credit', tables.creditMachine, 'credit_open', ['credit_closed']],
  ['payout', tables.payoutMachine, 'payout_pending', ['payout_paid', 'payout_returned']],
  ['chainJob', tables.chainJobMachine, 'job_queued', []],
  ['spend', tables.spendMachine, 'spend_open', ['spend_settled']],
  ['approval', tables.approvalMachine, 'approval_pending', ['approval_denied', 'approval_used']],
]

describe.each(machines)('the table of a %s', (_name, machine, first, finals) => {
  const states = Object.keys(machine)

  it('names no state that it does not have', () => {
    for (const state of states) for (const next of machine[state] ?? []) expect(states).toContain(next)
  })

  it('reaches every state from the first', () => {
    const reached = new Set([first])
    for (const state of reached) for (const next of machine[state] ?? []) reached.add(next)
    expect([...reached].sort()).toEqual([...states].sort())
  })

  it('ends where it should, and nothing leaves an end', () => {
    expect(states.filter((state) => isTerminal(machine, state)).sort()).toEqual([...finals].sort())
  })

  it('refuses every arrow that it does not have with E_CONFLICT, and says what is legal', () => {
    for (const from of states) {
      for (const to of states) {
        if (isLegal(machine, from, to)) {
          expect(transition(machine, from, to, 'it')).toBe(to)
          continue
        }
        const refused = thrown(() => transition(machine, from, to, 'it'))
        expect(refused).toBeInstanceOf(MarketError)
        expect(refused).toMatchObject({ code: 'E_CONFLICT', details: { from, to, legal: machine[from] } })
      }
    }
  })
})

it('every list of states has its table', () => {
  const lists = Object.entries(tables).filter(([name]) => name.endsWith('States'))
  expect(lists.length).toBe(machines.length)
  for (const [name, list] of lists) {
    const machine = machines.find(([of]) => `${of}States` === name)?.[1] ?? {}
    expect(Object.keys(machine)).toEqual([...(list as readonly string[])])
  }
})

describe('order, consent and delivery of a lease', () => {
  const cases = tables.leaseStates.flatMap((lease) =>
    tables.settlementStates.map((settlement) => ({ lease, settlement })),
  )

  it.each(cases)('are known when it is $lease and $settlement', ({ lease, settlement }) => {
    const view = deriveLeaseView(lease, settlement)
    const runs = !isTerminal(tables.leaseMachine, lease)
    const refunded = !runs && settlement === 'settlement_refunded'
    expect(view.delivery === 'delivery_ready').toBe(runs)
    expect(view.order === 'delivery_ready').toBe(runs)
    expect(view.delivery === 'delivery_revoked').toBe(refunded)
    expect(view.order === 'settlement_cancelled').toBe(refunded)
    expect(view.order === 'settlement_completed').toBe(!runs && settlement === 'settlement_released')
    expect(view.consent === 'consent_revoked').toBe(lease === 'lease_revoked' || refunded)
  })
})

function thrown(act: () => unknown): unknown {
  try {
    act()
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}
