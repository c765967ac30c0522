/** What a provider says that a call has cost; undefined when it does not say, which is not nothing. */
export function readCost(header: string | null): bigint | undefined {
  return header !== null && /^(0|[1-9][0-9]{0,38})$/.test(header) ? BigInt(header) : undefined
}
