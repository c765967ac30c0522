/**
 * The loop as an agent turn on a gateway that names another as a market: two gateways, and each is the
 * other's market once. The model is scripted and knows no capability; on the second gateway no capability has the name
 * that it has in the sources. The tools of a turn run in another module instance than the services (OPENCLAW, fact 1), so
 * this is also where the two are seen to share one market.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pluginDirectories } from '../scripts/build-plugins.ts'
import { runAgentTurn, type AgentTurn } from '../scripts/gateway/agent-turn.ts'
import { startScriptedModel, toolResults, type ScriptedModel } from '../scripts/gateway/scripted-model.ts'
import { renamedPlugin } from './build.fixture.ts'
import { butler } from './butler.fixture.ts'
import {
  bootMarket,
  freePort,
  list,
  record,
  temporaryDirectory,
  text,
  type MarketGateway,
} from './market-gateway.fixture.ts'
import type { Store } from './stores.fixture.ts'
import { balanceOf, deposit, search, writeDocs } from './offers.fixture.ts'
import { renaming } from './plugins/web3-core-renamed/rename.ts'

const price = 1_250n
const granted = 1_000_000n
const budget = 20_000n
const seed = process.env['WEB3_RENAME_SEED'] ?? '20260121'

const marketCore = pluginDirectories.filter((directory) => directory.endsWith('market-core'))
interface Side {
  readonly dir: string
  readonly store: Store
  readonly pluginDirs: readonly string[]
  /** How this gateway calls what the sources call so. */
  readonly shown: (canonical: string) => string
  gateway?: MarketGateway
}

const sides = {
  named: { dir: 'named', store: 'sqlite', pluginDirs: pluginDirectories, shown: (name) => name },
  renamed: {
    dir: 'renamed',
    store: 'file',
    pluginDirs: [...marketCore, renamedPlugin],
    shown: renaming(seed),
  },
} satisfies Record<string, Side>

it('the script of the model names no capability', () => {
  expect(readFileSync(join(import.meta.dirname, 'butler.fixture.ts'), 'utf8')).not.toMatch(/web3\./)
})

const home = temporaryDirectory('agent-turn-test')
let model: ScriptedModel

beforeAll(async () => {
  const docs = { driver: 'local-docs', directory: writeDocs(home.path) }
  model = await startScriptedModel(butler({ q: 'moon', budget: budget.toString() }))
  const ports = { named: await freePort(), renamed: await freePort() }
  const boot = async (side: Side, own: number, other: number): Promise<void> => {
    side.gateway = await bootMarket({
      dir: join(home.path, side.dir),
      store: side.store,
      web3: {
        provider: { listen: { port: own }, backends: { docs } },
        markets: [{ name: 'harbour', url: `http://127.0.0.1:${other}` }],
      },
      pluginDirs: side.pluginDirs,
      launch: { model, env: { WEB3_RENAME_SEED: seed } },
    })
  }
  await boot(sides.named, ports.named, ports.renamed)
  await boot(sides.renamed, ports.renamed, ports.named)
})
afterAll(async () => {
  for (const side of Object.values<Side>(sides)) await side.gateway?.host.stop()
  await model?.close()
  home.remove()
})

describe.each([
  { name: 'names as in the sources, from a market on the file store', from: sides.renamed, to: sides.named },
  { name: `names changed by seed ${seed}, from a market on sqlite`, from: sides.named, to: sides.renamed },
])('an agent turn: $name', ({ from, to }: { from: Side; to: Side }) => {
  const { shown } = to
  let provider: MarketGateway
  let consumer: MarketGateway
  let turn: AgentTurn
  let requests: ScriptedModel['requests']

  beforeAll(async () => {
    if (from.gateway === undefined || to.gateway === undefined) throw new Error('a gateway did not boot')
    provider = from.gateway
    consumer = to.gateway
    const resource = search('docs', price.toString())
    const { resourceId } = await provider.call(from.shown('web3.resources.publish'), { resource })
    await deposit(provider, consumer.address, granted.toString())
    model.setScript(butler({ q: 'moon', budget: budget.toString() }))
    const before = model.requests.length
    turn = await runAgentTurn(consumer.host, { message: 'Find out what pulls the ocean, and pay for it.' })
    requests = model.requests.slice(before)
    // For its own turn it finds what the other offers, and nothing of its own.
    await provider.call(from.shown('web3.resources.unpublish'), { resourceId })
  })

  const onlyLease = async () => {
    const { leases } = await provider.call('market.lease.list')
    expect(list(leases)).toHaveLength(1)
    return record(list(leases)[0])
  }

  it('reads, leases, searches and completes, and tells its owner', () => {
    expect(turn).toMatchObject({ status: 'ok', texts: [`Found "Tides" for ${price} of ${budget}.`] })
    expect(new Set(turn.tools)).toEqual(new Set(['web3_capabilities', 'web3_call']))
    const results = toolResults(requests.at(-1) ?? { model: '', stream: false, messages: [], tools: [] })
    expect(results.some((result) => result.includes('spring tides follow the full moon'))).toBe(true)
  })

  it('leaves the books of the provider closed and exact', async () => {
    const lease = await onlyLease()
    expect(lease).toMatchObject({
      consumerActorId: consumer.address,
      providerActorId: provider.address,
      status: 'lease_completed',
      settlementStatus: 'settlement_released',
      maxCost: budget.toString(),
      metered: price.toString(),
      usage: [{ unit: 'query', quantity: '1' }],
    })
    const { settlement } = await provider.call('market.settlement.status', {
      settlementId: lease['settlementId'],
    })
    expect(settlement).toMatchObject({
      locked: budget.toString(),
      releasedSoFar: price.toString(),
      refundedSoFar: (budget - price).toString(),
    })
    const mine = { held: '0', owed: '0', pendingPayouts: '0' }
    expect(await balanceOf(provider, consumer.address)).toMatchObject({
      available: (granted - price).toString(),
      ...mine,
    })
    expect(await balanceOf(provider, provider.address)).toMatchObject({
      available: price.toString(),
      ...mine,
    })
  })

  it('leaves the count of the consumer in agreement with the bill', async () => {
    const { leaseId } = await onlyLease()
    const { records, ownCount, market, lease } = await consumer.call(shown('web3.resources.status'), {
      leaseId,
    })
    expect(ownCount).toEqual({ calls: 1, disagreeing: [] })
    expect(list(records)).toMatchObject([{ cost: price.toString(), outcome: 'done', seq: 1 }])
    expect([market, record(lease)['status']]).toEqual(['harbour', 'lease_completed'])
  })

  it('offers the model the skill that ships with the plugin', () => {
    const introduced = (requests[0]?.messages ?? []).filter(({ text: said }) => said.includes('web3-market'))
    // The renamed copy of the plugin ships none: a skill is written for the names in the sources.
    expect(introduced).toHaveLength(to === sides.named ? 1 : 0)
    for (const { role, text: said } of introduced) {
      expect(role).toBe('system')
      expect(said).toContain('skills/web3-market/SKILL.md')
    }
  })

  it('shows the model only names that its registry has', async () => {
    const { capabilities } = await consumer.call(shown('web3.capabilities.describe'))
    const names = new Set(list(capabilities).map(({ name }) => text(name)))
    expect(names).toContain(shown('web3.resources.lease'))
    const read = JSON.stringify(requests)
    const foreign = [...read.matchAll(/\bweb3\.[a-z]+(?:\.[a-zA-Z]+)+/g)]
      .map(([name]) => name)
      .filter((name) => !names.has(name))
    expect(foreign).toEqual([])
    expect(read).not.toContain('{{')
  })
})
