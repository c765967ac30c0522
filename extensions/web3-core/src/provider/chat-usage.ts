import type { UnitTotals } from '@openclaw-market/protocol/money/units'
import type { ChatRequest, FinishReason, UpstreamUsage } from './backends/backend.ts'
import { meterTokens } from './backends/count-tokens.ts'

export interface ChatUsage extends UnitTotals {
  readonly request: bigint
  readonly input_token: bigint
  readonly output_token: bigint
}

/**
 * What to bill for what reached the caller: by the upstream's figures when they can be true, else counted (DESIGN §8.4).
 * Each part is at most what admission reserved for it, so the call always affords it.
 */
export function chatUsage(
  request: ChatRequest,
  deliveredBytes: number,
  claimed: UpstreamUsage | undefined,
): ChatUsage {
  const { inputTokens, outputTokens } = meterTokens({ request, deliveredBytes, usage: claimed })
  return {
    request: 1n,
    input_token: BigInt(inputTokens),
    // `maxTokens` is what was granted.
    output_token: BigInt(Math.min(outputTokens, request.maxTokens)),
  }
}

export function openAiUsage({ input_token, output_token }: ChatUsage) {
  return {
    prompt_tokens: Number(input_token),
    completion_tokens: Number(output_token),
    total_tokens: Number(input_token + output_token),
  }
}

export type Budget = 'ok' | 'spent'

/** `spent`: the answer ends where the budget of the lease did, and not where the model or the caller wanted. */
export function budgetOf(end: {
  readonly cut: boolean
  readonly finish: FinishReason | undefined
  readonly granted: bigint
  readonly most: bigint
}): Budget {
  return end.cut || (end.finish === 'length' && end.granted < end.most) ? 'spent' : 'ok'
}
