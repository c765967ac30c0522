/**
 * How the answers of commands look: rows of a label and a value in a block of even letters, no wider than a phone shows
 * without breaking them, then the way on.
 */

/** What a phone shows of even letters without breaking a line. */
export const columns = 40

export type Row = readonly [label: string, value: string]

export interface Screen {
  readonly title?: string
  readonly rows: readonly Row[]
  /** What to do next; the last thing that is read. */
  readonly wayOn: string
}

/** The rows stand between fences: chats collapse spaces everywhere else. */
export function screen({ title, rows, wayOn }: Screen): string {
  const block = rows.length === 0 ? [] : ['```', ...aligned(rows), '```']
  return [...(title === undefined ? [] : wrapped(title)), ...block, ...wrapped(wayOn)].join('\n')
}

/** Values begin in one column. One that does not fit beside its label goes below it. */
export function aligned(rows: readonly Row[]): string[] {
  const width = Math.max(...rows.map(([label]) => label.length)) + 2
  return rows.flatMap(([label, value]) => {
    const beside = (label.padEnd(width) + value).trimEnd()
    return beside.length <= columns ? [beside] : [label, ...wrapped(value)]
  })
}

/** Broken between words; a word that is wider than a line is broken where the line ends. */
export function wrapped(text: string): string[] {
  return text.split('\n').flatMap((paragraph) => {
    const lines: string[] = []
    let current = ''
    for (const word of paragraph.split(' ')) {
      const longer = current === '' ? word : `${current} ${word}`
      if (longer.length <= columns) {
        current = longer
        continue
      }
      if (current !== '') lines.push(current)
      const pieces = word.match(new RegExp(`.{1,${columns}}`, 'gu')) ?? ['']
      lines.push(...pieces.slice(0, -1))
      current = pieces.at(-1) ?? ''
    }
    return [...lines, current]
  })
}

/** Amounts of one currency under one another, point under point, to the last unit. */
export function figures(decimals: number, entries: readonly (readonly [string, bigint])[]): Row[] {
  const digits = Math.max(...entries.map(([, units]) => digitsOf(units, decimals)))
  const texts = entries.map(([label, units]) => [label, amount(units, decimals, digits)] as const)
  const width = Math.max(...texts.map(([, text]) => text.length))
  return texts.map(([label, text]) => [label, text.padStart(width)])
}

/** Base units as a person reads them, exactly: 1500000 with 6 decimals is 1.50. */
export function amount(units: bigint, decimals: number, digits = digitsOf(units, decimals)): string {
  const [sign, size] = units < 0n ? ['-', -units] : ['', units]
  const text = size.toString().padStart(decimals + 1, '0')
  const whole = text.slice(0, text.length - decimals)
  return digits === 0 ? sign + whole : `${sign}${whole}.${text.slice(whole.length).slice(0, digits)}`
}

/** As many digits after the point as it takes, and two where the currency has them. */
function digitsOf(units: bigint, decimals: number): number {
  let digits = decimals
  while (digits > Math.min(2, decimals) && units % 10n ** BigInt(decimals - digits + 1) === 0n) digits -= 1
  return digits
}

const spans = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
] as const

/** A time seen from now: `in 9 min`, `3 h ago`. */
export function seenFrom(now: number, at: number): string {
  const away = Math.abs(at - now)
  const span = spans.find(([, length]) => away >= length)
  if (span === undefined) return 'now'
  const said = `${Math.floor(away / span[1])} ${span[0]}`
  return at > now ? `in ${said}` : `${said} ago`
}
