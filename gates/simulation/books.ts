/**
 * What the world outside knows: whatever the market has acknowledged to someone, and what upstream has really delivered.
 * The market must never contradict it, whatever crashed in between.
 */
import { Calls } from '@openclaw-market/protocol/entities/lease'
import type { UnitTotals } from '@openclaw-market/protocol/money/units'
import { minus, same } from './arithmetic.ts'
import type { State } from './state.ts'

interface Fact {
  readonly what: string
  readonly holds: (state: State) => boolean
}

export class Books {
  #facts: Fact[] = []
  readonly #answers = new Map<string, string>()
  readonly #executed = new Set<string>()

  /** Somebody has been told this. It holds for ever. */
  told(what: string, holds: (state: State) => boolean): void {
    this.#facts.push({ what, holds })
  }

  /** @returns what was acknowledged and is not so any more */
  contradictions(state: State): readonly string[] {
    return this.#facts
      .filter(({ holds }) => !holds(state))
      .map(({ what }) => `acknowledged and lost: ${what}`)
  }

  /** A provider was told that the end of a call is on record. */
  finished(callId: string, usage: UnitTotals, outcome: 'done' | 'failed' | 'unknown', cost: bigint): void {
    this.told(`${callId} ended ${outcome}`, (state) => {
      const call = state.get(Calls, callId)
      if (call === undefined) return false
      if (outcome === 'unknown') return minus(call.usage, usage) !== undefined && call.billed >= cost
      return call.status === `call_${outcome}` && same(call.usage, usage) && call.billed >= cost
    })
  }

  /** A provider was told that this much is on record as delivered, whatever happens to the call. */
  checkpointed(callId: string, usage: UnitTotals, stated: () => boolean): void {
    this.told(`${callId} has delivered`, (state) => {
      const call = state.get(Calls, callId)
      if (call === undefined || minus(call.checkpoint, usage) === undefined) return false
      return call.status === 'call_open' || stated() || minus(call.usage, usage) !== undefined
    })
  }

  /** @returns what is wrong with this answer to an idempotency key, given those before */
  answered(key: string, answer: string): string | undefined {
    const before = this.#answers.get(key)
    if (before === undefined) this.#answers.set(key, answer)
    return before === undefined || before === answer ? undefined : `key ${key}: ${before}, then ${answer}`
  }

  /** Upstream works for this request. @returns what is wrong: it has before */
  executes(requestKey: string): string | undefined {
    if (this.#executed.has(requestKey)) return `${requestKey} is executed twice`
    this.#executed.add(requestKey)
    return undefined
  }
}
