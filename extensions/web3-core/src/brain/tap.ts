/** Reads along while an answer passes: its hash, how much it says, and what it says that it cost. The bytes stay as they are. */
import { createHash } from 'node:crypto'
import type { UnitTotals } from '@openclaw-market/protocol/money/units'
import { deliveredBytes } from '../provider/backends/count-tokens.ts'
import { readChunk } from '../provider/backends/chat-shapes.ts'
import { isJsonObject, jsonOf } from '../provider/backends/json.ts'
import { SseParser } from '../provider/backends/sse-parser.ts'
import { readCost } from '../consumer/stated-cost.ts'

export interface Tapped {
  readonly responseHash: string
  /** Of text, reasoning and tool calls. */
  readonly deliveredBytes: number
  readonly stated: UnitTotals | undefined
  readonly cost: bigint | undefined
  /** Whether it came to its end. */
  readonly whole: boolean
}

export interface Tap {
  push(bytes: Uint8Array): void
  /** Bytes of text, reasoning and tool calls so far. */
  delivered(): number
  end(): Tapped
}

const maxEvent = 4 * 1024 * 1024

export function tap(): Tap {
  const hash = createHash('sha256')
  const parser = new SseParser({ maxEvent })
  let readable = true
  let delivered = 0
  let stated: UnitTotals | undefined
  let cost: bigint | undefined
  let whole = false

  function read(data: string): void {
    if (data.trim() === '[DONE]') {
      whole = true
      return
    }
    const json = jsonOf(data)
    const event = readChunk(json, { id: '', model: '' }, 0)
    if (event?.chunk !== undefined) delivered += deliveredBytes(event.chunk)
    if (event?.usage !== undefined) {
      const { inputTokens, outputTokens } = event.usage
      stated = { request: 1n, input_token: BigInt(inputTokens), output_token: BigInt(outputTokens) }
    }
    const ours = isJsonObject(json) ? json['openclaw'] : undefined
    if (isJsonObject(ours) && typeof ours['cost'] === 'string') cost = readCost(ours['cost'])
  }

  return {
    push(bytes) {
      hash.update(bytes)
      if (!readable) return
      try {
        for (const data of parser.push(bytes)) read(data)
      } catch {
        readable = false // an event longer than any: it still passes, and is nothing that we can count
      }
    },
    delivered: () => delivered,
    end: () => ({ responseHash: hash.digest('hex'), deliveredBytes: delivered, stated, cost, whole }),
  }
}
