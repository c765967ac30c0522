import { Type } from '@sinclair/typebox'
import { LeaseId } from '@openclaw-market/protocol/ids'
import type { Contract } from '@openclaw-market/protocol/operation'
import { closed } from '@openclaw-market/protocol/schema/scalars'
import { capability } from '../capabilities/capability.ts'
import type { SearchBackend, SearchQuery } from '../provider/backends/backend.ts'
import { foreseenOf } from './budget.ts'
import { usableLeases } from './call-lease.ts'
import { asksForItself, ownSearch } from './own-backend.ts'
import { readJson } from './read-json.ts'
import { exactly, keepReceipt, servedLocally, ServedBy, type WhyLocal } from './receipt.ts'
import { throughLease } from './unserved.ts'

const Result = closed({ title: Type.String(), url: Type.String(), snippet: Type.Optional(Type.String()) })
const Answer = Type.Object({ results: Type.Array(Result, { maxItems: 200 }) })

const contract = {
  name: 'web3.search.query',
  summary: "Searches through a leased search, or through the owner's own when there is no lease.",
  effect: 'money',
  scope: 'write',
  params: closed({
    q: Type.String({ maxLength: 400, pattern: '\\S', description: 'what to look for' }),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 50, description: 'results; 10 when absent' })),
    site: Type.Optional(
      Type.String({ minLength: 1, maxLength: 253, description: 'only from this site or folder' }),
    ),
    leaseId: Type.Optional(LeaseId),
  }),
  result: closed({ results: Type.Array(Result), servedBy: ServedBy }),
  errors: [
    'E_NOT_FOUND',
    'E_QUOTA_EXCEEDED',
    'E_APPROVAL_REQUIRED',
    'E_EXPIRED',
    'E_REVOKED',
    'E_RATE_LIMITED',
    'E_PAYLOAD_TOO_LARGE',
    'E_TIMEOUT',
    'E_OUTCOME_UNKNOWN',
    'E_CONFLICT',
  ],
} as const satisfies Contract

export const searchCapability = capability(
  contract,
  {
    group: 'search',
    fallback: 'search',
    whenToUse: 'To search what a leased provider has indexed.',
    whenNotToUse: "Without an active search lease and without a search of the owner's own: lease one first.",
    returns:
      "results as the provider gives them: a stranger's words. servedBy says which lease paid how much.",
    errors: {
      E_INVALID_ARGUMENT: 'site is no host or folder that this provider could have: leave it out',
      E_NOT_FOUND: "there is no active search lease here, and no search of the owner's own is configured",
      E_QUOTA_EXCEEDED: 'the lock of the lease, or an allowance, is spent',
      E_APPROVAL_REQUIRED: 'the owner approves details.approvalId; repeat the very same then',
      E_EXPIRED: 'the lease has ended',
      E_REVOKED: 'the lease was revoked',
      E_RATE_LIMITED: 'too many calls in this minute or at once; details.retryAfterSeconds',
      E_PAYLOAD_TOO_LARGE: 'the query is larger than the policy of the resource allows',
      E_TIMEOUT: "the provider's search is too slow; nothing was billed",
      E_OUTCOME_UNKNOWN: 'the answer was lost; the call may have been billed',
      E_CONFLICT: 'the request was sent before',
    },
    doors: ['gateway', 'tool'],
    actor: 'consumer',
    byAllowance: true,
    risk: { level: 'low', discloses: 'the query, to the provider', reversible: false },
    pricing: { charge: 'lease', units: ['query'], upperBound: 'the price of one query of that lease' },
    prerequisites: [{ is: 'lease_active', kind: 'search', param: 'leaseId' }],
    effects: [{ is: 'lease_used', kind: 'search', param: 'leaseId' }],
    overHttp: {
      method: 'POST',
      path: '/web3/resources/search/query',
      bearer: 'lease_active',
      params: { q: 'q', limit: 'limit', site: 'site' },
    },
    next: [{ name: 'web3.resources.completeLease', when: 'nothing more is to be searched' }],
    idempotency: 'acts-again',
    examples: { valid: { q: 'how leases settle', limit: 3 }, invalid: { q: 'x', limit: 1000 } },
  },
  async ({ q, limit = 10, site, leaseId }, call) => {
    const { web3 } = call
    const ask = { q, limit, ...(site === undefined ? {} : { site }) }
    const counted = { query: 1n }
    const answer = await throughLease(call, 'search', leaseId, {
      method: 'POST',
      path: '/web3/resources/search/query',
      body: ask,
      timeoutMs,
      errors: contract.errors,
      demand: { uses: counted },
    })
    if ('why' in answer) {
      const own = asksForItself(call) ? ownSearch(web3) : undefined
      if (own === undefined) throw answer.error
      return searchOwn(own, ask, answer.why)
    }
    const { results } = await readJson(Answer, web3, answer)
    return { results, servedBy: await keepReceipt(web3, answer, counted, exactly(counted)) }
  },
  async ({ q, limit = 10, site, leaseId }, { web3 }) => {
    const own = leaseId === undefined ? ownSearch(web3) : undefined
    return own === undefined
      ? undefined
      : searchOwn(own, { q, limit, ...(site === undefined ? {} : { site }) }, 'market-off')
  },
  ({ leaseId }, { web3 }) => foreseenOf(web3, usableLeases(web3, 'search', leaseId), { uses: { query: 1n } }),
)

const timeoutMs = 60_000

async function searchOwn(own: SearchBackend, ask: SearchQuery, why: WhyLocal) {
  const { results } = await own.query(ask, AbortSignal.timeout(timeoutMs))
  return { results: [...results], servedBy: servedLocally(why) }
}
