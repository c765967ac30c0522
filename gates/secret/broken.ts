/**
 * Starts that fail, and a market that stops: what the plugins say and log then. Without the host, which would take seconds
 * for each: the services, the registry and the listener are the plugins' own.
 */
import { marketMethods } from '@openclaw-market/market-core'
import { isMarketError, type Envelope } from '@openclaw-market/protocol/errors'
import { startWeb3 } from '@openclaw-market/web3-core'
import { callAsOperator } from '../../extensions/market-core/src/plugin/operator-call.ts'
import { marketService } from '../../extensions/market-core/src/plugin/service.ts'
import { readConfig } from '../../extensions/web3-core/src/plugin/config.ts'
import { callAsNode } from '../../extensions/web3-core/src/surface/gateway-methods.ts'
import { evidence, type Evidence } from './evidence.ts'
import type { Damage, Remains } from './remains.ts'

const reads = [
  'web3.resources.list',
  'web3.resources.leases',
  'web3.status.summary',
  'web3.capabilities.describe',
]

/** @param leaseId of a lease whose token is in the vault */
export async function startBroken(
  remains: Remains,
  { what, by }: Damage,
  secret: string,
  leaseId: string,
): Promise<readonly Evidence[]> {
  by(remains, secret)
  const said: Evidence[] = []
  const keep = (where: string, words: unknown): void =>
    void said.push(evidence(`${where} with ${what}`, words))
  const answer = (by: string, envelope: Envelope): void =>
    keep(`${by} ${envelope.ok ? 'ok' : envelope.error}`, envelope)
  const log = (line: string): void => keep('log', line)
  const logger = { info: log, warn: log, error: log }
  // As plugin.ts says it.
  const report = (of: string, error: unknown): void =>
    log(`${of}: ${isMarketError(error) ? `${error.code} ${error.message}` : nameOf(error)}`)

  const market = marketService(() => remains.market)
  await market.start({ stateDir: remains.state, logger })
  const { web3, stop } = await startWeb3({
    ...readConfig(remains.web3),
    stateDirectory: remains.state,
    gatewayUrl: 'http://127.0.0.1:9',
    conversationAccess: true,
    rename: (name) => name,
    log: logger,
    report,
  })
  const ask = async (): Promise<void> => {
    for (const name of reads)
      answer(`rpc ${name}`, await callAsNode(name, {}, { door: 'gateway', owner: true }))
    answer(
      'tool web3_search',
      await callAsNode('web3.search.query', { q: 'moon', leaseId }, { door: 'tool', owner: true }),
    )
    for (const method of marketMethods.filter(({ contract }) => contract.effect === 'read'))
      answer(`rpc ${method.contract.name}`, await callAsOperator(method, {}))
    if (!web3.ownUrl.endsWith(':9')) {
      for (const path of ['/web3/v1/chat/completions', '/web3/api/web3.resources.leases']) {
        const headers = { authorization: `Bearer ${secret}`, 'content-type': 'application/json' }
        const response = await fetch(web3.ownUrl + path, { method: 'POST', headers, body: '{}' })
        keep(`http ${path} ${response.status}`, await response.text())
      }
    }
  }
  try {
    await ask()
    await market.stop()
    await ask()
  } finally {
    await market.stop()
    await stop()
  }
  return said
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : 'unknown error'
}
