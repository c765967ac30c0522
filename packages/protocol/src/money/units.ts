/** What a resource charges for (DESIGN §5). A kind has its units; a price in any other unit is refused. */
export const resourceKinds = ['model', 'search', 'storage', 'agent'] as const
export type ResourceKind = (typeof resourceKinds)[number]

export const unitsOf = {
  model: ['input_token', 'output_token', 'request'],
  search: ['query'],
  storage: ['put', 'get', 'byte', 'gb_day'],
  agent: ['task', 'hour'],
} as const satisfies Record<ResourceKind, readonly string[]>

export type Unit = (typeof unitsOf)[ResourceKind][number]
export const units = Object.values(unitsOf).flat() as readonly Unit[]

/** How much of each unit has been used. Absent means none. */
export type UnitTotals = Readonly<Partial<Record<Unit, bigint>>>

export function addTotals(a: UnitTotals, b: UnitTotals): UnitTotals {
  const sum: Partial<Record<Unit, bigint>> = { ...a }
  for (const [unit, quantity] of totalEntries(b)) sum[unit] = (sum[unit] ?? 0n) + quantity
  return sum
}

export function totalEntries(totals: UnitTotals): readonly (readonly [Unit, bigint])[] {
  return (Object.entries(totals) as [Unit, bigint | undefined][]).flatMap(([unit, quantity]) =>
    quantity === undefined ? [] : [[unit, quantity] as const],
  )
}

/** after − before, or undefined when any unit has gone down. */
export function totalsBetween(before: UnitTotals, after: UnitTotals): UnitTotals | undefined {
  const step: Partial<Record<Unit, bigint>> = { ...after }
  for (const [unit, quantity] of totalEntries(before)) {
    const rest = (after[unit] ?? 0n) - quantity
    if (rest < 0n) return undefined
    step[unit] = rest
  }
  return step
}
