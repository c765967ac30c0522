import type { Gateway } from '../gateway/launch.ts'
import { isRecord } from '../gateway/json-value.ts'
import { untilOpen } from './leased-market.ts'
import { Samples } from './samples.ts'

const measured = 1_000
const warmUp = 50

/**
 * `web3.capabilities.describe` of everything, as a program of the owner's meets it: over the gateway's RPC, one call after
 * the other on one connection, from the request to the parsed answer.
 */
export async function benchDescribe(gateway: Gateway, progress: (text: string) => void): Promise<Samples> {
  await untilOpen(gateway)
  progress('describe: everything, over RPC')
  const samples = new Samples()
  for (let at = -warmUp; at < measured; at += 1) {
    const startedAt = performance.now()
    const answer = await gateway.rpc('web3.capabilities.describe', {})
    const ms = performance.now() - startedAt
    const described = answer.ok && isRecord(answer.payload) ? answer.payload['capabilities'] : undefined
    if (!Array.isArray(described) || described.length === 0) throw new Error('nothing is described')
    if (at >= 0) samples.add(ms)
  }
  return samples
}
