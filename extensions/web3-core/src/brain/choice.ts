/**
 * Which brain answers a turn (DESIGN §12): the leased one when it is enabled, allowed, leased and reachable, else the
 * owner's own choice, and why.
 */
import type { LeaseId } from '@openclaw-market/protocol/ids'
import type { BrainConfig } from './brain-config.ts'

/** What the host says of a run that begins. */
export interface RunBegun {
  readonly sessionId: string
  readonly sessionKey?: string
  readonly agentId?: string
  readonly runId?: string
  readonly channel?: string
  /** Absent when no channel's sender began it. */
  readonly senderId?: string
  /** Begun by another run: a subagent, or a message between conversations. Nobody's word stands behind it. */
  readonly derived: boolean
  /** The owner's own choice, `provider/model`. */
  readonly ownModel?: string
}

export interface HeldLease {
  readonly leaseId: LeaseId
  readonly market: string
  readonly resourceId: string
  readonly providerActorId?: string
  readonly label?: string
  readonly expiresAt: number
  /** The conversation that it was opened for. */
  readonly sessionKey?: string
}

export type Standing = 'serving' | 'spent' | 'over' | 'unreachable' | 'resting'

/** Who is taken to have written the message that began the run. */
export type Sender = 'owner' | 'stranger'

export type OwnReason =
  | 'disabled'
  | 'agent'
  | 'sender'
  | 'derived-run'
  | 'no-lease'
  | 'budget'
  | 'not-allowed'
  | 'expiring'
  | Exclude<Standing, 'serving'>

export type Choice =
  | { readonly source: 'leased'; readonly leases: readonly HeldLease[] }
  | { readonly source: 'owner'; readonly reason: OwnReason }

/** A turn takes a while: a lease that ends sooner is not begun with. */
const shortestMs = 30_000

/** Whether the run may think with leases at all. */
export function mayLease(
  config: BrainConfig | undefined,
  run: RunBegun,
  sender: Sender,
): OwnReason | undefined {
  if (config === undefined || !config.enabled) return 'disabled'
  if (config.agents !== undefined && !config.agents.includes(run.agentId ?? '')) return 'agent'
  if (run.derived) return 'derived-run'
  return sender === 'stranger' ? 'sender' : undefined
}

/** What may be leased for it may answer too. */
export function isAllowed({ allow, autoLease }: BrainConfig, lease: HeldLease): boolean {
  const names = ['*', lease.resourceId, lease.market, lease.providerActorId?.toLowerCase()]
  const ordered = autoLease?.resourceIds.some((id) => id === lease.resourceId) === true
  return ordered || allow.some((name) => names.includes(name.startsWith('0x') ? name.toLowerCase() : name))
}

/** Those that may serve this conversation: its own first, then the longest-lived. */
export function servingLeases(
  held: readonly HeldLease[],
  { config, run, now }: { readonly config: BrainConfig; readonly run: RunBegun; readonly now: number },
): Choice {
  const here = held.filter(({ sessionKey }) => sessionKey === undefined || sessionKey === run.sessionKey)
  if (here.length === 0) return { source: 'owner', reason: 'no-lease' }
  const allowed = here.filter((lease) => isAllowed(config, lease))
  if (allowed.length === 0) return { source: 'owner', reason: 'not-allowed' }
  const lasting = allowed.filter(({ expiresAt }) => expiresAt - now >= shortestMs)
  if (lasting.length === 0) return { source: 'owner', reason: 'expiring' }
  const own = (lease: HeldLease): number => (lease.sessionKey === undefined ? 1 : 0)
  return {
    source: 'leased',
    leases: lasting.toSorted((a, b) => own(a) - own(b) || b.expiresAt - a.expiresAt),
  }
}

/** What is left of a choice when it is known how its leases stand. */
export function standingChoice(choice: Choice, standings: ReadonlyMap<LeaseId, Standing>): Choice {
  if (choice.source === 'owner') return choice
  const leases = choice.leases.filter(({ leaseId }) => standings.get(leaseId) === 'serving')
  if (leases.length > 0) return { source: 'leased', leases }
  const [first] = choice.leases.flatMap(({ leaseId }) => standings.get(leaseId) ?? [])
  return { source: 'owner', reason: first === undefined || first === 'serving' ? 'unreachable' : first }
}
