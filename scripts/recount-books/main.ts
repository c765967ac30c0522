/**
 * Recomputes a market's books from the files of its store, and imports nothing of the market: what the market says of
 * itself is not asked. Reads only; a market that runs may go on.
 *
 *   node scripts/recount-books/main.ts --store DIR [--seen FILE]
 *
 * `--seen` names JSON of what others saw: `{ caller?, served?, wordTokens?, files? }` (see seen.ts). The last line of standard
 * output is one JSON object; exit code 0 when everything holds, 1 when something does not, 2 for a wrong call.
 */
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { recountAccounts, type CurrencyTotals } from './accounts.ts'
import { Findings } from './findings.ts'
import { recountLeases, type RecountedLease } from './leases.ts'
import { readStore } from './raw-store.ts'
import { compareWithSeen, readSeen } from './seen.ts'

interface Recount {
  readonly conserved: boolean
  readonly store: 'sqlite' | 'file' | undefined
  /** How many statements were checked. */
  readonly checks: number
  /** Those that do not hold. */
  readonly problems: readonly string[]
  readonly currencyTotals: Readonly<Record<string, CurrencyTotals>>
  /** Oldest first. */
  readonly leases: readonly Omit<RecountedLease, 'consumer' | 'records'>[]
}

function recount(directory: string, seen: unknown): Recount {
  const findings = new Findings()
  let store: Recount['store']
  let currencyTotals: Recount['currencyTotals'] = {}
  let leases: readonly RecountedLease[] = []
  try {
    const raw = readStore(directory, findings)
    store = raw.backend
    const accounts = recountAccounts(raw, findings)
    currencyTotals = accounts.totals
    leases = recountLeases(raw, accounts, findings)
    if (seen !== undefined) compareWithSeen(readSeen(seen), leases, accounts, findings)
  } catch (error) {
    // Books that cannot be read are not in order, whatever the reason is.
    findings.fail(error instanceof Error ? error.message : String(error))
  }
  const { checks, problems } = findings
  return {
    conserved: problems.length === 0,
    store,
    checks,
    problems,
    currencyTotals,
    leases: leases.map(({ consumer: _consumer, records: _records, ...shown }) => shown),
  }
}

function wrongCall(problem: string): never {
  process.stderr.write(`${problem}\nusage: node scripts/recount-books/main.ts --store DIR [--seen FILE]\n`)
  process.exit(2)
}

function readArguments(): { store: string; seen: unknown } {
  try {
    const { values } = parseArgs({ options: { store: { type: 'string' }, seen: { type: 'string' } } })
    if (values.store === undefined) return wrongCall('--store is missing')
    const seen: unknown =
      values.seen === undefined ? undefined : JSON.parse(readFileSync(values.seen, 'utf8'))
    return { store: values.store, seen }
  } catch (error) {
    return wrongCall(error instanceof Error ? error.message : String(error))
  }
}

const { store, seen } = readArguments()
const books = recount(store, seen)
process.stdout.write(`${JSON.stringify(books)}\n`)
process.exitCode = books.conserved ? 0 : 1
