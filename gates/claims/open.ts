/** What is known and not defended. Each sentence is true now; whoever changes that takes it out. */
export const knownAndOpen: readonly string[] = [
  'The internal rail is custodial: whoever uses it trusts this market’s operator with the money and with the records.',
  'Whoever reads the memory of the process, or the passphrase file and the state directory, has the keys and the tokens.',
  'An operator may complete or revoke a lease on behalf of its consumer. It leaves an event with the reason, and is not refused.',
  'A sender in a chat that is not proved to be the owner changes and spends nothing, but may read the owner’s summaries: balances, leases, usage.',
  'Another market that the config names without `markets[].address` is known by what it first says it is; that is kept in memory only, and asked again after a restart or when it refuses our signature.',
  'A lease’s token follows the market’s name in the config: whoever gives the name of one market to the address of another sends the first one’s tokens there.',
  'The rate of the API is by address of the socket: behind a proxy all callers share one, and whoever has many IPv6 addresses has as many rates. Rates are in memory, and begin anew with the process.',
  'A file that is stored or read passes through memory whole. All bodies together are bounded, so large ones keep others waiting.',
  'What this gateway counted itself of its leased calls (its receipts) is never pruned.',
  'A byte that flips in the very last commit together with a power loss may pass for a write that was cut short.',
  'A database above 16 MiB is checked whole only by `market.store.verify`; at its opening, and as it is read, only in part.',
  'The rights of a backend’s `apiKeyFile` are not looked at; those of the passphrase file and the keystore are.',
]
