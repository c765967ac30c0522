/** Under which address this market signs people in (EIP-4361 domain and URI), and where its own leases are served. */
export interface Site {
  /** RFC 3986 authority, e.g. `127.0.0.1:18800`. */
  readonly domain: string
  /** Base of all our routes, without a slash at the end. */
  readonly url: string
  /** Chains whose wallets may sign in; the market's own comes first. */
  readonly chainIds: readonly number[]
}
