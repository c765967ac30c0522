/** A promise of this market, what keeps it, and what would notice if that were gone. */
export interface Claim {
  /** One sentence, true now. */
  readonly claim: string
  /** From the root of the repository, as all files here. */
  readonly file: string
  /** A function, method, operation or declaration of that file. */
  readonly enforcedBy: string
  readonly caughtBy: {
    readonly file: string
    /** As it stands in `it('…')`, placeholders included. */
    readonly test: string
  }
  /** How a careless change would take the enforcement away. */
  readonly loss: {
    /** Stands in `file` exactly once. */
    readonly line: string
    readonly replacement: string
  }
}

export interface Area {
  readonly title: string
  /** Whom it stands against, in a sentence. */
  readonly against: string
  readonly claims: readonly Claim[]
}

export const core = 'extensions/market-core/src'
export const web3 = 'extensions/web3-core/src'
export const protocol = 'packages/protocol/src'
