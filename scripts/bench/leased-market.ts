/**
 * A real gateway with both plugins and the bench's own, and a lease in it: the node wallet sells a model over the bench's
 * upstream, an outside wallet signs in over HTTP, locks money and calls. At the end the books must add up to the last unit.
 */
import { createHash, randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { TypedDataDefinition } from 'viem'
import { buildPlugin, buildPlugins, pluginDirectories } from '../build-plugins.ts'
import { isRecord, stringAt, type JsonRecord } from '../gateway/json-value.ts'
import { launchGateway, type Gateway } from '../gateway/launch.ts'
import { usage } from './answers.ts'
import { signedInWallet } from './outside-wallet.ts'
import { temporaryDirectory } from './places.ts'

const currency = 'USDC'
const locked = 10n ** 15n
const ttlMs = 3_600_000
const openWithinMs = 60_000
const prices = { input_token: 1n, output_token: 2n, request: 3n }
export const benchPlugin = join(import.meta.dirname, 'plugin')

const costOfCall =
  prices.input_token * BigInt(usage.prompt_tokens) +
  prices.output_token * BigInt(usage.completion_tokens) +
  prices.request

export interface Lease {
  /** Of our own listener. */
  readonly listenerUrl: string
  readonly token: string
  /** Ends it. @throws when metered, released and `calls` times the price are not the same, or money is missing. */
  settle(calls: number): Promise<void>
}

/** The caller stops the gateway. */
export async function startGateway(upstreamUrl: string): Promise<Gateway> {
  await buildPlugins()
  await buildPlugin(benchPlugin)
  const nodeOptions = process.env['BENCH_GATEWAY_NODE_OPTIONS']
  return launchGateway({
    dir: temporaryDirectory('gateway'),
    pluginDirs: [...pluginDirectories, benchPlugin],
    pluginConfigs: {
      'market-core': { store: 'sqlite' },
      'web3-core': {
        provider: {
          listen: { port: 0 },
          backends: { bench: { driver: 'openai-compat', baseUrl: `${upstreamUrl}/v1`, model: 'bench' } },
        },
      },
      'market-bench': { upstream: `${upstreamUrl}/v1/chat/completions` },
    },
    // E.g. --cpu-prof --cpu-prof-dir=DIR, to see where the gateway's time goes.
    ...(nodeOptions === undefined ? {} : { env: { NODE_OPTIONS: nodeOptions } }),
  })
}

export async function takeLease(gateway: Gateway): Promise<Lease> {
  await untilOpen(gateway)
  const { resourceId } = await operate(gateway, 'web3.resources.publish', { resource })
  const wallet = await signedInWallet(gateway.url)
  const to = wallet.account.address
  const reason = 'npm run bench'
  await operate(gateway, 'market.account.deposit', { to, currency, amount: String(locked), reason })

  const wish = { resourceId, ttlMs, maxCost: String(locked) }
  const { quoteId, typedData } = await wallet.ask('web3.resources.quote', wish)
  const token = `tok_${randomBytes(32).toString('base64url')}`
  const { leaseId } = await wallet.ask('web3.resources.lease', {
    ...wish,
    quoteId,
    consentSignature: await wallet.account.signTypedData(typedData as TypedDataDefinition),
    tokenHash: createHash('sha256').update(token).digest('hex'),
  })
  return {
    listenerUrl: wallet.siteUrl,
    token,
    async settle(calls) {
      const { lease } = await wallet.ask('web3.resources.completeLease', { leaseId })
      const reference = stringAt(lease, 'settlementId')
      const { transfers } = await operate(gateway, 'market.account.transfers', { reference })
      const due = costOfCall * BigInt(calls)
      const found = {
        metered: stringAt(lease, 'metered'),
        settlement: stringAt(lease, 'settlementStatus'),
        released: movedBy('release', transfers),
        refunded: movedBy('refund', transfers),
        provider: await available(gateway),
        consumer: await available(gateway, to),
      }
      const expected = {
        metered: String(due),
        settlement: 'settlement_released',
        released: String(due),
        refunded: String(locked - due),
        provider: String(due),
        consumer: String(locked - due),
      }
      if (JSON.stringify(found) !== JSON.stringify(expected)) {
        throw new Error(`the books do not add up: ${JSON.stringify({ calls, expected, found })}`)
      }
    },
  }
}

const resource = {
  kind: 'model',
  label: 'the upstream of the bench',
  backend: 'bench',
  prices: Object.entries(prices).map(([unit, amount]) => ({
    unit,
    amount: String(amount),
    per: '1',
    currency,
  })),
  policy: { maxRequestsPerMinute: 100_000, maxConcurrent: 100 },
}

/** The host answers before its services have started. */
export async function untilOpen(gateway: Gateway): Promise<void> {
  const deadline = performance.now() + openWithinMs
  for (;;) {
    const answer = await gateway.rpc('web3.status.summary')
    if (answer.ok) return
    if (performance.now() > deadline) throw new Error(`the market does not open: ${answer.error.message}`)
    await sleep(100)
  }
}

async function operate(gateway: Gateway, method: string, params: object): Promise<JsonRecord> {
  const answer = await gateway.rpc(method, params)
  if (answer.ok && isRecord(answer.payload)) return answer.payload
  throw new Error(`${method}: ${answer.ok ? 'no object' : `${answer.error.code} ${answer.error.message}`}`)
}

function movedBy(reason: string, transfers: unknown): string {
  if (!Array.isArray(transfers)) return 'no transfers'
  const amounts = transfers.flatMap((transfer) =>
    stringAt(transfer, 'reason') === reason ? [stringAt(transfer, 'amount') ?? '0'] : [],
  )
  return String(amounts.reduce((sum, amount) => sum + BigInt(amount), 0n))
}

/** @param actorId the node wallet when absent */
async function available(gateway: Gateway, actorId?: string): Promise<string | undefined> {
  const onBehalfOf = actorId === undefined ? {} : { onBehalfOf: { actorId, reason: 'npm run bench' } }
  return stringAt(await operate(gateway, 'market.account.balance', { currency, ...onBehalfOf }), 'available')
}
