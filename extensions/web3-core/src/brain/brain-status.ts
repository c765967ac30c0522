/** Which brain answered last, and why: for the owner's summary. */
import { Type, type Static } from '@sinclair/typebox'
import { closed, literals } from '@openclaw-market/protocol/schema/scalars'
import type { Decision } from './choosing.ts'
import type { HeldLease, OwnReason, RunBegun } from './choice.ts'

export const BrainStatus = closed({
  source: literals(['leased', 'owner'], "of the last turn; owner: the owner's own choice of a model"),
  provider: Type.Optional(Type.String({ description: 'who serves the leased model' })),
  model: Type.Optional(Type.String({ description: 'label of the leased model, or the own one' })),
  availability: literals(['available', 'unavailable', 'off', 'unknown'], 'of a leased model'),
  reason: Type.String({ description: 'why that source' }),
})
export type BrainStatus = Static<typeof BrainStatus>

type Served = Pick<HeldLease, 'resourceId'> & Partial<Pick<HeldLease, 'label' | 'providerActorId'>>

/** @param asked whether the host asks us before a turn */
export function firstStatus(enabled: boolean, asked: boolean): BrainStatus {
  const off = (reason: string): BrainStatus => ({ source: 'owner', availability: 'off', reason })
  if (!enabled) return off(words.disabled)
  if (!asked)
    return off('the host does not ask: allow plugins.entries.web3-core.hooks.allowConversationAccess')
  return { source: 'owner', availability: 'unknown', reason: 'no turn has been taken yet' }
}

export function statusOf({ choice, note }: Decision, { ownModel }: RunBegun): BrainStatus {
  if (choice.source === 'leased') {
    const [first] = choice.leases
    if (first !== undefined) return servedStatus(first)
    return { source: 'leased', availability: 'unknown', reason: 'a lease is taken when the sender is proved' }
  }
  const reason = words[choice.reason]
  return {
    source: 'owner',
    ...(ownModel === undefined ? {} : { model: ownModel }),
    availability: availabilityOf(choice.reason),
    reason: note === undefined ? reason : `${reason}; ${note}`,
  }
}

export function servedStatus({ resourceId, label, providerActorId }: Served): BrainStatus {
  return {
    source: 'leased',
    ...(providerActorId === undefined ? {} : { provider: providerActorId }),
    model: label ?? resourceId,
    availability: 'available',
    reason: 'enabled, allowed, leased and reachable',
  }
}

/** The turn has been answered by the own choice in the end. */
export function fellBackStatus(before: BrainStatus): BrainStatus {
  if (before.source === 'owner') return before
  return {
    source: 'owner',
    availability: 'unavailable',
    reason: 'the leased model broke off before it said anything: the own choice answered',
  }
}

const words: Readonly<Record<OwnReason, string>> = {
  disabled: 'the brain is not enabled in the config',
  agent: 'the config does not name this agent',
  sender: 'the message was not written by the owner',
  'derived-run': 'another run began this one',
  budget: 'the budget does not let this run use the lease',
  'no-lease': 'no model is leased for this conversation',
  'not-allowed': 'the config allows none of the leased models',
  expiring: 'the lease is about to end',
  spent: 'the lease has nothing left to spend',
  over: 'the lease has ended',
  unreachable: 'the provider or its market does not answer',
  resting: 'the provider does not take the calls of this lease',
}

function availabilityOf(reason: OwnReason): BrainStatus['availability'] {
  switch (reason) {
    case 'disabled':
      return 'off'
    // Nobody has looked.
    case 'agent':
    case 'derived-run':
    case 'sender':
      return 'unknown'
    case 'budget':
    case 'no-lease':
    case 'not-allowed':
    case 'expiring':
    case 'spent':
    case 'over':
    case 'unreachable':
    case 'resting':
      return 'unavailable'
  }
}
