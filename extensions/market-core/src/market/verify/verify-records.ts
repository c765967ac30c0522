/**
 * Every invariant of a market, checked again from its records alone. Broken records are findings, never errors; what a
 * finding says are ids, states and figures.
 */
import { allCollections } from '@openclaw-market/protocol/entities/all'
import type { ReadTx } from '../../store/store.ts'
import { checkAccounts } from './accounts.ts'
import { Books } from './books.ts'
import { checkBudget } from './budget.ts'
import { checkChain } from './chain.ts'
import { checkCredit } from './credit.ts'
import { checkEvents } from './events.ts'
import type { Audience } from './facts.ts'
import { Findings, type Finding } from './findings.ts'
import { checkFunds } from './funds.ts'
import { checkLeases } from './leases.ts'
import { checkLog } from './log.ts'
import { checkRecords } from './records.ts'
import { checkRequests } from './requests.ts'
import { checkResources } from './resources.ts'
import { checkStatements } from './statements.ts'
import { checkTransfers } from './transfers.ts'

export type { Finding }

export interface Verification {
  /** Records looked at, by collection. */
  readonly checked: Readonly<Record<string, number>>
  /** The first of them, as many as `mostFindings`. */
  readonly findings: readonly Finding[]
  /** How many more there are. */
  readonly more: number
}

/**
 * In one snapshot, without waiting for anything else: on a large store the process does nothing else meanwhile.
 * @param tx sees everything (the market's scope)
 * @param audience the market whose books they are: with it consents are checked to be what was signed for it
 */
export async function verifyRecords(tx: ReadTx, audience?: Audience): Promise<Verification> {
  const findings = new Findings()
  const books = new Books(tx, findings)
  const counts: Record<string, number> = {}
  for (const of of allCollections) counts[of.name] = await checkRecords(books, of)
  const tally = await checkEvents(books)
  const replay = await checkTransfers(books)
  const flows = await checkFunds(books, replay, tally)
  await checkAccounts(books, replay, flows)
  await checkCredit(books, tally)
  await checkResources(books, tally)
  await checkLeases(books, { replay, tally, audience, counts })
  await checkRequests(books)
  await checkBudget(books)
  await checkLog(tx, books)
  await checkStatements(books)
  await checkChain(books)
  return { checked: counts, findings: findings.kept, more: findings.more }
}
