/**
 * `market.resource.list` over 100,000 published resources, as an outside wallet asks: the operation as every door runs it,
 * parameters read and answer encoded, without the transport. Every filter, alone and together, the first page and later ones.
 */
import { join } from 'node:path'
import { Resources, type Resource } from '@openclaw-market/protocol/entities/resource'
import type { Envelope } from '@openclaw-market/protocol/errors'
import { codec } from '@openclaw-market/protocol/schema/codec'
import { ActorId } from '@openclaw-market/protocol/schema/scalars'
import { listResources, openMarket, type Market } from '../../extensions/market-core/api.ts'
import { temporaryDirectory } from './places.ts'
import { Samples, seededRandom, shuffled } from './samples.ts'

const resources = 100_000
const providers = 500
const each = 100
/** For a filter that no index helps with and nothing matches: it reads everything. Still more than one call in a hundred. */
const eachOfSlow = 5
const inOneWrite = 500

export interface ListResult {
  readonly all: Samples
  readonly filters: ReadonlyMap<string, Samples>
}

const kinds = ['model', 'search', 'storage', 'agent'] as const
const unitOf = { model: 'output_token', search: 'query', storage: 'put', agent: 'task' } as const
const words = ['fast', 'small', 'large', 'legal', 'medical', 'french', 'german', 'code', 'news', 'weather']

/** Every resource costs 1 to 1,000 base units for one of its units. */
const maxPrice = (amount: number) => ({ unit: 'query', amount: String(amount), per: '1', currency: 'USDC' })

/** By name; `slow` ones look at every resource. */
const filters: readonly { readonly name: string; readonly params: object; readonly slow?: true }[] = [
  { name: 'none', params: {} },
  { name: 'kind', params: { kind: 'search' } },
  { name: 'status', params: { status: 'resource_published' } },
  { name: 'provider', params: { providerActorId: actor(7) } },
  { name: 'tag of one in ten', params: { tag: 'fast' } },
  { name: 'tag of one in 1000', params: { tag: 'rare' } },
  { name: 'kind, tag', params: { kind: 'model', tag: 'rare' } },
  { name: 'kind, provider', params: { kind: 'agent', providerActorId: actor(7) } },
  { name: 'words of one in ten', params: { q: 'medical' } },
  { name: 'words, kind, tag', params: { q: 'legal', kind: 'search', tag: 'legal' } },
  { name: 'price of one in eight', params: { maxPrice: maxPrice(500) } },
  { name: 'words of one in 1000', params: { q: 'rare' }, slow: true },
  { name: 'words of none', params: { q: 'nowhere' }, slow: true },
  { name: 'price of none', params: { maxPrice: maxPrice(0) }, slow: true },
]

export async function benchList(progress: (text: string) => void): Promise<ListResult> {
  const home = temporaryDirectory('list')
  const market = await openMarket({
    backend: 'sqlite',
    storeDirectory: join(home, 'store'),
    keyDirectory: join(home, 'keys'),
    checkpointFile: join(home, 'log-checkpoint'),
    passphraseFile: join(home, 'passphrase'),
    chainId: 1,
    currencies: [{ symbol: 'USDC', decimals: 6 }],
    chains: [],
    disputeWindowMs: 0,
    quoteTtlMs: 60_000,
    answerTtlMs: 60_000,
    report: (what, error) => process.stderr.write(`${what}: ${String(error)}\n`),
  })
  try {
    progress(`list: publishing ${resources} resources`)
    await fill(market)
    progress(`list: ${filters.length} filters`)
    return await measure(market)
  } finally {
    await market.close()
  }
}

async function measure(market: Market): Promise<ListResult> {
  const who = { kind: 'wallet', actorId: actor(providers + 1) } as const
  const result = { all: new Samples(), filters: new Map<string, Samples>() }
  const random = seededRandom(2)
  const deeper = new Map<string, string | undefined>()
  for (let round = -1; round < each; round += 1) {
    for (const { name, params, slow } of shuffled(filters, random)) {
      if (slow === true && round >= eachOfSlow) continue
      const cursor = deeper.get(name)
      const asked = cursor === undefined ? params : { ...params, cursor }
      const startedAt = performance.now()
      const answer = await market.run(listResources, asked, who)
      const ms = performance.now() - startedAt
      deeper.set(name, check(name, answer))
      if (round < 0) continue
      result.all.add(ms)
      const samples = result.filters.get(name) ?? new Samples()
      result.filters.set(name, samples)
      samples.add(ms)
    }
  }
  return result
}

/** @returns the cursor of the next page. */
function check(name: string, answer: Envelope): string | undefined {
  const { resources: found, nextCursor } = answer as { resources?: unknown; nextCursor?: unknown }
  const wanted = !name.endsWith('of none')
  if (!answer.ok || !Array.isArray(found) || found.length > 0 !== wanted) {
    throw new Error(`list by ${name}: ${JSON.stringify(answer).slice(0, 300)}`)
  }
  return typeof nextCursor === 'string' ? nextCursor : undefined
}

/** The records that publishing makes, many in a write: how long publishing takes is not what is measured. */
async function fill(market: Market): Promise<void> {
  const random = seededRandom(3)
  for (let at = 0; at < resources; at += inOneWrite) {
    const batch = Array.from({ length: inOneWrite }, (_, i) => resourceAt(market, at + i, random))
    await market.store.write(async (tx) => {
      for (const resource of batch) await tx.insert(Resources, resource)
    })
  }
}

function resourceAt({ ids, now }: Market, at: number, random: () => number): Resource {
  const pick = <T>(items: readonly [T, ...T[]] | readonly T[]): T =>
    items[Math.floor(random() * items.length)] as T
  const kind = pick(kinds)
  const rare = at % 1000 === 0 ? ['rare'] : []
  const word = pick(words)
  return {
    rev: 0,
    resourceId: ids.next('res'),
    providerActorId: actor(Math.floor(random() * providers)),
    kind,
    label: `${word} ${kind} number ${at}`,
    description: `A ${kind} that is made for measuring how long lists take ${rare.join('')}`,
    tags: [word, ...rare],
    prices: [
      { unit: unitOf[kind], amount: BigInt(1 + Math.floor(random() * 1000)), per: 1n, currency: 'USDC' },
    ],
    currency: 'USDC',
    policy: { maxConcurrent: 8 },
    backend: 'bench',
    offerId: ids.next('offer'),
    offerHash: '0'.repeat(64),
    version: 1,
    status: 'resource_published',
    createdAt: now(),
    updatedAt: now(),
  }
}

function actor(number: number): ActorId {
  return codec(ActorId).decode(`0x${(number + 1).toString(16).padStart(40, '0')}`)
}
