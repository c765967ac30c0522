/** The provider's side: a gateway with both plugins, whose node wallet publishes what its backends serve. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { pluginDirectories } from '../build-plugins.ts'
import { isRecord, stringAt } from '../gateway/json-value.ts'
import { launchGateway, type Gateway } from '../gateway/launch.ts'
import type { StartArguments } from './arguments.ts'
import type { Lifetime } from './lifetime.ts'
import type { ModelUpstream } from './model-upstream.ts'

export interface Provider {
  readonly gateway: Gateway
  /** The provider's own door, for strangers. */
  readonly url: string
  readonly storeDirectory: string
  /** Where leaseholders' files are kept. */
  readonly filesDirectory: string
  /** The documents that are searched. */
  readonly docsDirectory: string
  /** @throws with code and message when it is refused */
  call(method: string, params: unknown): Promise<Readonly<Record<string, unknown>>>
}

const currency = 'USDC'
const readyMs = 30_000

export async function bootProvider(
  { store }: StartArguments,
  { backend }: ModelUpstream,
  lifetime: Lifetime,
): Promise<Provider> {
  const filesDirectory = join(lifetime.directory, 'leaseholders-files')
  mkdirSync(filesDirectory, { mode: 0o700 })
  const docsDirectory = join(import.meta.dirname, '..', '..', 'docs')
  const backends = {
    docs: { driver: 'local-docs', directory: docsDirectory },
    disk: { driver: 'filesystem', directory: filesDirectory },
    model: backend,
  }
  const gateway = await launchGateway({
    dir: lifetime.directory,
    signal: lifetime.signal,
    pluginDirs: pluginDirectories,
    pluginConfigs: {
      'market-core': { store },
      'web3-core': { provider: { listen: { port: 0 }, backends } },
    },
  })
  lifetime.atEnd(() => gateway.stop())
  const call = async (method: string, params: unknown): Promise<Readonly<Record<string, unknown>>> => {
    const answer = await gateway.rpc(method, params)
    if (!answer.ok) throw new Error(`${method}: ${answer.error.code} ${answer.error.message}`)
    return isRecord(answer.payload) ? answer.payload : {}
  }
  return {
    gateway,
    call,
    docsDirectory,
    filesDirectory,
    storeDirectory: join(gateway.stateDir, 'market-core', 'store'),
    url: await marketUrl(gateway, call),
  }
}

/** The host is ready before its services are: waits for our door, and for a market behind it without a complaint. */
async function marketUrl(gateway: Gateway, call: Provider['call']): Promise<string> {
  const deadline = performance.now() + readyMs
  let reason = 'the provider does not listen'
  while (performance.now() < deadline) {
    const port = /serving leaseholders on port (\d+)/.exec(gateway.log())?.[1]
    const summary = await call('web3.status.summary', {}).catch((error: unknown) => {
      reason = error instanceof Error ? error.message : String(error)
    })
    const problems = summary?.['problems']
    if (Array.isArray(problems) && problems.length > 0) {
      throw new Error(`the market's config is wrong: ${JSON.stringify(problems)}`)
    }
    if (port !== undefined && summary !== undefined) return `http://127.0.0.1:${port}`
    await pause(50)
  }
  throw new Error(`the market did not start within ${readyMs} ms: ${reason}`)
}

/** Exact prices, chosen so that rounding shows: a token costs a fraction of a base unit. */
const price = (unit: string, amount: string, per = '1') => ({ unit, amount, per, currency })

export interface Published {
  readonly resourceId: string
  readonly kind: string
  readonly label: string
}

export async function publishAll(provider: Provider, model: ModelUpstream): Promise<readonly Published[]> {
  const resources = [
    {
      kind: 'search',
      label: "Search over this repository's docs folder",
      tags: ['docs'],
      prices: [price('query', '1500')],
      backend: 'docs',
    },
    {
      kind: 'storage',
      label: 'Files on this host',
      prices: [price('put', '200'), price('get', '50'), price('byte', '3', '100'), price('gb_day', '20000')],
      policy: { maxTotalBytes: 1_048_576, keepFilesDays: 1 },
      backend: 'disk',
    },
    {
      kind: 'model',
      label: model.label,
      tags: model.isDemo ? ['demo'] : [],
      prices: [
        price('request', '100'),
        price('input_token', '150', '1000'),
        price('output_token', '625', '1000'),
      ],
      // A local model may have to be loaded first.
      policy: { maxTokens: 1024, maxCallMs: 300_000 },
      backend: 'model',
    },
  ]
  const published: Published[] = []
  for (const resource of resources) {
    const answer = await provider.call('web3.resources.publish', { resource })
    published.push({
      resourceId: stringAt(answer, 'resourceId') ?? '',
      kind: resource.kind,
      label: resource.label,
    })
  }
  return published
}

/** The internal rail has no other way in: an operator's word, marked as that in every book. */
export async function grantDeposit({ call }: Provider, to: string, amount: string): Promise<void> {
  await call('market.account.deposit', {
    to,
    currency,
    amount,
    reason: 'npm start: money to try the market with',
  })
}
