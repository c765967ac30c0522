/** Whose request it is: a lease token finds its lease by itself (DESIGN §11), and says nothing to whoever has none. */
import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Market } from '@openclaw-market/market-core'
import type { Lease } from '@openclaw-market/protocol/entities/lease'
import { effectivePolicy } from '@openclaw-market/protocol/entities/resource'
import { isMarketError, MarketError } from '@openclaw-market/protocol/errors'
import type { ResourceKind } from '@openclaw-market/protocol/money/units'
import { refusedByMarket } from './faults.ts'
import type { Leaseholder, ProviderEnvironment } from './environment.ts'

/** @throws MarketError E_AUTH_REQUIRED, E_EXPIRED, E_REVOKED, E_FORBIDDEN, E_UNAVAILABLE */
export async function authenticate(
  env: ProviderEnvironment,
  request: IncomingMessage,
  kind: ResourceKind,
): Promise<Leaseholder> {
  const token = bearerOf(request.headers.authorization)
  if (token === undefined) throw unknownToken()
  const market = runningMarket(env)
  const tokenHash = createHash('sha256').update(token).digest('hex')
  const lease = await market.gate.leaseOf(tokenHash).catch((error: unknown) => {
    throw refusedByMarket(error, env.report)
  })
  if (lease === undefined) throw unknownToken()
  assertRuns(lease, market.now())
  if (lease.kind !== kind) {
    throw new MarketError('E_FORBIDDEN', `this lease is for ${lease.kind}, not for ${kind}`, {
      hint: `Lease a ${kind} resource, or use the routes for ${lease.kind}.`,
    })
  }
  return { market, lease, policy: effectivePolicy(lease.policy) }
}

/** The consumer makes the token and sends only its hash, so its form is the consumer's: any RFC 6750 bearer. */
function bearerOf(authorization: string | undefined): string | undefined {
  return authorization?.match(/^Bearer +([A-Za-z0-9._~+/-]{1,512}=*) *$/i)?.[1]
}

/** Why the market does not run is the operator's business, and not the caller's. */
function runningMarket(env: ProviderEnvironment): Market {
  try {
    return env.market()
  } catch (error) {
    if (!isMarketError(error)) throw error
    throw new MarketError('E_UNAVAILABLE', 'the market of this provider is not running', {
      hint: 'Nothing was billed. Try again in a while.',
    })
  }
}

function unknownToken(): MarketError {
  return new MarketError('E_AUTH_REQUIRED', 'this needs the token of a lease', {
    hint: 'Send authorization: Bearer and the token of an active lease.',
  })
}

function assertRuns({ status, endReason, expiresAt }: Lease, now: number): void {
  if (status === 'lease_active' && now < expiresAt) return
  const hint = 'Take a new lease.'
  if (endReason === 'revoked') throw new MarketError('E_REVOKED', 'the lease was revoked', { hint })
  throw new MarketError('E_EXPIRED', 'the lease has ended', { hint })
}
