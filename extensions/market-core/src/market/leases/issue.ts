import { Type, type Static } from '@sinclair/typebox'
import { sha256Hex } from '@openclaw-market/protocol/canonical'
import { Consents, Deliveries, Leases, Orders, type Lease } from '@openclaw-market/protocol/entities/lease'
import { Settlements, type CreditLine } from '@openclaw-market/protocol/entities/money'
import { Quotes } from '@openclaw-market/protocol/entities/records'
import { Offers, Resources, type Offer } from '@openclaw-market/protocol/entities/resource'
import {
  ConsentId,
  DeliveryId,
  LeaseId,
  OrderId,
  QuoteId,
  ResourceId,
  SettlementId,
  type CreditLineId,
} from '@openclaw-market/protocol/ids'
import { insert, operation, remove, type Prover } from '@openclaw-market/protocol/operation'
import { actorOf, type Principal } from '@openclaw-market/protocol/principal'
import type { ReadTx } from '@openclaw-market/protocol/reading'
import { idempotencyKey } from '@openclaw-market/protocol/schema/paging'
import {
  Amount,
  closed,
  Sha256Hex,
  Signature,
  Timestamp,
  type ActorId,
} from '@openclaw-market/protocol/schema/scalars'
import { escrow } from '../../ledger/account.ts'
import { leaseSpendKey, loadBudget } from '../budget/load-budget.ts'
import { spend } from '../budget/spend.ts'
import { found } from '../found.ts'
import { notOneself } from '../resources/quote.ts'
import { changedOffer, checkQuote, missing, proveConsent, type Consented, type Quoted } from './consented.ts'
import { leasePurpose } from './consent.ts'
import { firstDue } from './due.ts'
import { keptFiles, latestLease } from './kept-files.ts'
import {
  LeaseMode,
  lineFor,
  loadDrawing,
  loadStanding,
  lockingFor,
  modeOf,
  type Standing,
} from './on-credit.ts'
import { assertServed, LeaseTtl } from './ttl.ts'

const params = closed({
  resourceId: ResourceId,
  ttlMs: LeaseTtl,
  maxCost: Type.Unsafe<bigint>({
    ...Amount,
    pattern: '^[1-9][0-9]{0,38}$',
    description: 'base units to lock: it never costs more',
  }),
  mode: Type.Optional(LeaseMode),
  tokenHash: Type.Optional(
    Type.Unsafe<string>({ ...Sha256Hex, description: 'SHA-256 of the token that you made' }),
  ),
  consentSignature: Type.Optional(Signature),
  quoteId: Type.Optional(QuoteId),
  idempotencyKey,
})
type Params = Static<typeof params>

interface Proof extends Consented {
  /** Made here only for an operator who sent no tokenHash; shown once and kept nowhere. */
  readonly accessToken?: string
  readonly tokenHash: string
  /** The offer that was signed: when it has changed by the time of the write, the consent is for something else. */
  readonly offerHash: string
  readonly creditLineId?: CreditLineId
}

/** One write makes order, consent, delivery, lease and settlement, and locks `maxCost` (DESIGN §8.3). */
export const issueLease = operation({
  name: 'market.lease.issue',
  summary: 'Leases a resource for a time and locks the most that it may cost.',
  effect: 'money',
  scope: 'admin',
  params,
  result: closed({
    leaseId: LeaseId,
    orderId: OrderId,
    consentId: ConsentId,
    deliveryId: DeliveryId,
    settlementId: SettlementId,
    expiresAt: Timestamp,
    accessToken: Type.Optional(Type.String()),
  }),
  errors: [
    'E_NOT_FOUND',
    'E_FORBIDDEN',
    'E_INSUFFICIENT_FUNDS',
    'E_QUOTA_EXCEEDED',
    'E_APPROVAL_REQUIRED',
    'E_CONFLICT',
    'E_EXPIRED',
  ],
  callers: ['node', 'wallet', 'operator'],
  idempotency: 'key',
  onceOnly: ['accessToken'],
  async prove(read, input, context, prover): Promise<Proof> {
    const consumer = actorOf(context.who)
    const terms = await read((tx) => loadTerms(tx, input, consumer))
    notOneself(terms.resource, consumer)
    const state = { ...terms, line: wantedLine(terms, input) }
    const token = input.tokenHash === undefined ? mintToken(context, prover) : { tokenHash: input.tokenHash }
    return {
      ...token,
      ...(await proveConsent(state, input, context, prover)),
      offerHash: state.resource.offerHash,
      ...(state.line === undefined ? {} : { creditLineId: state.line.creditLineId }),
    }
  },
  async load(tx, input, { who, now }) {
    const terms = await loadTerms(tx, input, actorOf(who))
    const { standing, quote } = terms
    const postpaid = modeOf(input.mode, quote) === 'postpaid'
    return {
      ...terms,
      earlier: await latestLease(tx, input.resourceId, actorOf(who)),
      budget: await loadBudget(tx, who, terms.resource, now),
      drawing: await loadDrawing(tx, postpaid ? standing.open : undefined),
    }
  },
  decide(state, input, { who, now, ids, rules, proof }) {
    const { resource, offer, quote, earlier, budget, drawing } = state
    const consumer = actorOf(who)
    notOneself(resource, consumer)
    if (resource.offerHash !== proof.offerHash) throw changedOffer()
    const line = wantedLine(state, input)
    // A line that was opened or closed since the consent was proved is not what was signed.
    if (line?.creditLineId !== proof.creditLineId) throw changedOffer()
    checkQuote({ resource, quote, line }, input, consumer, now)
    const expiresAt = now + input.ttlMs
    assertServed(resource, expiresAt)
    const made = {
      leaseId: ids.next('lease'),
      orderId: ids.next('ord'),
      consentId: ids.next('cons'),
      deliveryId: ids.next('dlv'),
      settlementId: ids.next('stl'),
    }
    const { leaseId, orderId, settlementId } = made
    const parties = { consumerActorId: consumer, providerActorId: resource.providerActorId }
    const { currency } = resource
    const locking = lockingFor(drawing, input.maxCost, consumer, currency, now)
    const onCredit = line === undefined ? {} : { creditLineId: line.creditLineId }
    const lease: Omit<Lease, 'rev'> = {
      ...made,
      ...parties,
      resourceId: resource.resourceId,
      resourceVersion: resource.version,
      offerId: resource.offerId,
      kind: resource.kind,
      backend: resource.backend,
      ...(resource.delegation === undefined ? {} : { delegation: resource.delegation }),
      label: resource.label,
      prices: resource.prices,
      policy: resource.policy,
      currency,
      ...onCredit,
      tokenHash: proof.tokenHash,
      maxCost: input.maxCost,
      metered: 0n,
      reserved: 0n,
      totals: {},
      usageSeq: 0,
      callSeq: 0,
      openCalls: 0,
      unknownCalls: 0,
      status: 'lease_active',
      createdAt: now,
      expiresAt,
      ...firstDue(resource, keptFiles(resource, earlier, now), now, expiresAt),
    }
    return {
      result: {
        ...made,
        expiresAt,
        ...(proof.accessToken === undefined ? {} : { accessToken: proof.accessToken }),
      },
      subjects: [leaseId, orderId, settlementId, resource.resourceId, ...locking.subjects],
      writes: [
        ...locking.writes,
        ...(quote === undefined ? [] : [remove(Quotes, quote.quoteId)]),
        insert(Orders, {
          orderId,
          ...parties,
          offerId: resource.offerId,
          offerHash: resource.offerHash,
          resourceId: resource.resourceId,
          leaseId,
          settlementId,
          currency,
          maxCost: input.maxCost,
          ...onCredit,
          expiresAt,
          createdAt: now,
        }),
        insert(Consents, {
          consentId: made.consentId,
          orderId,
          leaseId,
          ...(quote === undefined ? {} : { quoteId: quote.quoteId }),
          ...parties,
          scope: { ...offer.terms.usageScope, purpose: leasePurpose },
          maxCost: proof.maxCost,
          validUntil: proof.validUntil,
          digest: proof.digest,
          signature: proof.signature,
          createdAt: now,
        }),
        insert(Deliveries, {
          deliveryId: made.deliveryId,
          orderId,
          leaseId,
          ...parties,
          deliveryType: offer.terms.deliveryType,
          createdAt: now,
        }),
        insert(Leases, lease),
        insert(Settlements, {
          settlementId,
          orderId,
          leaseId,
          payerActorId: consumer,
          payeeActorId: resource.providerActorId,
          currency,
          locked: input.maxCost,
          releasedSoFar: 0n,
          refundedSoFar: 0n,
          ...onCredit,
          status: 'settlement_locked',
          rail: { kind: 'internal', state: 'confirmed' },
          createdAt: now,
        }),
        ...spend(
          budget,
          {
            what: 'lease',
            spendKey: leaseSpendKey(proof.tokenHash),
            currency,
            amount: input.maxCost,
            settlementId,
          },
          { now, ids, rules },
        ),
      ],
      movements: [
        ...locking.movements,
        {
          debit: locking.from,
          credit: escrow(settlementId, currency, consumer),
          amount: input.maxCost,
          reason: 'lock',
          reference: settlementId,
        },
      ],
    }
  },
})

interface Terms extends Omit<Quoted, 'line'> {
  readonly offer: Offer
  readonly standing: Standing
}

function wantedLine({ resource, quote, standing }: Terms, { mode }: Params): CreditLine | undefined {
  return lineFor(standing, modeOf(mode, quote), resource.currency)
}

async function loadTerms(tx: ReadTx, { resourceId, quoteId }: Params, consumer: ActorId): Promise<Terms> {
  const listed = await tx.get(Resources, resourceId)
  const resource = found(
    listed?.status === 'resource_published' ? listed : undefined,
    'published resource',
    resourceId,
  )
  return {
    resource,
    offer: found(await tx.get(Offers, resource.offerId), 'offer', resource.offerId),
    quote: quoteId === undefined ? undefined : await tx.get(Quotes, quoteId),
    standing: await loadStanding(tx, resource, consumer),
  }
}

function mintToken({ who }: { who: Principal }, prover: Prover): { accessToken: string; tokenHash: string } {
  if (who.kind !== 'operator') throw missing('/tokenHash', 'Make a token yourself and send its SHA-256.')
  const accessToken = prover.newToken()
  return { accessToken, tokenHash: sha256Hex(accessToken) }
}
