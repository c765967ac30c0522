import { Type } from '@sinclair/typebox'
import { given, next, page } from '@openclaw-market/market-core'
import { SessionKey } from '@openclaw-market/protocol/entities/policy'
import {
  SessionStatements,
  SessionStatementSchema,
} from '@openclaw-market/protocol/entities/session-statement'
import { MarketError } from '@openclaw-market/protocol/errors'
import type { Contract } from '@openclaw-market/protocol/operation'
import type { Principal } from '@openclaw-market/protocol/principal'
import { nextCursor, paging } from '@openclaw-market/protocol/schema/paging'
import { closed } from '@openclaw-market/protocol/schema/scalars'
import { show, shown } from '@openclaw-market/protocol/views/hide'
import { capability } from '../capabilities/capability.ts'

const hidden = ['rev'] as const

export const statementsContract = {
  name: 'web3.billing.statements',
  summary: 'What each ended conversation used of leases and what that cost, newest first.',
  effect: 'read',
  scope: 'read',
  params: closed({ sessionKey: Type.Optional(SessionKey), ...paging }),
  result: closed({ statements: Type.Array(shown(SessionStatementSchema, hidden)), nextCursor }),
  errors: [],
} as const satisfies Contract

export const statementsCapability = capability(
  statementsContract,
  {
    group: 'billing',
    whenToUse: 'To say what a conversation has cost, once it has ended.',
    whenNotToUse: 'For all money: the summary has it. For a lease that runs: its status.',
    returns:
      'A line for each lease: a lease that was opened for the conversation is there whole, of others its own calls.',
    errors: { E_INVALID_ARGUMENT: 'not a cursor of this list' },
    doors: ['gateway', 'tool'],
    actor: 'caller',
    risk: { level: 'none', reversible: true },
    pricing: { charge: 'none', units: [] },
    prerequisites: [],
    effects: [],
    next: [{ name: 'web3.resources.status', when: 'to see the records behind a lease' }],
    idempotency: 'reads-only',
    examples: { valid: { limit: 5 }, invalid: { limit: 0 } },
  },
  async ({ sessionKey: asked, limit, cursor }, { web3, who }) => {
    const sessionKey = ownersOr(who, asked)
    const listed = await web3
      .market()
      .store.read({ as: 'market' }, (tx) =>
        tx.list(SessionStatements, { where: given({ sessionKey }), ...page(limit ?? 50, cursor) }),
      )
    return {
      statements: listed.items.map((each) => show(each, SessionStatementSchema, hidden)),
      ...next(listed),
    }
  },
)

/** Which conversations there were is the owner's to know; anybody else sees the one that it is in. */
function ownersOr(who: Principal, asked: string | undefined): string | undefined {
  if (who.kind !== 'node' || who.owner) return asked
  const { sessionKey } = who.run ?? {}
  if (sessionKey !== undefined && (asked ?? sessionKey) === sessionKey) return sessionKey
  throw new MarketError('E_FORBIDDEN', 'only the owner may see what other conversations have used', {
    details: { pointer: '/sessionKey' },
    hint: 'Leave sessionKey out to see this conversation, or let the owner ask.',
  })
}
