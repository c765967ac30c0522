/**
 * The end of a conversation: what was leased for it ends with it, what it owes of other leases is paid, and what it used closes
 * as a statement. First the end is written down, then it is carried out, again and again until it is done: a crash in between loses nothing.
 */
import {
  SessionStatements,
  type SessionStatement,
  type StatementLine,
} from '@openclaw-market/protocol/entities/session-statement'
import type { LeaseView } from '@openclaw-market/protocol/views/lease'
import { nodePrincipal } from '../consumer/node-principal.ts'
import type { Web3 } from '../plugin/web3.ts'
import { endContracts } from '../resources/end-contract.ts'
import { leaseStatus } from '../consumer/lease-status.ts'
import { settleUsed } from './settle-used.ts'
import {
  callsIn,
  callsOn,
  openedIn,
  ownLine,
  sharedLines,
  type OwnLease,
  type Period,
} from './statement-lines.ts'

/** As the host says it. */
export interface SessionEnd {
  readonly sessionKey: string
  readonly reason: string
}

/** The gateway goes, or the conversation goes on in a shorter form: it has not ended. */
const goesOn: ReadonlySet<string> = new Set(['shutdown', 'restart', 'compaction'])
const batch = 50
/** When a market that has a lease does not answer so long after the lease was over, our own books close the statement. */
const givenUpMs = 3_600_000

/** Writes down that it has ended, if it has and has used anything. What is told twice at once has ended once. */
export async function endSession(web3: Web3, end: SessionEnd): Promise<boolean> {
  if (goesOn.has(end.reason)) return false
  return web3.taking.inTurn(`session ${end.sessionKey}`, () => writeDown(web3, end))
}

async function writeDown(web3: Web3, { sessionKey, reason }: SessionEnd): Promise<boolean> {
  const now = web3.now()
  const since = await sessionSince(web3, sessionKey)
  const period = { sessionKey, since, until: now }
  if (openedIn(web3, period).length === 0 && (await callsIn(web3, period)).length === 0) return false
  const market = web3.market()
  await market.store.write((tx) =>
    tx.insert(SessionStatements, {
      rev: 0,
      statementId: market.ids.next('stm'),
      ...period,
      reason: reason.slice(0, 40),
      status: 'statement_closing',
      lines: [],
      createdAt: now,
    }),
  )
  return true
}

/** When the conversation that goes on under this key now has begun, as far as statements tell. */
export async function sessionSince(web3: Web3, sessionKey: string): Promise<number> {
  const last = await web3
    .market()
    .store.read({ as: 'market' }, (tx) => tx.list(SessionStatements, { where: { sessionKey }, limit: 1 }))
  return last.items[0]?.until ?? 0
}

/** Carries out what has been written down. One at a time: whoever calls it waits for the run that is under way. */
export async function closeSessions(web3: Web3, stopping: AbortSignal): Promise<void> {
  let cursor: string | undefined
  do {
    // All of them: those that wait for a silent market hold up nobody behind them.
    const page = await closing(web3, cursor)
    for (const statement of page.items) {
      if (stopping.aborted) return
      try {
        await closeSession(web3, statement)
      } catch (error) {
        web3.report('closing the statement of a conversation', error)
      }
    }
    cursor = page.nextCursor
  } while (cursor !== undefined)
}

function closing(web3: Web3, cursor: string | undefined) {
  return web3.market().store.read({ as: 'market' }, (tx) =>
    tx.list(SessionStatements, {
      where: { status: 'statement_closing' },
      limit: batch,
      order: 'oldest',
      ...(cursor === undefined ? {} : { cursor }),
    }),
  )
}

async function closeSession(web3: Web3, statement: SessionStatement): Promise<void> {
  const own = openedIn(web3, statement)
  const shared = sharedLines(web3, own, await callsIn(web3, statement))
  await settleUsed(web3, shared)
  const lines: StatementLine[] = []
  for (const entry of own) {
    const end = await endLease(web3, entry)
    if (end !== undefined) lines.push(ownLine(entry, end.lease, await callsOn(web3, entry.leaseId)))
  }
  if (lines.length < own.length || unsettled(web3, statement)) return
  await web3.market().store.write((tx) =>
    tx.update(SessionStatements, {
      ...statement,
      status: 'statement_closed',
      lines: [...lines, ...shared].slice(0, 500),
      closedAt: web3.now(),
    }),
  )
}

/** Whether a lease for it is still being asked for: when it has come, it ends too. */
function unsettled(web3: Web3, { sessionKey, until }: Period): boolean {
  return web3
    .vault()
    .list({ sessionKey, state: 'pending' })
    .some(({ createdAt }) => createdAt <= until)
}

/** @returns undefined while it has not ended; `lease` undefined when nobody will ever tell. */
async function endLease(
  web3: Web3,
  { leaseId, state, expiresAt = 0, ending }: OwnLease,
): Promise<{ readonly lease: LeaseView | undefined } | undefined> {
  // What the owner wishes for it already goes its own way: completed here, a usage that it has refused would be accepted.
  if (state === 'active' && ending === undefined) {
    const name = web3.registry.naming.shown(endContracts.complete.name)
    // Refused when it has ended already. How it stands is asked in any case.
    await web3.registry.call(name, { leaseId }, { who: nodePrincipal(web3.market()), door: 'gateway', web3 })
  }
  try {
    const { lease } = await leaseStatus(web3, leaseId)
    const open = ['lease_pending', 'lease_active', 'lease_ending'].includes(lease.status)
    return open ? undefined : { lease }
  } catch {
    return web3.now() > expiresAt + givenUpMs ? { lease: undefined } : undefined
  }
}
