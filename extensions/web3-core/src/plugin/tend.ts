/** What time does on this side: once soon after each start of the market, then every half minute, one run at a time. */
const periodMs = 30_000

export interface Tending {
  soon(): void
  /** After the run that is under way. */
  stop(): Promise<void>
}

export function tendPeriodically({
  work,
  report,
}: {
  readonly work: () => Promise<void>
  readonly report: (what: string, error: unknown) => void
}): Tending {
  let wanted = false
  let running: Promise<void> | undefined
  const run = async (): Promise<void> => {
    for (; wanted;) {
      wanted = false
      await work().catch((error: unknown) => report('tending', error))
    }
    running = undefined
  }
  const soon = (): void => {
    wanted = true
    running ??= run()
  }
  const timer = setInterval(soon, periodMs)
  timer.unref()
  return {
    soon,
    async stop() {
      clearInterval(timer)
      wanted = false
      await running
    },
  }
}
