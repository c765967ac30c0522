/** Before a connection stands nothing can have happened at the other end; after that nobody knows. */
const beforeConnected: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'UND_ERR_CONNECT_TIMEOUT',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'ERR_TLS_CERT_ALTNAME_INVALID',
])

/** Whether what `fetch` rejected with shows that the request never left. */
export function neverSent(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined
  // Several addresses were tried: none may have been reached.
  const tries: readonly unknown[] = cause instanceof AggregateError ? cause.errors : [cause]
  return tries.length > 0 && tries.every((each) => beforeConnected.has(codeOf(each)))
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}
