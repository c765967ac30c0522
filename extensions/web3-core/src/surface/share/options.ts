/** What was typed behind `openclaw share start`, read into what the gateway is asked. */
import { resolve } from 'node:path'
import type { GatewayRpcOpts } from 'openclaw/plugin-sdk/gateway-runtime'
import { MarketError } from '@openclaw-market/protocol/errors'

export interface StartOptions extends GatewayRpcOpts {
  readonly at?: readonly string[]
  readonly modelUrl?: readonly string[]
  readonly docs?: string
  readonly disk?: string
  readonly size?: string
  readonly price?: readonly string[]
  readonly yes?: boolean
}

/** As `web3.share.find` and `start` take it. */
export interface Look {
  ports?: readonly number[]
  endpoints?: readonly { readonly port: number; readonly path: string }[]
  docs?: string
  disk?: { readonly folder: string; readonly bytes: number }
}

/** @throws MarketError E_INVALID_ARGUMENT */
export function readLook({ at, modelUrl, docs, disk, size }: StartOptions): Look {
  if (disk === undefined && size !== undefined)
    throw wrong('--size', 'says how much of which folder is missing', 'Add --disk DIR.')
  return {
    ...(at === undefined ? {} : { ports: at.map(readPort) }),
    ...(modelUrl === undefined ? {} : { endpoints: modelUrl.map(readEndpoint) }),
    ...(docs === undefined ? {} : { docs: resolve(docs) }),
    ...(disk === undefined ? {} : { disk: { folder: resolve(disk), bytes: readSize(size ?? '') } }),
  }
}

function readPort(text: string): number {
  const port = Number(text)
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port
  throw wrong('--at', 'is not a port', 'A port is a number from 1 to 65535.')
}

const ownNames = ['127.0.0.1', 'localhost']

function readEndpoint(text: string): { port: number; path: string } {
  const url = URL.parse(text)
  if (url === null || url.protocol !== 'http:' || !ownNames.includes(url.hostname) || url.search !== '')
    throw wrong(
      '--model-url',
      'is no address of this machine',
      'Only http://127.0.0.1:PORT/PATH is looked at here. A server elsewhere goes into provider.backends of web3-core.',
    )
  return { port: url.port === '' ? 80 : Number(url.port), path: url.pathname }
}

const factors: Readonly<Record<string, number>> = { MB: 1e6, GB: 1e9, TB: 1e12 }

/** @throws MarketError E_INVALID_ARGUMENT */
export function readSize(text: string): number {
  const found = /^(\d{1,6}(?:\.\d{1,3})?) ?([MGT]B)$/i.exec(text.trim())
  const bytes = Number(found?.[1]) * (factors[found?.[2]?.toUpperCase() ?? ''] ?? Number.NaN)
  if (bytes >= 1e6 && bytes <= 2 ** 40) return Math.floor(bytes)
  throw wrong('--size', 'is not a size from 1MB to 1TB', 'Write it like 500MB or 10GB.')
}

/** `NAME=FIGURE`, by name. @throws MarketError E_INVALID_ARGUMENT */
export function readPrices(price: readonly string[] = []): ReadonlyMap<string, string> {
  return new Map(
    price.map((text) => {
      const at = text.indexOf('=')
      if (at > 0) return [text.slice(0, at).trim(), text.slice(at + 1).trim()] as const
      throw wrong('--price', 'has no name and figure', 'Write it like --price docs=0.002.')
    }),
  )
}

export function wrong(option: string, problem: string, hint: string): MarketError {
  return new MarketError('E_INVALID_ARGUMENT', `${option} ${problem}`, {
    details: { pointer: option, rule: 'form' },
    hint,
  })
}
