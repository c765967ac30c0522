/** What `npm start` says at its end, to programs and to people. */
import { isRecord, stringAt, type JsonRecord } from '../gateway/json-value.ts'

export interface Result {
  readonly leases: readonly LeaseLine[]
  /** Everything holds: recomputed from the raw store, and compared with what caller and upstream saw. */
  readonly conserved: boolean
  readonly currencyTotals: Readonly<Record<string, Readonly<Record<string, string>>>>
  readonly store: string
  /** Version of the host. */
  readonly openclaw: string
  readonly seconds: number
  /** What does not hold; absent when everything does. */
  readonly problems?: readonly string[]
}

/** Amounts are decimal strings of base units. */
export interface LeaseLine {
  readonly leaseId: string
  readonly kind: string
  readonly calls: number
  readonly locked: string
  readonly metered: string
  readonly released: string
  readonly refunded: string
  readonly settlement: string
}

/** @throws when what came is no recount */
export function resultOf(
  recount: unknown,
  openclaw: string,
  seconds: number,
): Result & { readonly checks: number } {
  if (!isRecord(recount)) throw new Error('the recount of the books gave no answer')
  const { conserved, currencyTotals, leases, problems, checks } = recount
  if (
    !Array.isArray(leases) ||
    !isRecord(currencyTotals) ||
    !Array.isArray(problems) ||
    typeof checks !== 'number'
  ) {
    throw new Error('the recount of the books gave half an answer')
  }
  const wrong = (problems as unknown[]).map(String)
  // No lease is no loop: then nothing was shown, however well the books are in order.
  if (leases.length === 0) wrong.push('there is no lease in the books')
  return {
    leases: (leases as unknown[]).filter(isRecord).map(leaseLine),
    conserved: conserved === true && wrong.length === 0,
    currencyTotals: Object.fromEntries(
      Object.entries(currencyTotals).map(([currency, totals]) => [currency, strings(totals)]),
    ),
    store: stringAt(recount, 'store') ?? 'unknown',
    openclaw,
    seconds,
    ...(wrong.length === 0 ? {} : { problems: wrong }),
    checks,
  }
}

function leaseLine(lease: JsonRecord): LeaseLine {
  const field = (name: string): string => stringAt(lease, name) ?? ''
  return {
    leaseId: field('leaseId'),
    kind: field('kind'),
    calls: Number(lease['calls']),
    locked: field('locked'),
    metered: field('metered'),
    released: field('released'),
    refunded: field('refunded'),
    settlement: field('settlement'),
  }
}

function strings(of: unknown): Record<string, string> {
  return Object.fromEntries(
    isRecord(of) ? Object.entries(of).map(([name, value]) => [name, String(value)]) : [],
  )
}

export function forPeople(result: Result & { readonly checks: number }): string {
  const columns = ['kind', 'calls', 'locked', 'metered', 'released', 'refunded', 'settlement'] as const
  const rows = [[...columns], ...result.leases.map((lease) => columns.map((column) => String(lease[column])))]
  const widths = columns.map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)))
  const table = rows.map((row) =>
    `  ${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('  ')}`.trimEnd(),
  )
  const money = Object.entries(result.currencyTotals).map(
    ([currency, { debits, credits, available, escrow }]) =>
      `  ${currency}: debits ${debits}, credits ${credits}, available ${available}, in escrow ${escrow}`,
  )
  const verdict = result.conserved
    ? `Every unit is accounted for: ${result.checks} checks on the raw ${result.store} store, none failed.`
    : ['The books do NOT hold:', ...(result.problems ?? []).map((problem) => `  - ${problem}`)].join('\n')
  return ['', 'Amounts are in base units (USDC has 6 decimals).', ...table, ...money, verdict].join('\n')
}
