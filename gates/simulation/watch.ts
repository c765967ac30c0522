/** Stands around the executor: asks the law about every operation as it is decided, and compares how it ends. */
import { isMarketError } from '@openclaw-market/protocol/errors'
import type { Operation } from '@openclaw-market/protocol/operation'
import type { Static, TObject } from '@sinclair/typebox'
import type { Execute } from '../../extensions/market-core/src/market/execute.ts'
import { accountLaws } from './law-accounts.ts'
import { budgetLaws } from './law-budget.ts'
import { callLaws } from './law-calls.ts'
import { creditLaws } from './law-credit.ts'
import { leaseLaws } from './law-leases.ts'
import { resourceLaws } from './law-resources.ts'
import { walletLaws } from './law-wallet.ts'
import type { Trial, Verdict } from './law.ts'
import { MemoryRead } from './transaction.ts'

const laws = new Map(
  [
    ...accountLaws,
    ...budgetLaws,
    ...callLaws,
    ...creditLaws,
    ...leaseLaws,
    ...resourceLaws,
    ...walletLaws,
  ].map((law) => [law.name, law]),
)

/** How the store may make any write end. */
const unwritten: readonly string[] = ['E_UNAVAILABLE', 'E_OUTCOME_UNKNOWN']

export interface Watch {
  readonly serving: () => boolean
  readonly wrong: (message: string) => void
  /** Told of every end of an operation that came as far as its decision. */
  readonly ended: (operation: string, how: string) => void
}

export function watched(execute: Execute, { serving, wrong, ended }: Watch): Execute {
  const watch = <P extends TObject, R extends TObject, S, F>(op: Operation<P, R, S, F>) => {
    const law = laws.get(op.name)
    if (law === undefined) throw new Error(`there is no law for ${op.name}`)
    let asked: { readonly verdict: Verdict; readonly trial: Trial<Static<P>, F> } | undefined
    const seen: Operation<P, R, S, F> = {
      ...op,
      load(tx, params, context) {
        if (!(tx instanceof MemoryRead)) throw new Error('a decision outside the simulated store')
        const { who, now, rules, proof } = context
        const trial = { state: tx.state, params, who, now, rules, proof, serving: serving() }
        asked = { verdict: law.verdict(trial), trial }
        return op.load(tx, params, context)
      },
    }
    const end = (how: string): void => {
      if (asked === undefined) return
      ended(op.name, how)
      const right: readonly string[] = asked.verdict
      if (right.includes(how) || unwritten.includes(how)) return
      wrong(`${op.name} ended in ${how}, and the law says ${right.join(' or ')}: ${said(asked.trial)}`)
    }
    return { seen, end }
  }
  return {
    async operation(op, json, who) {
      const { seen, end } = watch(op)
      const envelope = await execute.operation(seen, json, who)
      end(envelope.ok ? 'ok' : envelope.error)
      return envelope
    },
    query: (op, json, who) => execute.query(op, json, who),
    async decide(op, params, who) {
      const { seen, end } = watch(op)
      try {
        const result = await execute.decide(seen, params, who)
        end('ok')
        return result
      } catch (error) {
        end(isMarketError(error) ? error.code : String(error))
        throw error
      }
    },
  }
}

function said({ params, who, now }: Trial<unknown>): string {
  const text = (value: unknown): string =>
    JSON.stringify(value, (_key, part: unknown) => (typeof part === 'bigint' ? part.toString() : part))
  return `${text(params)} by ${text(who)} at ${now}`
}
