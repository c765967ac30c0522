/** What the tests put on a market. */
import { randomFillSync } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { idSource } from '@openclaw-market/protocol/ids'
import type { ActorId } from '@openclaw-market/protocol/schema/scalars'
import type { JsonRecord } from '../scripts/gateway/json-value.ts'
import { text, type MarketGateway } from './market-gateway.fixture.ts'
import { good, type OutsideWallet } from './outside-wallet.fixture.ts'

/** A folder of two documents; `moon` is a word of the first alone. */
export function writeDocs(parent: string): string {
  const folder = join(parent, 'docs-folder')
  mkdirSync(folder, { recursive: true })
  writeFileSync(
    join(folder, 'tides.md'),
    '# Tides\n\nThe moon pulls the ocean: spring tides follow the full moon.\n',
  )
  writeFileSync(join(folder, 'bread.md'), '# Bread\n\nFlour, water, salt and time.\n')
  return folder
}

/** @param amount base units of USDC for each query */
export function search(backend: string, amount: string): JsonRecord {
  return {
    kind: 'search',
    label: 'Notes on the sea',
    prices: [{ unit: 'query', amount, per: '1', currency: 'USDC' }],
    backend,
  }
}

/** @param prices base units of USDC for a token of input and of output */
export function model(
  backend: string,
  [input, output]: readonly [string, string],
  policy: JsonRecord = {},
): JsonRecord {
  const price = (unit: string, amount: string) => ({ unit, amount, per: '1', currency: 'USDC' })
  return {
    kind: 'model',
    label: 'A demo model',
    prices: [price('input_token', input), price('output_token', output)],
    policy,
    backend,
  }
}

const ids = idSource(Date.now, (bytes) => void randomFillSync(bytes))

/**
 * Published by an outside wallet that lets this gateway serve for it, so that the gateway's own wallet can lease it: nobody
 * leases from itself.
 */
export async function publishDelegated(
  provider: OutsideWallet,
  { address }: Pick<MarketGateway, 'address'>,
  resource: JsonRecord,
): Promise<string> {
  const resourceId = ids.next('res')
  const delegation = await provider.delegate({
    delegate: address as ActorId,
    resourceId,
    backend: text(resource['backend']),
    expiresAt: Date.now() + 86_400_000,
  })
  good(await provider.api('web3.resources.publish', { resource: { ...resource, resourceId, delegation } }))
  return resourceId
}

export async function deposit(gateway: MarketGateway, to: string, amount: string): Promise<void> {
  await gateway.call('market.account.deposit', { to, currency: 'USDC', amount, reason: 'for a test' })
}

/** What an actor has on this market, in base units of USDC. */
export async function balanceOf(gateway: MarketGateway, actorId: string): Promise<JsonRecord> {
  const onBehalfOf = { actorId, reason: 'a test compares the books' }
  return gateway.call('market.account.balance', { currency: 'USDC', onBehalfOf })
}
