/** The config of web3-core. A mistake does not stop the gateway: our part says which key and why. */
import { Type, type Static } from '@sinclair/typebox'
import { BrainConfig, brainProblems } from '../brain/brain-config.ts'
import { codec } from '@openclaw-market/protocol/schema/codec'
import { ActorId, closed } from '@openclaw-market/protocol/schema/scalars'

const BackendName = Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,63}$' })
const HttpUrl = Type.String({ pattern: '^https?://[^\\s/?#@]+[^\\s?#]*$', maxLength: 2048 })

const Wait = Type.Integer({ minimum: 100, maximum: 290_000 })

export const ConfigSchema = closed({
  provider: Type.Optional(
    closed({
      /** A listener of its own for leaseholders; without it they reach us through the gateway's port. */
      listen: Type.Optional(
        closed({
          host: Type.Optional(Type.String({ minLength: 1, maxLength: 253 })),
          port: Type.Integer({ minimum: 0, maximum: 65_535 }),
        }),
      ),
      /** How leaseholders reach us when it is not the listener's own address, e.g. behind a proxy. */
      publicUrl: Type.Optional(HttpUrl),
      /** By name: a driver with its settings, and who besides the node wallet may publish over it. */
      backends: Type.Optional(Type.Record(BackendName, Type.Record(Type.String(), Type.Unknown()))),
      checkpointMs: Type.Optional(Type.Integer({ minimum: 50, maximum: 60_000 })),
    }),
  ),
  markets: Type.Optional(
    Type.Array(
      closed({
        name: Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,62}$' }),
        url: HttpUrl,
        address: Type.Optional(ActorId),
      }),
      { maxItems: 32 },
    ),
  ),
  brain: Type.Optional(BrainConfig),
  /** How long a leased model is waited for: until its answer begins, and until more of it comes. */
  model: Type.Optional(closed({ firstByteMs: Type.Optional(Wait), silenceMs: Type.Optional(Wait) })),
  fallback: Type.Optional(
    closed({ search: Type.Optional(BackendName), storage: Type.Optional(BackendName) }),
  ),
  share: Type.Optional(
    closed({
      /** Loopback ports where `web3.share.find` looks, instead of those where such programs usually are. */
      ports: Type.Optional(Type.Array(Type.Integer({ minimum: 1, maximum: 65_535 }), { maxItems: 32 })),
    }),
  ),
  api: Type.Optional(
    closed({
      /** Requests a minute from one address to /web3/api. */
      maxRequestsPerMinute: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000 })),
    }),
  ),
})
export type Config = Static<typeof ConfigSchema>

export interface ConfigProblem {
  readonly key: string
  readonly problem: string
}

export interface ReadConfig {
  readonly config: Config
  readonly problems: readonly ConfigProblem[]
}

/** With a mistake the rest is not guessed: the config counts as empty, and the problem says why. */
export function readConfig(json: unknown): ReadConfig {
  const given = json ?? {}
  const wrong = codec(ConfigSchema).problem(given)
  if (wrong !== undefined) return { config: {}, problems: [{ key: wrong.pointer, problem: wrong.message }] }
  const config = codec(ConfigSchema).decode(given)
  return {
    config,
    problems: [...nameProblems(config), ...urlProblems(config), ...brainConfigProblems(config)],
  }
}

function brainConfigProblems({ brain }: Config): readonly ConfigProblem[] {
  return brain === undefined ? [] : brainProblems(brain)
}

/** What has the look of an address and is none. */
function urlProblems({ markets = [], provider }: Config): ConfigProblem[] {
  const urls = markets.map(({ url }, i) => ({ key: `/markets/${i}/url`, url }))
  if (provider?.publicUrl !== undefined) urls.push({ key: '/provider/publicUrl', url: provider.publicUrl })
  return urls.flatMap(({ key, url }) => (URL.canParse(url) ? [] : [{ key, problem: 'is not an address' }]))
}

function nameProblems({ markets = [] }: Config): ConfigProblem[] {
  const names = ['local', ...markets.map(({ name }) => name)]
  return markets.flatMap(({ name }, i) =>
    names.indexOf(name) === i + 1 ? [] : [{ key: `/markets/${i}/name`, problem: `${name} is taken` }],
  )
}

const Publishers = Type.Optional(Type.Array(ActorId, { maxItems: 100, uniqueItems: true }))

export interface BackendEntry {
  /** What the driver is given. */
  readonly driver: Record<string, unknown>
  readonly publishers: readonly ActorId[]
}

/** Takes what is ours (who may publish) from what is the driver's. */
export function splitBackends(backends: NonNullable<NonNullable<Config['provider']>['backends']>): {
  readonly entries: ReadonlyMap<string, BackendEntry>
  readonly problems: readonly ConfigProblem[]
} {
  const entries = new Map<string, BackendEntry>()
  const problems: ConfigProblem[] = []
  const List = closed({ publishers: Publishers })
  for (const [name, { publishers, ...driver }] of Object.entries(backends)) {
    const given = publishers === undefined ? {} : { publishers }
    const wrong = codec(List).problem(given)
    if (wrong !== undefined) {
      problems.push({ key: `/provider/backends/${name}${wrong.pointer}`, problem: wrong.message })
    }
    const named = wrong === undefined ? codec(List).decode(given).publishers : undefined
    entries.set(name, { driver, publishers: named ?? [] })
  }
  return { entries, problems }
}
