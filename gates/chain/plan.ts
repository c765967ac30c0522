/** What a run wants of the chain: orders that are locked and then paid, given back, or both; and coins sent from one to another. */
import type { Hex } from 'viem'
import {
  lockCall,
  refundCall,
  releaseCall,
  type EscrowOrder,
  type OrderAt,
} from '../../extensions/market-core/src/settlement/chain/escrow-wishes.ts'
import type { ChainSigner } from '../../extensions/market-core/src/settlement/outbox/environment.ts'
import type { ChainWish } from '../../extensions/market-core/src/settlement/outbox/job.ts'
import { keyOf, nobody } from '../../extensions/market-core/src/settlement/outbox/local-chain.fixture.ts'
import type { ActorId } from '@openclaw-market/protocol/schema/scalars'
import type { Dice } from '../run.ts'

/** Whole: all to the payee. Part: some, and the rest back. Back: nothing. Contest: payer and payee are at odds, and both are fast. */
export const kinds = ['whole', 'part', 'back', 'contest'] as const
export type Kind = (typeof kinds)[number]

export interface PlannedOrder {
  readonly kind: Kind
  readonly amount: number
  readonly part: number
  readonly id: Hex
}

/** As JSON, for the process that sends. */
export interface Plan {
  readonly run: string
  readonly escrow: ActorId
  readonly rpcUrls: readonly string[]
  readonly until: number
  readonly orders: readonly PlannedOrder[]
  readonly transfers: readonly number[]
}

export function partiesOf(run: string): { readonly payer: ChainSigner; readonly payee: ChainSigner } {
  return { payer: keyOf(`payer of ${run}`), payee: keyOf(`payee of ${run}`) }
}

/** Who gets a transfer: nobody has sent it anything else. */
export function receiverOf(run: string, n: number): ActorId {
  return keyOf(`receiver ${n} of ${run}`).address
}

export function drawOrders(dice: Dice): readonly Omit<PlannedOrder, 'id'>[] {
  return Array.from({ length: 2 }, () => {
    const amount = 10 + dice.below(1_000)
    return { kind: dice.one(kinds), amount, part: 1 + dice.below(amount - 1) }
  })
}

export function termsOf(run: string, n: number, amount: number, until: number): EscrowOrder {
  const { payer, payee } = partiesOf(run)
  return {
    payer: payer.address,
    payee: payee.address,
    token: nobody,
    amount: BigInt(amount),
    voucherSigner: nobody,
    expiresAt: BigInt(until),
    refundableAt: BigInt(until),
    arbiter: nobody,
    decisionTime: 0,
    undecidedPayeeBps: 0,
    ref: `0x${n.toString(16).padStart(64, '0')}`,
  }
}

/** One after the other; what stands together at once. */
export type Steps = readonly (readonly ChainWish[])[]

export function stepsOf(plan: Plan): readonly Steps[] {
  const { payer, payee } = partiesOf(plan.run)
  const ofOrders = plan.orders.map((planned, n): Steps => {
    const order = termsOf(plan.run, n, planned.amount, plan.until)
    const at: OrderAt = { escrow: plan.escrow, order, id: planned.id }
    const wish = (by: ChainSigner, what: string, call: ReturnType<typeof lockCall>): ChainWish => ({
      signer: by.address,
      gasCeiling,
      purpose: purposeOf(what, plan.run, n),
      ...call,
    })
    const lock = wish(payer, 'lock', lockCall(at))
    const refund = wish(payee, 'refund', refundCall(at))
    const release = (amount: number) => wish(payer, 'release', releaseCall(at, BigInt(amount), 0n))
    switch (planned.kind) {
      case 'whole':
        return [[lock], [release(planned.amount)]]
      case 'part':
        return [[lock], [release(planned.part)], [refund]]
      case 'back':
        return [[lock], [refund]]
      case 'contest':
        return [[lock], [release(planned.amount), refund]]
    }
  })
  const ofTransfers = plan.transfers.map((amount, n): Steps => {
    const to = receiverOf(plan.run, n)
    const purpose = purposeOf('transfer', plan.run, n)
    return [[{ signer: payer.address, to, data: '0x', value: BigInt(amount), gasCeiling, purpose }]]
  })
  return [...ofOrders, ...ofTransfers]
}

const gasCeiling = 10n ** 17n

export function purposeOf(what: string, run: string, n: number): string {
  return `gate.${what}/${run}-${n}`
}
