/**
 * What a leased call costs over the same upstream called directly. Five ways to it, measured in one run and turn by turn,
 * so that whatever else the machine does falls on all of them alike.
 */
import type { Gateway } from '../gateway/launch.ts'
import { requestBody } from './answers.ts'
import { startChild, type ChildServer } from './child-server.ts'
import { takeLease } from './leased-market.ts'
import { Samples, seededRandom, shuffled } from './samples.ts'
import { caller, type Caller, type Target } from './timed-call.ts'

export const ways = ['direct', 'bare', 'gateway', 'leased', 'leasedGateway'] as const
export type Way = (typeof ways)[number]
type Figure = 'P50Ms' | 'P99Ms' | 'TtftP50Ms'
export type ProxyFigures = Readonly<Record<`${Way}${Figure}`, number>>
export interface ProxyResult {
  readonly c1: ProxyFigures
  readonly c10: ProxyFigures
}

const measured = 1_000
const warmUp = 100
/** With ten calls in flight targets take turns by blocks: mixed, they would compete with each other. */
const blockOf10 = 100

type Run = readonly (readonly [Way, Caller, Samples])[]

export async function benchProxy(
  gateway: Gateway,
  upstream: ChildServer,
  progress: (text: string) => void,
): Promise<ProxyResult> {
  const lease = await takeLease(gateway)
  const bare = await startChild('bare-proxy.ts', [`${upstream.url}/v1/chat/completions`])
  try {
    const targets: Readonly<Record<Way, string>> = {
      direct: `${upstream.url}/v1/chat/completions`,
      bare: `${bare.url}/v1/chat/completions`,
      gateway: `${gateway.url}/market-bench/v1/chat/completions`,
      leased: `${lease.listenerUrl}/web3/v1/chat/completions`,
      leasedGateway: `${gateway.url}/web3/v1/chat/completions`,
    }
    const counts = { calls: 0 }
    const figuresAt = async (connections: number): Promise<ProxyFigures> => {
      const by = async (stream: boolean): Promise<ReadonlyMap<Way, Samples>> => {
        progress(`proxy: ${stream ? 'streams' : 'whole answers'}, ${connections} at a time`)
        const options = { connections, body: requestBody(stream), stream, token: lease.token }
        const run: Run = ways.map((way) => [
          way,
          caller(namedTarget(way, targets[way]), options),
          new Samples(),
        ])
        await measure(run, connections, stream)
        counts.calls += warmUp + measured
        for (const [, { close }] of run) close()
        return new Map(run.map(([way, , samples]) => [way, samples]))
      }
      return figures(await by(false), await by(true))
    }
    const result = { c1: await figuresAt(1), c10: await figuresAt(10) }
    const { served } = (await (await fetch(`${upstream.url}/served`)).json()) as { served: number }
    if (served !== counts.calls * ways.length) {
      throw new Error(`the upstream served ${served} calls, ${counts.calls * ways.length} were made`)
    }
    await lease.settle(counts.calls * 2)
    return result
  } finally {
    await bare.stop()
  }
}

const namedTarget = (name: Way, url: string): Target => ({ name, url })

async function measure(run: Run, connections: number, stream: boolean): Promise<void> {
  const random = seededRandom(connections)
  const block = connections === 1 ? 1 : blockOf10
  for (let done = -warmUp; done < measured; done += block) {
    for (const [, { call }, samples] of shuffled(run, random)) {
      await inParallel(connections, block, async () => {
        const { firstMs, wholeMs } = await call()
        if (done >= 0) samples.add(stream ? firstMs : wholeMs)
      })
    }
  }
}

/** `count` calls of `act`, `width` of them at any time until the last have begun. */
async function inParallel(width: number, count: number, act: () => Promise<void>): Promise<void> {
  let begun = 0
  const worker = async (): Promise<void> => {
    while (begun < count) {
      begun += 1
      await act()
    }
  }
  await Promise.all(Array.from({ length: width }, worker))
}

function figures(whole: ReadonlyMap<Way, Samples>, stream: ReadonlyMap<Way, Samples>): ProxyFigures {
  const entries = ways.flatMap((way) => [
    [`${way}P50Ms`, whole.get(way)?.percentile(50)],
    [`${way}P99Ms`, whole.get(way)?.percentile(99)],
    [`${way}TtftP50Ms`, stream.get(way)?.percentile(50)],
  ])
  return Object.fromEntries(entries) as ProxyFigures
}
