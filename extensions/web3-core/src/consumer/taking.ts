/** Which leases are being taken at this moment, by the idempotency key of the request: the same request is made once at a time. */
export interface Taking {
  /** After those that have the key already. */
  inTurn<T>(key: string, work: () => Promise<T>): Promise<T>
  /** A try has ended without our hearing what became of it. */
  lost(key: string, at: number): void
  /** When that was last, in this process. */
  lostAt(key: string): number | undefined
}

/** Lost tries that are remembered; each is forgotten long before that by being found out. */
const mostLost = 10_000

export function leaseTaking(): Taking {
  const turns = new Map<string, Promise<unknown>>()
  const lost = new Map<string, number>()
  return {
    async inTurn(key, work) {
      const before = turns.get(key)
      const turn = (before ?? Promise.resolve()).then(work, work)
      turns.set(key, turn)
      try {
        return await turn
      } finally {
        if (turns.get(key) === turn) turns.delete(key)
      }
    },
    lost(key, at) {
      lost.delete(key)
      lost.set(key, at)
      const [oldest] = lost.keys()
      if (lost.size > mostLost && oldest !== undefined) lost.delete(oldest)
    },
    lostAt: (key) => lost.get(key),
  }
}
