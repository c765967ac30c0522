/** Amounts as people write them: `2.5 USDC`. */
export function showAmount(amount: bigint, symbol: string, decimals: number): string {
  return `${decimalText(amount, decimals)} ${symbol}`
}

/** amount / 10^decimals, never with more digits than it takes. */
export function decimalText(amount: bigint, decimals: number): string {
  const digits = amount.toString().padStart(decimals + 1, '0')
  const whole = digits.slice(0, digits.length - decimals)
  const part = digits.slice(digits.length - decimals).replace(/0+$/, '')
  return part === '' ? whole : `${whole}.${part}`
}

/** Base units of what a person wrote; undefined when it is no number, or finer than the currency. */
export function readAmount(text: string, decimals: number): bigint | undefined {
  const match = /^(\d{1,39})(?:\.(\d{1,39}))?$/.exec(text)
  if (match === null) return undefined
  const [, whole = '', part = ''] = match
  if (part.length > decimals) return undefined
  const amount = BigInt(whole + part.padEnd(decimals, '0'))
  return amount.toString().length <= 39 ? amount : undefined
}
