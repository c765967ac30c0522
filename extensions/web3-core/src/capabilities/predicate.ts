/**
 * The vocabulary of prerequisites and effects. A predicate is a state of the world that a caller can reach by calls of this
 * registry (or that its owner arranges), so that a planner can chain capabilities without reading prose.
 */
export const predicates = {
  wallet_proved: "the caller has proved its wallet (inside the owner's gateway it always has)",
  challenge_open: 'a SIWE message has been given to this wallet and not answered',
  funds_available: 'the caller has money on this market; the operator grants deposits',
  backend_configured: 'the operator has configured a backend for the caller to publish over',
  resource_published: 'a resource is on the market',
  quote_open: 'a quote has been given and has not expired',
  lease_active: 'the caller holds an active lease of that kind',
  lease_used: 'the lease has been called and its usage metered',
  lease_settled: 'the money of the lease has been released and returned',
  file_stored: 'a file lies in the leased storage',
} as const

export type PredicateName = keyof typeof predicates

export interface Predicate {
  readonly is: PredicateName
  /** Of which kind the resource or lease is, where that matters. */
  readonly kind?: 'model' | 'search' | 'storage'
  /** The parameter that names the object in question. */
  readonly param?: string
  /** The field of the answer that names the object that came to be. */
  readonly field?: string
}
