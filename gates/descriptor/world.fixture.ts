/** The market that the programs act on: a real one, and those who act. What they are told of it is the document alone. */
import type { TypedDataDefinition } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { childWorld } from '../../extensions/web3-core/src/plugin/child-world.fixture.ts'
import { demoModel } from '../../extensions/web3-core/src/plugin/demo-model.fixture.ts'
import {
  outsideWallet,
  post,
  publishAs,
} from '../../extensions/web3-core/src/plugin/outside-wallet.fixture.ts'
import { backendsOf, type RunningWorld } from '../../extensions/web3-core/src/plugin/running-world.fixture.ts'
import {
  good,
  offerOf,
  temporaryHome,
  testWorld,
} from '../../extensions/web3-core/src/plugin/world.fixture.ts'
import { callAsNode } from '../../extensions/web3-core/src/surface/gateway-methods.ts'
import type { Actor, Fact } from './actor.ts'
import { measure, type Answer, type Document, type Json } from './document.ts'
import { fieldsIn } from './recorder.ts'

export type Door = 'gateway' | 'tool' | 'api'

export interface GateWorld {
  readonly world: RunningWorld
  /** As the owner's programs or its butler, both acting as the node wallet. */
  owner(door: 'gateway' | 'tool'): Actor
  /** Somebody else who speaks to the owner's butler. */
  guest(): Actor
  /** A new outside wallet with money. */
  stranger(): Promise<Actor>
  /** Whoever comes while there is no market: nobody can have proved or paid anything. */
  stopped(door: Door): Actor
}

export interface GateWorldOptions {
  readonly store?: 'sqlite' | 'file'
  readonly rename?: (canonical: string) => string
  /** Whether somebody sells search, storage and a model already, and lends to everybody who comes. */
  readonly sold: boolean
  /** Which of the owner's backends serve the owner when nobody else does. */
  readonly fallback?: { readonly search: string; readonly storage: string }
  /** Whether another market, with a search on offer, has been heard. */
  readonly heard?: boolean
}

export async function gateWorld({
  store = 'sqlite',
  rename,
  sold,
  fallback,
  heard = false,
}: GateWorldOptions): Promise<GateWorld> {
  const home = await temporaryHome()
  const seller = privateKeyToAccount(generatePrivateKey())
  const modelUrl = await demoModel()
  const backends = Object.fromEntries(
    Object.entries(backendsOf(home, modelUrl)).map(([name, backend]) => [
      name,
      { ...backend, publishers: [seller.address] },
    ]),
  )
  const other = heard ? await childWorld() : undefined
  // The rate of an address is tested elsewhere; here one address is everybody.
  const config = {
    provider: { backends },
    api: { maxRequestsPerMinute: 1_000_000 },
    ...(fallback === undefined ? {} : { fallback }),
    ...(other === undefined ? {} : { markets: [{ name: 'other', url: other.url }] }),
    // The one program on this machine that can be shared, whatever else runs here.
    share: { ports: [Number(new URL(modelUrl).port)] },
  }
  const world = await testWorld({ home, store, config, ...(rename === undefined ? {} : { rename }) })
  const wallet = outsideWallet(world, seller)
  const lend = async (to: string): Promise<void> => {
    const terms = { to, currency: 'USDC', ceiling: `${deposit}`, maxRequestsPerMinute: 60_000 }
    if (sold) good((await wallet.api('web3.billing.credit.open', terms)).body)
  }
  if (sold) {
    for (const kind of ['search', 'storage', 'model'] as const)
      await publishAs(wallet, offerOf(kind).resource)
    await lend(world.market.address)
  }
  await world.fund(world.market.address, deposit)
  if (other !== undefined) {
    good(await other.call('web3.resources.publish', offerOf('search')))
    good(await world.call('web3.resources.list'))
  }
  return {
    world,
    owner: (door) => inside(door, true, world.market.address),
    guest: () => inside('tool', false, world.market.address),
    stopped: (door) => (door === 'api' ? outside(world.url, nobody) : inside(door, true, nobody)),
    async stranger() {
      const account = privateKeyToAccount(generatePrivateKey())
      await world.fund(account.address, deposit)
      await lend(account.address)
      const own = {
        sign: (method: string, value: Json) => signed(account, method, value),
      }
      return { ...outside(world.url, account.address), wallet: own }
    },
  }
}

function inside(door: 'gateway' | 'tool', owner: boolean, address: string): Actor {
  return {
    address,
    door,
    facts: [...given, { is: 'wallet_proved' }, { is: 'owners_side' }],
    headers: new Map(),
    call: async (name, params) => (await callAsNode(name, params, { door, owner })) as Answer,
  }
}

function outside(url: string, address: string): Actor {
  return {
    address,
    door: 'api',
    facts: [...given],
    headers: new Map(),
    call: async (name, params, headers) => (await post(url, name, params, headers)).body as Answer,
    request: (method, path, params, bearer) => requested(`${url}${path}`, method, params, bearer),
  }
}

const nobody = `0x${'0'.repeat(40)}`

const deposit = 1_000_000_000_000n
/** All that is given: whoever acts has a wallet and a deposit. */
const given: readonly Fact[] = [{ is: 'funds_available' }]

type Account = ReturnType<typeof privateKeyToAccount>

async function signed(account: Account, method: string, value: Json): Promise<string> {
  if (method === 'personal_sign' && typeof value === 'string') return account.signMessage({ message: value })
  if (method === 'eth_signTypedData_v4') return account.signTypedData(value as unknown as TypedDataDefinition)
  throw new Error(`no wallet knows ${method}`)
}

async function requested(
  url: string,
  method: string,
  params: Readonly<Record<string, Json>>,
  bearer: string,
): Promise<Answer> {
  const get = method === 'GET'
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(params))
    query.set(name, typeof value === 'string' ? value : JSON.stringify(value))
  const response = await fetch(get ? `${url}?${query.toString()}` : url, {
    method,
    headers: {
      authorization: `Bearer ${bearer}`,
      accept: 'application/json',
      'content-type': 'application/json',
    },
    ...(get ? {} : { body: JSON.stringify(params) }),
  })
  return { ...((await response.json()) as Answer), ok: response.ok }
}

/** The canonical name of the capability that gives the document. */
export const describing = 'web3.capabilities.describe'

/** The one file that the programs see, and what fields its own schema says that it has. */
export async function readDocument({ world }: GateWorld, shown = describing) {
  const answer = await world.call(shown, { answers: 'schema' })
  if (!answer.ok) throw new Error(JSON.stringify(answer))
  const text = JSON.stringify(answer)
  const document = JSON.parse(text) as Document
  const measured = measure(text)
  if (document.hash !== measured.hash || document.tokens !== measured.tokens)
    throw new Error('the document is not what its hash and tokens say')
  const itself = document.capabilities.find(({ name }) => name === shown)
  const fields = new Set(fieldsIn(itself?.returns.schema, document.$defs))
  return { document, fields }
}
