/**
 * Taking a lease as the node wallet (DESIGN §8.3): the token is made here and is in the vault, pending, before anything is
 * paid. A crash in between leaves an entry that `recoverPending` resolves by the token's hash.
 */
import { randomUUID } from 'node:crypto'
import { given, issueLease, type Market } from '@openclaw-market/market-core'
import { canonicalHash } from '@openclaw-market/protocol/canonical'
import { isMarketError, MarketError } from '@openclaw-market/protocol/errors'
import type { QuoteId, ResourceId } from '@openclaw-market/protocol/ids'
import { Prices } from '@openclaw-market/protocol/money/price'
import { codec } from '@openclaw-market/protocol/schema/codec'
import type { ResourceDetail } from '@openclaw-market/protocol/views/resource'
import type { Call, Outcome } from '../capabilities/capability.ts'
import { runLocal } from '../capabilities/through-market.ts'
import { leaseContract } from '../resources/lease-contract.ts'
import type { Web3 } from '../plugin/web3.ts'
import { activateEntry } from './activate-entry.ts'
import { askingOwner, settleLeaseSpend, takeLeaseSpend } from './budget.ts'
import { locate, type Located } from './locate.ts'
import { mayStillCome, recoverEntry } from './recover.ts'
import type { RememberedQuote } from './quote-memory.ts'
import type { RemoteMarket } from './remote-market.ts'
import type { SeenResource } from './seen/seen-resource.ts'
import { namedQuote, signedTerms } from './signed-terms.ts'
import type { Vault, VaultEntry } from './vault.ts'

export interface LeaseWish {
  readonly resourceId: ResourceId
  readonly ttlMs: number
  readonly maxCost: bigint
  readonly quoteId?: QuoteId
  readonly mode?: 'prepaid' | 'postpaid'
  readonly idempotencyKey?: string
  readonly market?: string
  /** The conversation that it is opened for, and ends with. */
  readonly sessionKey?: string
}

type Taken = Outcome<typeof leaseContract>

export async function takeLease(call: Call, wish: LeaseWish): Promise<Taken> {
  const idempotencyKey = wish.idempotencyKey ?? randomUUID()
  return call.web3.taking.inTurn(idempotencyKey, () => take(call, { ...wish, idempotencyKey }))
}

async function take(call: Call, wish: LeaseWish & { readonly idempotencyKey: string }): Promise<Taken> {
  const { web3 } = call
  const vault = web3.vault()
  const requestHash = hashOf(wish)
  const before = earlierEntry(vault, wish)
  if (before?.requestHash === requestHash) {
    // What was leased once is answered again even when the resource has left the market since; and an earlier try may have
    // gone through without our hearing of it.
    const made = before.state === 'pending' ? await recoverEntry(web3, before) : before
    if (made !== undefined) return repeated(made)
  }
  const { where, resource } = await locate(call, wish.resourceId, before?.market ?? wish.market)
  const outdated = where.remote === undefined ? undefined : web3.seen.outdated(where.remote, resource)
  if (outdated !== undefined) throw changedSince(outdated, resource)
  const entry = await vault.addPending({
    market: where.name,
    ...(where.remote === undefined ? {} : { baseUrl: where.remote.url }),
    resourceId: resource.resourceId,
    kind: resource.kind,
    label: resource.label,
    maxCost: wish.maxCost,
    currency: resource.currency,
    idempotencyKey: wish.idempotencyKey,
    requestHash,
    providerActorId: resource.providerActorId,
    ...(wish.sessionKey === undefined ? {} : { sessionKey: wish.sessionKey }),
  })
  if (entry.state !== 'pending') return repeated(entry)
  try {
    return await activated(web3, entry, await issue(call, { where, resource }, wish, entry))
  } catch (error) {
    if (mayHaveBeenMade(error)) {
      web3.taking.lost(entry.idempotencyKey, web3.now())
      throw error
    }
    // This request made no lease; an earlier one that was on its way may have, or still may.
    const found = before === undefined ? undefined : await recoverEntry(web3, entry)
    if (found !== undefined) return repeated(found)
    if (before === undefined || !mayStillCome(web3, entry)) {
      if (where.remote !== undefined) await settleLeaseSpend(web3, entry.tokenHash, 0n)
      await vault.discard(entry.tokenHash)
    }
    throw error
  }
}

type Issued = Omit<Taken, 'market' | 'stored'>

async function issue(
  call: Call,
  { where, resource }: Located,
  wish: LeaseWish,
  entry: VaultEntry,
): Promise<Issued> {
  const { web3, who } = call
  const paid = { currency: resource.currency, amount: wish.maxCost }
  if (where.remote === undefined)
    return askingOwner(call, paid, () => takeLocal(web3.market(), who, wish, entry))
  const named = namedQuote(where.remote, wish, resource, web3.now())
  await askingOwner(call, paid, () => takeLeaseSpend(call, entry))
  return takeRemote(where.remote, web3.market(), wish, resource, entry, named)
}

async function takeLocal(
  market: Market,
  who: Call['who'],
  wish: LeaseWish,
  entry: VaultEntry,
): Promise<Issued> {
  const { resourceId, ttlMs, maxCost, quoteId, mode } = wish
  const { tokenHash, idempotencyKey } = entry
  const own = { tokenHash, idempotencyKey, ...given({ quoteId, mode }) }
  const terms = { resourceId, ttlMs, maxCost, ...own }
  const { leaseId, orderId, expiresAt } = await runLocal(market, issueLease, terms, who)
  return { leaseId, orderId, expiresAt }
}

/** Elsewhere we are an outside wallet: a quote, our signature over it, the lease. */
async function takeRemote(
  remote: RemoteMarket,
  local: Market,
  wish: LeaseWish,
  resource: ResourceDetail,
  { tokenHash, idempotencyKey }: VaultEntry,
  named: RememberedQuote | undefined,
): Promise<Issued> {
  const { resourceId, ttlMs, maxCost, mode } = wish
  const { quoteId, consentSignature } = await signedTerms(remote, local, wish, resource, named)
  const {
    market: _name,
    stored: _stored,
    ...issued
  } = await remote.call(leaseContract, {
    resourceId,
    ttlMs,
    maxCost,
    quoteId,
    consentSignature,
    tokenHash,
    idempotencyKey,
    ...given({ mode }),
  })
  return issued
}

async function activated(
  web3: Web3,
  entry: VaultEntry,
  { leaseId, orderId, expiresAt }: Issued,
): Promise<Taken> {
  const order = orderId === undefined ? {} : { orderId }
  await activateEntry(web3, entry, { leaseId, expiresAt, ...order })
  return { leaseId, ...order, expiresAt, market: entry.market, stored: true }
}

function earlierEntry(
  vault: Vault,
  { idempotencyKey, resourceId, market }: LeaseWish,
): VaultEntry | undefined {
  return vault
    .list({ resourceId, ...(market === undefined ? {} : { market }) })
    .find((entry) => entry.idempotencyKey === idempotencyKey)
}

/** What the caller decided by was what we remembered of a market that was silent then. */
function changedSince({ resource: then, seenAt }: SeenResource, now: ResourceDetail): MarketError {
  return new MarketError('E_CONFLICT', 'the terms have changed since this resource was last seen', {
    details: {
      resourceId: now.resourceId,
      seenAt: new Date(seenAt).toISOString(),
      versions: [then.version, now.version],
      prices: codec(Prices).encode(now.prices),
    },
    hint: 'Nothing was leased. These are the prices now: lease it again if they suit, or ask for a quote ({{web3.resources.quote}}).',
  })
}

/** What makes two requests the same one. */
function hashOf({ resourceId, ttlMs, maxCost, quoteId, mode, sessionKey }: LeaseWish): string {
  return canonicalHash({
    resourceId,
    ttlMs,
    maxCost: maxCost.toString(),
    ...(quoteId === undefined ? {} : { quoteId }),
    ...(mode === undefined ? {} : { mode }),
    ...(sessionKey === undefined ? {} : { sessionKey }),
  })
}

/** A refusal means that this request made no lease. Silence means that nobody knows yet. */
function mayHaveBeenMade(error: unknown): boolean {
  const silence: readonly string[] = ['E_UNAVAILABLE', 'E_TIMEOUT', 'E_INTERNAL', 'E_OUTCOME_UNKNOWN']
  return !isMarketError(error) || silence.includes(error.code)
}

function repeated({ leaseId, orderId, expiresAt, market }: VaultEntry): Taken {
  if (leaseId === undefined || expiresAt === undefined)
    throw new Error('an active vault entry without a lease')
  return { leaseId, ...(orderId === undefined ? {} : { orderId }), expiresAt, market, stored: true }
}
