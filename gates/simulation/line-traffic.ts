/** What the gate lets through on one credit line, in one life of the process. */
import { CreditLines } from '@openclaw-market/protocol/entities/money'
import type { Lease } from '@openclaw-market/protocol/entities/lease'
import type { World } from './world.ts'

export class LineTraffic {
  readonly #creditLineId: string
  readonly #since: number
  #asking = 0
  #admitted = 0

  constructor(creditLineId: string, since: number) {
    this.#creditLineId = creditLineId
    this.#since = since
  }

  asked(): void {
    this.#asking += 1
  }

  over(): void {
    this.#asking -= 1
  }

  /** @returns whether so many may have passed. Of a line that was changed the gate may have begun to count anew. */
  admitted({ state, clock }: World): boolean {
    this.#admitted += 1
    const line = state.get(CreditLines, this.#creditLineId)
    if (line === undefined || line.rev > 0) return line !== undefined
    const { maxRequestsPerMinute: perMinute } = line
    return this.#admitted <= perMinute + ((clock.forward - this.#since) * perMinute) / 60_000 + 0.001
  }

  mayRefuse({ state }: World): boolean {
    const perMinute = state.get(CreditLines, this.#creditLineId)?.maxRequestsPerMinute ?? 0
    return this.#admitted + this.#asking > perMinute
  }
}

export function lineTrafficOf(
  { lineTraffic, life, clock }: World,
  { creditLineId }: Lease,
): LineTraffic | undefined {
  if (creditLineId === undefined) return undefined
  const key = `${life}/${creditLineId}`
  const known = lineTraffic.get(key)
  if (known !== undefined) return known
  const first = new LineTraffic(creditLineId, clock.forward)
  lineTraffic.set(key, first)
  return first
}
