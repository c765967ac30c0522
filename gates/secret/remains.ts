/** What a killed gateway has left, copied, and each way in which it can be damaged or configured wrongly. */
import { chmodSync, cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { record } from '../../test/market-gateway.fixture.ts'
import { chosen, passphraseOf, type World } from './world.ts'

export interface Remains {
  readonly state: string
  readonly passphraseFile: string
  /** The configs of the two plugins. */
  readonly market: Record<string, unknown>
  readonly web3: Record<string, unknown>
}

export function remainsOf(world: World, work: string): Remains {
  const { stateDir, configPath } = world.gateway.host
  rmSync(work, { recursive: true, force: true })
  for (const plugin of ['market-core', 'web3-core']) {
    const without = (path: string): boolean => !path.includes('lock.')
    cpSync(join(stateDir, plugin), join(work, 'state', plugin), { recursive: true, filter: without })
  }
  const passphraseFile = join(work, 'passphrase')
  writeFileSync(passphraseFile, passphraseOf(world).text, { mode: 0o600 })
  const { entries } = record(record(JSON.parse(readFileSync(configPath, 'utf8')))['plugins'])
  const configOf = (plugin: string) => record(record(record(entries)[plugin])['config'])
  const web3 = configOf('web3-core')
  return {
    state: join(work, 'state'),
    passphraseFile,
    market: { ...configOf('market-core'), passphraseFile },
    web3: { ...web3, provider: { ...record(web3['provider']), listen: { port: 0 } } },
  }
}

export interface Damage {
  readonly what: string
  readonly by: (of: Remains, secret: string) => void
}

export const damages: readonly Damage[] = [
  { what: 'nothing', by: () => undefined },
  { what: 'another passphrase', by: ({ passphraseFile }) => rewrite(passphraseFile, () => 'f0'.repeat(32)) },
  { what: 'a passphrase for all to read', by: ({ passphraseFile }) => chmodSync(passphraseFile, 0o644) },
  {
    what: 'a short passphrase',
    by: ({ passphraseFile }) => rewrite(passphraseFile, (all) => all.slice(0, 15)),
  },
  { what: 'no passphrase', by: ({ passphraseFile }) => rmSync(passphraseFile) },
  {
    what: 'a damaged keystore',
    by: ({ state }) => rewrite(keystoreOf(state), (all) => all.replace('"mac":"', '"mac":"00')),
  },
  { what: 'half a keystore', by: ({ state }) => rewrite(keystoreOf(state), (all) => all.slice(0, 200)) },
  {
    what: 'a key for a keystore',
    by: ({ state }, secret) => rewrite(keystoreOf(state), () => `{"version":3,"key":"${secret}"}`),
  },
  { what: 'a damaged vault', by: ({ state }) => flip(vaultOf(state)) },
  { what: 'a secret for a vault', by: ({ state }, secret) => rewrite(vaultOf(state), () => secret) },
  { what: 'a damaged store', by: ({ state }) => storeOf(state).forEach(flip) },
  {
    what: 'a secret for a store',
    by: ({ state }, secret) => storeOf(state).forEach((file) => rewrite(file, () => secret)),
  },
  ...misconfigured('market', {
    'a passphrase in the config': (secret) => ({ passphrase: secret }),
    'a passphrase for its file': (secret) => ({ passphraseFile: secret }),
    'a passphrase in its path': (secret) => ({ passphraseFile: `/none/${secret}` }),
    'a secret for a currency': (secret) => ({ currencies: [{ symbol: secret, decimals: 6 }] }),
    'a chain by no address': () => ({ chains: [{ chainId: 1, rpcUrl: chosen.rpc.key }] }),
  }),
  ...misconfigured('web3', {
    'a market by no address': (secret) => ({ markets: [{ name: 'harbour', url: `http://[${secret}` }] }),
    'an unknown key': (secret) => ({ token: secret }),
    'an api key in the config': (secret) => backend({ ...openai, apiKey: secret }),
    'an api key for its file': (secret) => backend({ ...openai, apiKeyFile: secret }),
    'an api key in a path': (secret) => backend({ ...openai, apiKeyFile: `/none/${secret}` }),
    'a password in an address': (secret) =>
      backend({ ...openai, baseUrl: `http://user:${secret}@127.0.0.1:9/` }),
    'a secret for a driver': (secret) => backend({ driver: secret, directory: secret }),
    'a secret for a folder': (secret) => backend({ driver: 'local-docs', directory: `/none/${secret}` }),
    'a secret for a publisher': (secret) => backend({ ...openai, publishers: [secret] }),
  }),
]

const openai = { driver: 'openai-compat', baseUrl: 'http://127.0.0.1:9/v1', model: 'm' }

function backend(entry: object): object {
  return { provider: { listen: { port: 0 }, backends: { wrong: entry } } }
}

function misconfigured(
  plugin: 'market' | 'web3',
  configs: Readonly<Record<string, (secret: string) => object>>,
): readonly Damage[] {
  return Object.entries(configs).map(([what, config]) => ({
    what,
    by: (of, secret) => void Object.assign(of[plugin], config(secret)),
  }))
}

const keystoreOf = (state: string): string => join(state, 'market-core', 'keys', 'node-wallet.json')
const vaultOf = (state: string): string => join(state, 'web3-core', 'vault')

function storeOf(state: string): readonly string[] {
  const folder = join(state, 'market-core', 'store')
  return readdirSync(folder).map((name) => join(folder, name))
}

function rewrite(path: string, change: (all: string) => string): void {
  writeFileSync(path, change(readFileSync(path, 'utf8')))
}

function flip(path: string): void {
  const bytes = readFileSync(path)
  const middle = Math.floor(bytes.length / 2)
  bytes[middle] = (bytes[middle] ?? 0) ^ 0x20
  writeFileSync(path, bytes)
}
