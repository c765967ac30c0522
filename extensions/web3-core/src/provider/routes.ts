/** Which paths are ours and what stands behind them (DESIGN §11). */
import type { ResourceKind } from '@openclaw-market/protocol/money/units'
import type { Answer, Dialect } from './answer.ts'
import type { Leaseholder, Serving } from './environment.ts'
import type { Exchange, Job } from './exchange.ts'
import { chatJob } from './chat-route.ts'
import { listModels } from './models-route.ts'
import { searchJob } from './search-route.ts'
import { getJob, listJob, putJob } from './storage-route.ts'

interface Base {
  readonly method: 'GET' | 'POST'
  readonly kind: ResourceKind
}

/** Costs nothing and opens no call. */
export interface FreeRoute extends Base {
  readonly answer: (holder: Leaseholder) => Answer
}

export interface CallRoute extends Base {
  /** Reads and checks what is asked. Not a byte goes upstream. */
  readonly prepare: (serving: Serving, exchange: Exchange) => Job | Promise<Job>
}

export const routes: ReadonlyMap<string, FreeRoute | CallRoute> = new Map<string, FreeRoute | CallRoute>([
  ['/web3/resources/model/chat', { method: 'POST', kind: 'model', prepare: chatJob }],
  ['/web3/v1/chat/completions', { method: 'POST', kind: 'model', prepare: chatJob }],
  ['/web3/v1/models', { method: 'GET', kind: 'model', answer: listModels }],
  ['/web3/resources/search/query', { method: 'POST', kind: 'search', prepare: searchJob }],
  ['/web3/resources/storage/put', { method: 'POST', kind: 'storage', prepare: putJob }],
  ['/web3/resources/storage/get', { method: 'GET', kind: 'storage', prepare: getJob }],
  ['/web3/resources/storage/list', { method: 'POST', kind: 'storage', prepare: listJob }],
])

/** Everything below these is answered here, if only to say that it does not exist. */
const prefixes: readonly (readonly [string, Dialect])[] = [
  ['/web3/resources/', 'envelope'],
  ['/web3/v1/', 'openai'],
]

export interface Target {
  /** As it was sent: nothing is decoded or resolved, so there is one way to write each path. */
  readonly path: string
  readonly query: URLSearchParams
  /** Undefined: not ours. */
  readonly dialect: Dialect | undefined
}

export function targetOf(url: string): Target {
  const at = url.indexOf('?')
  const path = at === -1 ? url : url.slice(0, at)
  return {
    path,
    query: new URLSearchParams(at === -1 ? '' : url.slice(at + 1)),
    dialect: prefixes.find(([prefix]) => path.startsWith(prefix))?.[1],
  }
}
