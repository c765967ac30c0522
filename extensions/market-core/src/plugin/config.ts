/** The config of market-core. A mistake does not stop the gateway: our part stays off and says which key and why. */
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { Type, type Static } from '@sinclair/typebox'
import { sha256Hex } from '@openclaw-market/protocol/canonical'
import { codec } from '@openclaw-market/protocol/schema/codec'
import { closed, CurrencySymbol, line } from '@openclaw-market/protocol/schema/scalars'
import type { MarketOptions } from './open-market.ts'

export const ConfigSchema = closed({
  store: Type.Optional(
    Type.Union([Type.Literal('sqlite'), Type.Literal('file')], {
      description: 'sqlite unless you want to read it',
    }),
  ),
  chainId: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: Number.MAX_SAFE_INTEGER,
      description: 'chain that signatures are made for; 1',
    }),
  ),
  currencies: Type.Optional(
    Type.Array(closed({ symbol: CurrencySymbol, decimals: Type.Integer({ minimum: 0, maximum: 30 }) }), {
      minItems: 1,
      maxItems: 32,
      description: 'what this market deals in; USDC with 6 decimals when absent',
    }),
  ),
  chains: Type.Optional(
    Type.Array(
      closed({ chainId: Type.Integer({ minimum: 1 }), rpcUrl: Type.String({ pattern: '^https?://' }) }),
      {
        maxItems: 32,
        description: 'where contract wallets (EIP-1271, EIP-6492) are asked',
      },
    ),
  ),
  disputeWindowSeconds: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: 2_592_000,
      description: 'between the end of a lease and its payment; 600',
    }),
  ),
  quoteSeconds: Type.Optional(
    Type.Integer({ minimum: 10, maximum: 86_400, description: 'how long a quote holds; 300' }),
  ),
  sweepSeconds: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 3_600, description: 'how often time acts; 15' }),
  ),
  passphraseFile: Type.Optional(
    line(1, 4096, 'absolute path of a 0600 file; made under your config directory when absent'),
  ),
})
export type Config = Static<typeof ConfigSchema>

export interface ConfigProblem {
  /** JSON pointer into the plugin's config. */
  readonly key: string
  readonly problem: string
}

export type ReadConfig =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] }

export function readConfig(json: unknown): ReadConfig {
  const given = json ?? {}
  const wrong = codec(ConfigSchema).problem(given)
  if (wrong !== undefined) return { ok: false, problems: [{ key: wrong.pointer, problem: wrong.message }] }
  const config = codec(ConfigSchema).decode(given)
  const problems: ConfigProblem[] = []
  const symbols = (config.currencies ?? []).map(({ symbol }) => symbol)
  for (const [i, symbol] of symbols.entries()) {
    if (symbols.indexOf(symbol) !== i)
      problems.push({ key: `/currencies/${i}/symbol`, problem: 'is declared twice' })
  }
  if (config.passphraseFile !== undefined && !isAbsolute(config.passphraseFile)) {
    problems.push({ key: '/passphraseFile', problem: 'is not an absolute path' })
  }
  return problems.length === 0 ? { ok: true, config } : { ok: false, problems }
}

const day = 86_400_000

/** Where the passphrase of a market is, also for a process that does not open it. A config with mistakes counts as none. */
export function passphraseFileOf(json: unknown, stateDirectory: string): string {
  const read = readConfig(json)
  return (read.ok ? read.config.passphraseFile : undefined) ?? defaultPassphraseFile(rootOf(stateDirectory))
}

function rootOf(stateDirectory: string): string {
  return join(stateDirectory, 'market-core')
}

/** @param stateDirectory where the host keeps the state of this plugin */
export function toOptions(
  config: Config,
  stateDirectory: string,
  report: MarketOptions['report'],
): MarketOptions {
  const root = rootOf(stateDirectory)
  return {
    backend: config.store ?? 'sqlite',
    storeDirectory: join(root, 'store'),
    keyDirectory: join(root, 'keys'),
    checkpointFile: join(root, 'log-checkpoint'),
    passphraseFile: config.passphraseFile ?? defaultPassphraseFile(root),
    chainId: config.chainId ?? 1,
    currencies: config.currencies ?? [{ symbol: 'USDC', decimals: 6 }],
    chains: config.chains ?? [],
    disputeWindowMs: (config.disputeWindowSeconds ?? 600) * 1000,
    quoteTtlMs: (config.quoteSeconds ?? 300) * 1000,
    answerTtlMs: day,
    report,
  }
}

/** Outside the state directory, so that a backup of the state holds no key to itself. One a state directory. */
function defaultPassphraseFile(root: string): string {
  const config = process.env.XDG_CONFIG_HOME ?? join(homedir(), '.config')
  return join(config, 'openclaw-market', `passphrase-${sha256Hex(root).slice(0, 16)}`)
}
