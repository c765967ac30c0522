import { MarketError } from '../errors.ts'

/** A state machine as data: each state and the states that may follow it. A state without followers is terminal. */
export type Machine<S extends string> = { readonly [K in S]: readonly S[] }

export function isLegal<S extends string>(machine: Machine<S>, from: S, to: S): boolean {
  return machine[from].includes(to)
}

export function isTerminal<S extends string>(machine: Machine<S>, state: S): boolean {
  return machine[state].length === 0
}

/** @throws MarketError E_CONFLICT when the table has no such arrow. */
export function transition<S extends string>(machine: Machine<S>, from: S, to: S, what: string): S {
  if (isLegal(machine, from, to)) return to
  const after = machine[from]
  throw new MarketError('E_CONFLICT', `${what} is ${from} and cannot become ${to}`, {
    details: { from, to, legal: after },
    hint: after.length === 0 ? `${from} is final.` : `From ${from} it can become ${after.join(' or ')}.`,
  })
}
