/** Finds the leases that may answer a run, and takes one where the owner's config orders it. */
import type { LeaseId } from '@openclaw-market/protocol/ids'
import type { Web3 } from '../plugin/web3.ts'
import { hasEnough, leaseFor, type Tried } from './auto-lease.ts'
import { leaseStatus } from '../consumer/lease-status.ts'
import type { BrainConfig } from './brain-config.ts'
import {
  mayLease,
  servingLeases,
  standingChoice,
  type Choice,
  type HeldLease,
  type RunBegun,
  type Standing,
} from './choice.ts'
import type { Entry } from './leased-call.ts'
import type { Senders } from './senders.ts'
import { standings, type Standings } from './standings.ts'

export interface Decision {
  readonly choice: Choice
  /** Why no lease was taken. */
  readonly note?: string
}

export interface Choosing {
  /** For a run that begins. It commits no money: nothing is proved of it yet. */
  decide(run: RunBegun): Promise<Decision>
  /** For a request of a run of which all is proved that will be. */
  answering(run: RunBegun): Promise<Decision & { readonly entries: readonly Entry[] }>
  readonly stands: Standings
}

const mostRefused = 5_000
/** After a refusal: the budget, the market or the config will not have changed at once. */
const askAgainMs = 30_000

export function choosing(
  web3: () => Web3,
  config: BrainConfig | undefined,
  known: Pick<Senders, 'expected' | 'isOwners'>,
): Choosing {
  const leasing = new Map<string, Promise<Tried>>()
  const refused = new Map<string, number>()
  const stands = standings(
    async (leaseId): Promise<Standing> => {
      const { lease } = await leaseStatus(web3(), leaseId)
      if (lease.status !== 'lease_active') return 'over'
      return lease.remaining > 0n ? 'serving' : 'spent'
    },
    () => web3().now(),
  )

  const held = (): readonly Entry[] =>
    web3()
      .vault()
      .list({ state: 'active', kind: 'model' })
      .flatMap((entry) => {
        const { leaseId, ending } = entry
        return leaseId === undefined || ending !== undefined ? [] : [{ ...entry, leaseId }]
      })

  const serving = async (run: RunBegun, of: BrainConfig): Promise<Choice> => {
    const choice = servingLeases(held().map(heldLease), { config: of, run, now: web3().now() })
    if (choice.source === 'owner') return choice
    const found = new Map<LeaseId, Standing>()
    await Promise.all(
      choice.leases.map(async ({ leaseId }) => void found.set(leaseId, await stands.of(leaseId))),
    )
    return standingChoice(choice, found)
  }

  const mayTake = ({ sessionKey }: RunBegun): boolean =>
    config?.autoLease !== undefined &&
    sessionKey !== undefined &&
    (refused.get(sessionKey) ?? 0) <= web3().now()

  /** One at a time for a conversation, and not again at once after a refusal. */
  const take = (run: RunBegun): Promise<Tried> => {
    const { sessionKey = '' } = run
    const order = config?.autoLease
    if (order === undefined || !mayTake(run)) return Promise.resolve({ leased: false, why: 'not-now' })
    const under = leasing.get(sessionKey)
    if (under !== undefined) return under
    const trying = leaseFor(web3(), order, run)
      .then((tried) => {
        if (!tried.leased) refuse(sessionKey)
        return tried
      })
      .finally(() => leasing.delete(sessionKey))
    leasing.set(sessionKey, trying)
    return trying
  }

  const refuse = (sessionKey: string): void => {
    refused.delete(sessionKey)
    refused.set(sessionKey, web3().now() + askAgainMs)
    const [oldest] = refused.keys()
    if (refused.size > mostRefused && oldest !== undefined) refused.delete(oldest)
  }

  const leasedOrNot = async (run: RunBegun, of: BrainConfig): Promise<Decision> => {
    const choice = await serving(run, of)
    if (choice.source === 'leased' || !mayTake(run)) return { choice }
    const tried = await take(run)
    if (tried.leased) return { choice: await serving(run, of) }
    return { choice, note: notTaken(tried.why) }
  }

  return {
    stands,
    async decide(run) {
      const against = mayLease(config, run, known.expected(run))
      if (against !== undefined || config === undefined)
        return { choice: { source: 'owner', reason: against ?? 'disabled' } }
      const choice = await serving(run, config)
      const order = config.autoLease
      if (choice.source === 'leased' || order === undefined || !mayTake(run)) return { choice }
      return (await hasEnough(web3(), order, run))
        ? { choice, note: notTaken('enough') }
        : { choice: { source: 'leased', leases: [] } }
    },
    async answering(run) {
      // The host reaches us by any way that leads to the leased model: as a run's own choice, or in the place of one that failed.
      const against = mayLease(config, run, known.isOwners(run) ? 'owner' : 'stranger')
      if (against !== undefined || config === undefined)
        return { choice: { source: 'owner', reason: against ?? 'disabled' }, entries: [] }
      const decision = await leasedOrNot(run, config)
      const { choice } = decision
      const ids = choice.source === 'leased' ? choice.leases.map(({ leaseId }) => leaseId) : []
      return { ...decision, entries: ids.flatMap((id) => held().filter(({ leaseId }) => leaseId === id)) }
    },
  }
}

function notTaken(why: string): string {
  return `no lease was taken: ${why}`
}

function heldLease(entry: Entry): HeldLease {
  const { leaseId, market, resourceId, providerActorId, label, expiresAt = 0, sessionKey } = entry
  return {
    leaseId,
    market,
    resourceId,
    expiresAt,
    ...(providerActorId === undefined ? {} : { providerActorId }),
    ...(label === undefined ? {} : { label }),
    ...(sessionKey === undefined ? {} : { sessionKey }),
  }
}
