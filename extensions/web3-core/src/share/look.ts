/** Where a caller asks to look, and what is found there. */
import { Type, type Static } from '@sinclair/typebox'
import { MarketError } from '@openclaw-market/protocol/errors'
import type { Currency } from '@openclaw-market/protocol/operation'
import { closed, CurrencySymbol } from '@openclaw-market/protocol/schema/scalars'
import type { Web3 } from '../plugin/web3.ts'
import { find, type Findings } from './find.ts'

const Port = Type.Integer({ minimum: 1, maximum: 65_535 })
const Folder = (description: string) =>
  Type.String({ pattern: '^/[^\\u0000-\\u001f\\u007f]{0,1023}$', description })

/** Ports and never addresses: nothing but this machine is asked (DESIGN §11). */
export const look = {
  ports: Type.Optional(
    Type.Array(Port, { maxItems: 32, uniqueItems: true, description: 'loopback ports; absent: the usual' }),
  ),
  endpoints: Type.Optional(
    Type.Array(
      closed({
        port: Port,
        path: Type.String({ pattern: '^/[A-Za-z0-9._~/-]{0,200}$', description: 'before /models' }),
      }),
      { maxItems: 8, description: 'OpenAI-compatible ones at other paths than /v1' },
    ),
  ),
  docs: Type.Optional(Folder('absolute path of a folder of documents')),
  disk: Type.Optional(
    closed({
      folder: Folder('absolute path of a folder for stored files'),
      bytes: Type.Integer({
        minimum: 1_000_000,
        maximum: 1_099_511_627_776,
        description: 'for all together',
      }),
    }),
  ),
}
const Look = closed(look)

export function lookAround(web3: Web3, { ports, ...rest }: Static<typeof Look>): Promise<Findings> {
  const { here, sharing, backends } = web3
  const where = ports ?? here.ports
  return find(
    { ...rest, ...(where === undefined ? {} : { ports: where }) },
    {
      stateDirectory: here.stateDirectory,
      ownPorts: here.ownPorts,
      shared: sharing.list(),
      isTaken: (name) => backends.has(name) || sharing.list().some((thing) => thing.name === name),
    },
  )
}

/** What the market deals in; prices are proposed in the first. */
export const Currencies = Type.Array(closed({ symbol: CurrencySymbol, decimals: Type.Integer() }))

export function currenciesOf(web3: Web3): Currency[] {
  return [...web3.market().rules().currencies.values()].map(({ symbol, decimals }) => ({ symbol, decimals }))
}

/** @throws MarketError E_NOT_CONFIGURED */
export function proposedCurrency(web3: Web3): Currency {
  const [first] = currenciesOf(web3)
  if (first !== undefined) return first
  throw new MarketError('E_NOT_CONFIGURED', 'this market deals in no currency', {
    hint: 'Name one in currencies of market-core.',
  })
}
