/**
 * Where a secret may stand, and why. Whatever is found at a place that no line allows is a leak; a line that nothing was
 * found for proves that we did not look where it would have been.
 */
import type { Evidence } from './evidence.ts'
import type { Search } from './canary.ts'

export interface Allowed {
  /** Name of the secret, as `secrets.ts` gives it. */
  readonly secret: RegExp
  readonly place: RegExp
  readonly why: string
}

export const allowed: readonly Allowed[] = [
  {
    secret: /^the token that an operator issued$/,
    place: /^rpc market\.lease\.issue ok$/,
    why: '§15: market.lease.issue without tokenHash answers it, once',
  },
  {
    secret: /^the session of /,
    place: /^api web3\.siwe\.verify 200$/,
    why: '§15: the answer of siwe.verify to the wallet itself',
  },
  {
    secret: /^the token in the vault$/,
    place: /^cli web3 lease token: stdout$/,
    why: '§15: openclaw web3 lease token opens the vault in the terminal',
  },
  {
    secret: /^the passphrase$/,
    place: /^file home\/\.config\/openclaw-market\/passphrase-[0-9a-f]{16}$/,
    why: '§15: a 0600 file made at first start, outside state and backups',
  },
  {
    secret: /^(the path of|the address of|the name of the model of|the token of the gateway)/,
    place: /^file state\/openclaw\.json(\.[\w.-]+)?$/,
    why: "§8: where a backend is stands in the config and nowhere else; the host keeps copies; the gateway's token is its own",
  },
  {
    secret: /^the path of lent$/,
    place: /^file state\/web3-core\/shared\/shared\.json$/,
    why: '§8: where a shared thing is stands in a 0600 file beside the config, and nowhere else',
  },
  {
    secret: /^the name of a backend$/,
    place: /^file state\/(openclaw\.json(\.[\w.-]+)?|state\/openclaw\.sqlite(-wal)?)$/,
    why: '§8: named in the config, whose keys the host keeps a journal of',
  },
  {
    secret: /^the (name of a backend|hash of .*)$/,
    place: /^file state\/market-core\/store\//,
    why: 'marked as secret beside the entity: kept, and never shown',
  },
  {
    secret: /^the name of a backend$/,
    place: /^(rpc|tool web3_call) web3\.status\.summary ok( with .*)?$/,
    why: '§8: the owner sees which backends serve',
  },
  {
    secret: /^the text of a stored file$/,
    place: /^file files\//,
    why: '§11: the folder that the operator gave to the filesystem backend',
  },
  {
    secret: /^the text of a stored file$/,
    place: /^(http GET \/web3\/resources\/storage\/get 200|rpc web3\.storage\.get ok)$/,
    why: '§11: whoever stored it reads it back',
  },
  {
    secret: /^the answer of the model$/,
    place: /^(http POST \/web3\/.*\/(chat|completions) 200|(rpc|tool web3_call) web3\.model\.chat ok)$/,
    why: '§11: the caller who pays for it',
  },
  {
    secret: /^where the state is$/,
    place: /^(file|log of the gateway|argv|environment|cli)/,
    why: '§15: real paths are in no answer; the host names its own in its files, its log and to its processes',
  },
]

export interface Findings {
  /** `secret: place`, each once. */
  readonly leaks: readonly string[]
  /** Lines of the table that nothing was found for. */
  readonly unused: readonly Allowed[]
}

export function findingsIn(all: readonly Evidence[], search: Search): Findings {
  const leaks = new Set<string>()
  const used = new Set<Allowed>()
  for (const { place, bytes } of all) {
    for (const secret of search(bytes)) {
      const line = allowed.find((each) => each.secret.test(secret) && each.place.test(place))
      if (line === undefined) leaks.add(`${secret}: ${place}`)
      else used.add(line)
    }
  }
  return { leaks: [...leaks], unused: allowed.filter((line) => !used.has(line)) }
}
