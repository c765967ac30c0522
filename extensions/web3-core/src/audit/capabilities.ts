import { Type } from '@sinclair/typebox'
import { queryEvents } from '@openclaw-market/market-core'
import { EventId } from '@openclaw-market/protocol/ids'
import type { Contract } from '@openclaw-market/protocol/operation'
import { scopeOf } from '@openclaw-market/protocol/principal'
import { closed } from '@openclaw-market/protocol/schema/scalars'
import { InclusionProof, SignedLog, VerifiedLog } from '@openclaw-market/protocol/views/log'
import { capability, type Facts } from '../capabilities/capability.ts'
import { operationCapability } from '../capabilities/through-market.ts'

const exampleEvent = 'evt_01J8ZK3V5Q0R2M4T6W8Y0A2C4E'

const Size = Type.Integer({
  minimum: 1,
  maximum: Number.MAX_SAFE_INTEGER,
  description: 'size of a checkpoint that was answered before',
})

const reading = {
  group: 'audit',
  actor: 'caller',
  risk: { level: 'none', reversible: true },
  pricing: { charge: 'none', units: [] },
  effects: [],
  idempotency: 'reads-only',
} as const satisfies Partial<Facts>

const rewritten = 'the past of the log does not hold; its operator must put it right'

export const queryEventsCapability = operationCapability('web3.audit.query', queryEvents, {
  ...reading,
  whenToUse: 'To find out what was done in your name, when, and to what.',
  whenNotToUse: 'For money or leases as they are now: billing and leases have them.',
  returns:
    'paramsHash: SHA-256 of the RFC 8785 JSON of what was asked. facts: what the host told of a conversation, in names, figures and hashes; never what was said.',
  errors: { E_INVALID_ARGUMENT: 'not a cursor of this list' },
  doors: ['gateway', 'api'],
  prerequisites: [{ is: 'wallet_proved' }],
  finds: [{ is: 'event_logged', field: 'events/*/eventId' }],
  next: [{ name: 'web3.audit.prove', when: 'somebody else has to believe that an event is in the log' }],
  examples: { valid: { type: 'host.llm_output' }, invalid: { since: 'yesterday' } },
})

const proveContract = {
  name: 'web3.audit.prove',
  summary: 'Proves to anybody, without trust in this market, that an event is in its signed log.',
  effect: 'read',
  scope: 'read',
  params: closed({ eventId: EventId, size: Type.Optional(Size) }),
  result: InclusionProof,
  errors: ['E_NOT_FOUND', 'E_CONFLICT', 'E_UNAVAILABLE'],
} as const satisfies Contract

export const proveCapability = capability(
  proveContract,
  {
    ...reading,
    whenToUse:
      'To convince a person who does not trust this market that an event happened, and was not made up later.',
    whenNotToUse: 'To read your own events: query has them.',
    returns:
      'proof: RFC 6962 inclusion path from the leaf, SHA-256(0x00 ‖ event), to the root that checkpoint.note signs (C2SP tlog-checkpoint). The script verify-proof.mjs checks it.',
    errors: {
      E_NOT_FOUND: 'there is no such event of yours',
      E_CONFLICT: 'size is too small to have the event, or larger than the log',
      E_UNAVAILABLE: rewritten,
    },
    doors: ['gateway', 'api'],
    prerequisites: [{ is: 'wallet_proved' }, { is: 'event_logged', param: 'eventId' }],
    next: [{ name: 'web3.audit.checkpoint', when: 'to hold the log to what it has signed' }],
    examples: { valid: { eventId: exampleEvent }, invalid: { eventId: 'the last one' } },
  },
  ({ eventId, size }, { web3, who }) => web3.market().log.prove(eventId, size, scopeOf(who)),
)

const checkpointContract = {
  name: 'web3.audit.checkpoint',
  summary: 'What this market has signed about its log last, and that it goes on from what it signed before.',
  effect: 'read',
  scope: 'read',
  params: closed({ since: Type.Optional(Size) }),
  result: SignedLog,
  errors: ['E_CONFLICT', 'E_UNAVAILABLE'],
} as const satisfies Contract

export const checkpointCapability = capability(
  checkpointContract,
  {
    ...reading,
    whenToUse: 'To keep what the log has come to, so that its past cannot be rewritten unseen.',
    whenNotToUse: 'To learn whether it holds here: verify reads all of it.',
    returns:
      'checkpoint: absent while nothing is on record. since.proof: RFC 6962 consistency path from the tree of since to that of the checkpoint. key: with which the note is signed.',
    errors: { E_CONFLICT: 'since is larger than the log', E_UNAVAILABLE: rewritten },
    doors: ['gateway', 'api'],
    prerequisites: [{ is: 'wallet_proved' }],
    next: [{ name: 'web3.audit.prove', when: 'to prove one event against it' }],
    examples: { valid: {}, invalid: { since: 'the last one' } },
  },
  ({ since }, { web3 }) => web3.market().log.signed(since),
)

const verifyContract = {
  name: 'web3.audit.verify',
  summary: 'Reads the whole log again and says whether all of it is as it was signed.',
  effect: 'read',
  scope: 'read',
  params: closed({}),
  result: VerifiedLog,
  errors: ['E_UNAVAILABLE'],
} as const satisfies Contract

export const verifyCapability = capability(
  verifyContract,
  {
    ...reading,
    whenToUse: 'When the owner asks whether the record can be trusted.',
    whenNotToUse: 'Often: it reads everything. The status says what was found at the start.',
    returns: 'upTo: so many events, from the first on, are as they were logged. problem: what is not.',
    errors: { E_UNAVAILABLE: rewritten },
    doors: ['gateway'],
    prerequisites: [{ is: 'wallet_proved' }],
    next: [{ name: 'web3.audit.checkpoint', when: 'it holds, to keep what it has come to' }],
    examples: { valid: {}, invalid: { from: 5 } },
  },
  (_params, { web3 }) => web3.market().log.verify(),
)

export const auditCapabilities = [
  queryEventsCapability,
  proveCapability,
  checkpointCapability,
  verifyCapability,
]
