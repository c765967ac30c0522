/**
 * A world in a process of its own: `another market`, or a gateway that can be killed. Started by `child-world.fixture.ts`
 * with its options as JSON in argv; answers one message at a time.
 */
import { openSync, writeSync } from 'node:fs'
import process from 'node:process'
import type { Market } from '@openclaw-market/market-core'
import { endWaiting } from '../consumer/end-elsewhere.ts'
import { recoverPending } from '../consumer/recover.ts'
import { startWorld, type WorldOptions } from './running-world.fixture.ts'

/** Where it dies: the moment before, or after, the market does this. `remote`: another market, over HTTP. */
export type Death =
  `${'before' | 'after'} ${'local lease' | 'local end' | 'remote lease' | 'remote end' | 'publish' | 'unpublish'}`

export interface ChildOptions extends Pick<WorldOptions, 'home' | 'store' | 'config' | 'market'> {
  readonly dies?: Death
}

export type Order =
  | { readonly do: 'call'; readonly name: string; readonly params: object }
  | { readonly do: 'fund'; readonly to: string; readonly amount: string }
  | { readonly do: 'vault' | 'recover' | 'tend' | 'sweep' | 'log' | 'stop' }
  | { readonly do: 'advance'; readonly ms: number }
  | { readonly do: 'session end'; readonly sessionKey: string }

const options = JSON.parse(process.argv[2] ?? '{}') as ChildOptions
const { dies } = options

/** Not even an exit handler runs; the mark says that it was here and nowhere else. */
function die(): never {
  writeSync(openSync(`${options.home}/died`, 'w'), dies ?? '')
  process.kill(process.pid, 'SIGKILL')
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
}

const fatalOperations: Readonly<Record<string, string>> = {
  'market.lease.issue': 'local lease',
  'market.lease.complete': 'local end',
  'market.resource.publish': 'publish',
  'market.resource.unpublish': 'unpublish',
}

function mortal(market: Market): Market {
  return {
    ...market,
    async run(op, json, who) {
      const what = fatalOperations[op.name]
      if (what !== undefined && dies === `before ${what}`) die()
      const envelope = await market.run(op, json, who)
      if (what !== undefined && dies === `after ${what}`) die()
      return envelope
    },
  }
}

function fatalRequest(input: unknown): 'remote lease' | 'remote end' | undefined {
  if (typeof input !== 'string') return undefined
  if (input.endsWith('/web3.resources.lease')) return 'remote lease'
  return input.endsWith('/web3.resources.completeLease') ? 'remote end' : undefined
}

const { fetch } = globalThis
globalThis.fetch = async (input, init) => {
  const what = fatalRequest(input)
  if (what !== undefined && dies === `before ${what}`) die()
  const response = await fetch(input, init)
  if (what !== undefined && dies === `after ${what}`) die()
  return response
}

const world = await startWorld({ ...options, through: mortal })

async function obey(order: Order): Promise<unknown> {
  const { web3 } = world.running
  switch (order.do) {
    case 'call':
      return world.call(order.name, order.params)
    case 'fund':
      return world.fund(order.to, BigInt(order.amount))
    case 'vault':
      return web3
        .vault()
        .list()
        .map(({ state, market, leaseId }) => ({ state, market, leaseId }))
    case 'recover':
      return recoverPending(web3, new AbortController().signal)
    case 'tend':
      return endWaiting(web3, new AbortController().signal)
    case 'sweep':
      return world.market.sweep(1_000)
    case 'advance':
      world.clock.ahead += order.ms
      return undefined
    case 'session end':
      return web3.brain.sessionEnded({ sessionKey: order.sessionKey, reason: 'idle' })
    case 'log':
      return world.log
    case 'stop':
      return world.stop()
  }
}

process.on('message', (message: { id: number; order: Order }) => {
  obey(message.order).then(
    (answer) => process.send?.({ id: message.id, answer }),
    (error: unknown) => process.send?.({ id: message.id, error: String(error) }),
  )
})
process.send?.({ id: 0, answer: { url: world.url, address: world.market.address } })
