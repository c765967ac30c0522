/** Text of others, made fit to be shown on one line: no control characters, no direction tricks, bounded. */
export function plainLine(text: string, maxLength: number): string {
  // Cut first, with room for what collapses, so that a huge text costs no more than a long one.
  const cut = text.slice(0, maxLength * 4)
  const line = cut
    .replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .replace(/[\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g, '')
    .replace(/\s+/g, ' ')
    .trim()
  return line.length <= maxLength
    ? line.toWellFormed()
    : `${line
        .slice(0, maxLength - 1)
        .toWellFormed()
        .trimEnd()}…`
}
