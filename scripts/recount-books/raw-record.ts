/** Fields of raw JSON, each read as what it must be. A field that is something else stops the recount with its name. */

export type RawRecord = Readonly<Record<string, unknown>>

export function isRecord(value: unknown): value is RawRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function text(of: RawRecord, field: string): string {
  const value = of[field]
  if (typeof value === 'string') return value
  throw new Error(`"${field}" is no text in ${shorten(of)}`)
}

export function optionalText(of: RawRecord, field: string): string | undefined {
  return of[field] === undefined ? undefined : text(of, field)
}

/** A decimal string of base units or of a quantity. */
export function amount(of: RawRecord, field: string): bigint {
  const value = text(of, field)
  if (/^(0|[1-9]\d*)$/.test(value)) return BigInt(value)
  throw new Error(`"${field}" is no amount in ${shorten(of)}`)
}

export function integer(of: RawRecord, field: string): number {
  const value = of[field]
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value
  throw new Error(`"${field}" is no integer in ${shorten(of)}`)
}

export function list(of: RawRecord, field: string): readonly RawRecord[] {
  const value = of[field]
  if (Array.isArray(value) && value.every(isRecord)) return value
  throw new Error(`"${field}" is no list in ${shorten(of)}`)
}

/** Unit to quantity, from an object of decimal strings. */
export function totals(of: RawRecord, field: string): ReadonlyMap<string, bigint> {
  const value = of[field]
  if (!isRecord(value)) throw new Error(`"${field}" is no object in ${shorten(of)}`)
  return new Map(Object.keys(value).map((unit) => [unit, amount(value, unit)]))
}

/** Unit to quantity, from a list of `{ unit, quantity }`. */
export function usage(of: RawRecord, field: string): ReadonlyMap<string, bigint> {
  return new Map(list(of, field).map((item) => [text(item, 'unit'), amount(item, 'quantity')]))
}

/** For comparing and for people; units that were not used are left out. */
export function usageText(of: ReadonlyMap<string, bigint>): string {
  const used = [...of].filter(([, quantity]) => quantity > 0n).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return used.length === 0 ? 'nothing' : used.map(([unit, quantity]) => `${quantity} ${unit}`).join(', ')
}

function shorten(of: RawRecord): string {
  const json = JSON.stringify(of)
  return json.length > 120 ? `${json.slice(0, 120)}…` : json
}
