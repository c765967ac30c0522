/** Every method that there is, by every door that it has: as its schema wants it, and with a secret in each of its strings. */
import { marketMethods } from '@openclaw-market/market-core'
import type { Contract } from '@openclaw-market/protocol/operation'
import { allCapabilities } from '@openclaw-market/web3-core'
import { list, text } from '../../test/market-gateway.fixture.ts'
import { search } from '../../test/offers.fixture.ts'
import { diceOf } from '../run.ts'
import { planted, sample, type Pool } from './sample.ts'
import type { Used } from './use.ts'
import { chosen, type World } from './world.ts'

const nowhere = { url: 'http://localhost', domain: 'localhost', chainIds: [] }
const methods: readonly { readonly contract: Contract; readonly doors: readonly string[] }[] = [
  ...allCapabilities(nowhere).map(({ contract, facts }) => ({ contract, doors: facts.doors })),
  ...marketMethods.map(({ contract }) => ({ contract, doors: ['operator'] })),
]

/** What the fields are filled with: things that are there, or, with `nothing`, things of the right form that are not. */
export function poolOf(world: World, used: Used | 'nothing'): Pool {
  const id = (prefix: string) => `${prefix}_00000000000000000000000000`
  const terms = {
    ttlMs: 60_000,
    maxCost: '5000',
    currency: 'USDC',
    amount: '1',
    limit: 5,
    reason: 'for a test',
  }
  const pool = {
    ...terms,
    to: world.consumer.address,
    address: world.consumer.address,
    market: 'local',
    dryRun: true,
    name: 'web3.resources.list',
    group: 'resources',
    resource: { ...search('docs', '1'), label: 'Made for a test' },
    messages: [{ role: 'user', content: chosen.prompt }],
    q: chosen.query,
    path: 'sampled.txt',
    text: chosen.file,
  }
  if (used === 'nothing')
    return {
      ...pool,
      resourceId: id('res'),
      leaseId: id('lease'),
      settlementId: id('stl'),
      payoutId: id('pay'),
    }
  const { resources, own, settlementId } = used
  return { ...pool, resourceId: resources.search, leaseId: own.storage, settlementId }
}

/** Says which methods it has called; all that the gateway has, by its own account. */
export async function callEveryMethod(
  { doors, gateway, consumer }: World,
  pool: Pool,
  canaries: readonly string[],
  seed: number,
  rounds: number,
): Promise<ReadonlySet<string>> {
  const dice = diceOf(seed)
  for (let round = 0; round < rounds; round += 1) {
    for (const { contract, doors: open } of methods) {
      const { name } = contract
      const params = sample(contract.params, pool)
      const minimal = Object.fromEntries(
        Object.entries(params).filter(([field]) => (contract.params.required ?? []).includes(field)),
      )
      const well = round === 0 ? [params, minimal] : []
      for (const request of [...well, ...planted(contract, params, canaries, dice)]) {
        if (open.includes('gateway') || open.includes('operator')) await doors.rpc(name, request)
        if (open.includes('api') && name !== 'web3.siwe.logout')
          await doors.api(name, request, dice.oneIn(4) ? dice.one(canaries) : consumer.session())
        if (open.includes('tool') && dice.oneIn(4)) await doors.tool('web3_call', { name, params: request })
      }
    }
  }
  const { capabilities } = await gateway.call('web3.capabilities.describe')
  const described = new Set(list(capabilities).map(({ name }) => text(name)))
  const missed = [...described].filter((name) => !methods.some(({ contract }) => contract.name === name))
  if (missed.length > 0) throw new Error(`never called: ${missed.join(', ')}`)
  return new Set(methods.map(({ contract }) => contract.name))
}
