/** What sharing needs to know of this host. */
export interface Here {
  readonly stateDirectory: string
  /** Where to look when nobody says; absent: at the well-known ports. */
  readonly ports: readonly number[] | undefined
  /** Of the gateway and its listener. */
  readonly ownPorts: readonly number[]
  /** By what leaseholders reach this gateway: an address that the config names, the listener's own, or only the gateway's. */
  readonly reached: 'named' | 'listener' | 'gateway'
}

/** What is still missing before anyone else can use what is shared, and the lines that bring it. */
export function missingReach({ reached }: Here): string | undefined {
  const to = 'plugins.entries.web3-core.config.provider'
  switch (reached) {
    case 'named':
      return undefined
    case 'listener':
      return `Others need a name for it: set ${to}.publicUrl to the address of your proxy (HTTPS) or network, e.g. "https://market.example".`
    case 'gateway':
      return `Only this machine can reach it. Set ${to}.listen to { "port": 18800 }, put a proxy with HTTPS before that port, and set ${to}.publicUrl to its address.`
  }
}
