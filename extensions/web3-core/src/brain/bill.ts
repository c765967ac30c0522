/** Our own books of a call that the brain has made: what the answer said, or, where it broke off, what its market recorded. */
import { setTimeout as sleep } from 'node:timers/promises'
import { toTotals } from '@openclaw-market/protocol/money/price'
import type { UnitTotals } from '@openclaw-market/protocol/money/units'
import type { CallSpend, Demand } from '../consumer/budget.ts'
import { leaseStatus } from '../consumer/lease-status.ts'
import { isPlausible } from '../consumer/model-chat.ts'
import { writeReceipt } from '../consumer/receipt.ts'
import type { Web3 } from '../plugin/web3.ts'
import { estimateTokens, mostInputTokens } from '../provider/backends/count-tokens.ts'
import { isJsonObject } from '../provider/backends/json.ts'
import type { RunBegun } from './choice.ts'
import type { Entry } from './leased-call.ts'
import type { Tapped } from './tap.ts'

export interface Made {
  readonly entry: Entry
  readonly requestId: string
  readonly body: Buffer
  readonly passed: Tapped
  readonly run: RunBegun | undefined
  /** What was taken from the budget for it. */
  readonly spend: CallSpend
}

interface Recorded {
  readonly stated: UnitTotals
  readonly cost: bigint
}

/** A provider notices at its own pace that its caller has gone, and bills then. */
const asksAgainAfterMs = [200, 1_000, 4_000]
const mostTokens = 200_000

function ownCount(body: Buffer, { deliveredBytes }: Tapped): UnitTotals {
  return {
    request: 1n,
    input_token: BigInt(estimateTokens(body.byteLength)),
    output_token: BigInt(estimateTokens(deliveredBytes)),
  }
}

/** Never rejects. */
export async function keepBill(web3: Web3, made: Made, stopping: AbortSignal): Promise<void> {
  const { entry, requestId, body, passed, run, spend } = made
  const counted = ownCount(body, passed)
  const recorded =
    passed.cost === undefined ? await recordedBill(web3, entry, requestId, stopping) : undefined
  const stated = passed.stated ?? recorded?.stated
  const cost = passed.cost ?? recorded?.cost
  const agrees =
    stated !== undefined && isPlausible(stated, body.byteLength, passed.deliveredBytes, mostOf(body))
  // What its market has recorded is what it bills; what the answer alone says has to agree with our own count.
  await spend.settle(agrees || recorded !== undefined ? cost : undefined, stated)
  await writeReceipt(web3, {
    entry,
    requestId,
    counted,
    stated,
    cost,
    responseHash: passed.responseHash,
    agrees,
    ...(run?.sessionKey === undefined ? {} : { sessionKey: run.sessionKey }),
    ...(run?.runId === undefined ? {} : { runId: run.runId }),
  })
}

async function recordedBill(
  web3: Web3,
  { leaseId }: Entry,
  requestId: string,
  stopping: AbortSignal,
): Promise<Recorded | undefined> {
  for (const ms of asksAgainAfterMs) {
    try {
      await sleep(ms, undefined, { signal: stopping })
      const { records } = await leaseStatus(web3, leaseId)
      const record = records.find((each) => each.requestId === requestId)
      if (record !== undefined) return { stated: toTotals(record.usage), cost: record.cost }
    } catch {
      if (stopping.aborted) return undefined
    }
  }
  return undefined
}

/** The most that it can be billed for. */
export function demandOf(body: Buffer): Demand {
  const input_token = BigInt(mostInputTokens(body.byteLength))
  return { uses: { request: 1n, input_token, output_token: BigInt(mostOf(body)) } }
}

function mostOf(body: Buffer): number {
  try {
    const asked: unknown = JSON.parse(body.toString('utf8'))
    if (!isJsonObject(asked)) return mostTokens
    const most = asked['max_completion_tokens'] ?? asked['max_tokens']
    return typeof most === 'number' ? most : mostTokens
  } catch {
    return mostTokens
  }
}
