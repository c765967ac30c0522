/** Ends a request whose answer keeps silent for too long. */
export interface SilenceWatch {
  /** Of the request: aborted once it has been silent for too long. */
  readonly signal: AbortSignal
  /** Waits for the next that comes of it, `ms` at most. */
  within<T>(ms: number, coming: Promise<T>): Promise<T>
}

export function silenceWatch(): SilenceWatch {
  const over = new AbortController()
  return {
    signal: over.signal,
    async within(ms, coming) {
      const timer = setTimeout(() => over.abort(new DOMException(`silent for ${ms} ms`, 'TimeoutError')), ms)
      try {
        return await coming
      } finally {
        clearTimeout(timer)
      }
    },
  }
}
