/** Quote, consent, token, lease: money is locked only for what the wallet has read and signed. */
import { createHash, randomBytes, randomUUID } from 'node:crypto'

/**
 * @param plan `{ ttlMs, estimate? , maxCost? }`; without maxCost the quote's upper bound of the estimate is locked
 * @returns the lease and its token, which the market never sees
 */
export async function takeLease(market, resource, plan) {
  const { account, call } = market
  const { resourceId, kind, label } = resource
  const quote = await call('web3.resources.quote', { resourceId, ...plan })
  const { quoteId, maxCost, currency, typedData } = quote
  checkConsent(typedData, {
    market: market.address,
    consumer: account.address,
    provider: resource.providerActorId,
    resourceId,
    offerHash: `0x${resource.offerHash}`,
    quoteId,
    currency,
    maxCost: plan.maxCost ?? quote.upperBound,
    ttlMs: String(plan.ttlMs),
  })
  const token = `tok_${randomBytes(32).toString('base64url')}`
  const { leaseId, expiresAt, stored } = await call('web3.resources.lease', {
    resourceId,
    ttlMs: plan.ttlMs,
    maxCost,
    quoteId,
    tokenHash: createHash('sha256').update(token).digest('hex'),
    consentSignature: await signConsent(account, typedData),
    idempotencyKey: randomUUID(),
  })
  if (stored !== false) throw new Error('the market says that it keeps a token that it was never given')
  return { leaseId, resourceId, kind, label, locked: maxCost, currency, expiresAt, token }
}

/** The consent must say what was asked for, and under which offer it was listed. */
function checkConsent({ primaryType, message }, expected) {
  if (primaryType !== 'Consent') throw new Error(`asked to sign a ${primaryType}, not a Consent`)
  for (const [field, value] of Object.entries(expected)) {
    if (message[field] === value) continue
    throw new Error(`asked to consent to ${field} ${message[field]}, not ${value}`)
  }
}

/** viem derives the domain's own type, and takes numbers as numbers. */
function signConsent(account, { domain, types: { EIP712Domain: _domain, ...types }, primaryType, message }) {
  const numeric = new Set(
    types[primaryType].filter(({ type }) => type.startsWith('uint')).map(({ name }) => name),
  )
  const values = Object.entries(message).map(([name, value]) => [
    name,
    numeric.has(name) ? BigInt(value) : value,
  ])
  return account.signTypedData({ domain, types, primaryType, message: Object.fromEntries(values) })
}
