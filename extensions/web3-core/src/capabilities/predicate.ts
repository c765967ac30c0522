/**
 * The vocabulary of prerequisites and effects. A predicate is a state of the world that a caller can reach by calls of this
 * registry (or that its owner arranges), so that a planner can chain capabilities without reading prose.
 */
export const predicates = {
  wallet_proved: "the caller has proved its wallet (inside the owner's gateway it always has)",
  owners_side:
    "the caller is inside the owner's gateway, or is the wallet that the owner, its operator, has bound to it",
  challenge_open: 'a SIWE message has been given to this wallet and not answered',
  funds_available: 'the caller has money on this market; the operator grants deposits',
  currency_dealt: 'the market deals in the currency, as its operator decided',
  backend_configured: 'the operator has configured a backend for the caller to publish over',
  share_possible: 'the machine of the gateway has something to share, as its operator arranged it',
  thing_shared: 'something of the machine of the gateway is shared',
  resource_published: 'a resource of another is on the market',
  resource_offered: 'a resource of your own is on the market',
  quote_open: 'a quote is given and has not expired',
  lease_held: 'you are a party to the lease, ended or not',
  lease_active: 'the caller holds an active lease of that kind',
  lease_used: 'the lease has been called and its usage metered',
  lease_settled: 'the money of the lease is released and returned',
  credit_lent: 'a credit line that you have opened is open',
  credit_held: 'a provider, an operator or another wallet, has chosen to open a credit line for you',
  event_logged:
    'an event that the caller may see: its own changes leave one, and those that an operator makes for it',
  file_stored: 'a file lies in the leased storage',
} as const

export type PredicateName = keyof typeof predicates

// Fields and parameters are named by their path, `resource/prices/*/currency`, where `*` stands for each item.
export interface Predicate {
  readonly is: PredicateName
  /** Of which kind the resource or lease is, where that matters. */
  readonly kind?: 'model' | 'search' | 'storage'
  /** The parameter that names the object in question. */
  readonly param?: string
  /** The parameter that says of which kind the object is. */
  readonly kindParam?: string
}

export interface Effect extends Predicate {
  /** The field of the answer that names the object that came to be. */
  readonly field?: string
  /** The prerequisite whose object's kind it has. */
  readonly kindOf?: PredicateName
  /** The header with which later calls show it, `*` being the field. */
  readonly header?: string
  /** It holds for everybody but the caller. */
  readonly forOthers?: true
}

export interface Found {
  readonly is: PredicateName
  /** The field that names an object. */
  readonly field: string
  /** The field beside it that says of which kind the object is. */
  readonly kindField?: string
  /** The field beside it that says whose it is, where the caller's own do not count. */
  readonly notOwn?: string
}
