import type { AdmittedCall, Demand } from '@openclaw-market/market-core'
import { jsonAnswer } from './answer.ts'
import type { ChatRequest, FinishReason } from './backends/backend.ts'
import { deliveredBytes, mostInputTokens, requestBytes } from './backends/count-tokens.ts'
import { readChat, type AskedChat } from './chat-params.ts'
import { budgetOf, chatUsage, openAiUsage } from './chat-usage.ts'
import { backendOf, type Serving } from './environment.ts'
import type { Exchange, Job } from './exchange.ts'
import { parseJson } from './json-body.ts'
import { lenientBytes, withinBytes } from './overrun.ts'

export function chatJob(serving: Serving, { body, request, lease, policy }: Exchange): Job {
  const asked = readChat(parseJson(body, request.headers['content-type']), lease, policy)
  const backend = backendOf(serving, lease, 'model')
  const demand = demandOf(asked)
  const requestFor = (call: AdmittedCall): Omit<ChatRequest, 'stream'> => ({
    // The call's id: what an answer calls itself is what the ledger knows it by.
    answerAs: { id: `chatcmpl-${call.callId}`, model: lease.resourceId },
    messages: asked.messages,
    maxTokens: Number(call.granted),
    options: asked.options,
  })
  if (asked.stream) {
    const { includeUsage } = asked
    return {
      kind: 'stream',
      demand,
      backend,
      includeUsage,
      request: (call) => ({ ...requestFor(call), stream: true }),
    }
  }
  return {
    kind: 'whole',
    demand,
    changes: false,
    async run(call, signal) {
      const chat = { ...requestFor(call), stream: false } as const
      const { completion, usage: claimed } = await backend.chat(chat, signal)
      const [choice] = completion.choices
      const limit = lenientBytes(chat.maxTokens)
      const over = deliveredBytes(completion) > limit
      const message = over ? withinBytes(choice.message, limit) : choice.message
      const finish: FinishReason = over ? 'length' : choice.finish_reason
      const whole = {
        ...completion,
        choices: [
          {
            ...choice,
            message: { ...message, role: 'assistant', content: message.content ?? null },
            finish_reason: finish,
          },
        ],
      } as const
      const usage = chatUsage(chat, deliveredBytes(whole), claimed)
      const budget = budgetOf({ cut: over, finish, granted: call.granted, most: demand.stretch.most })
      return {
        answer: jsonAnswer(200, { ...whole, usage: openAiUsage(usage) }, { 'x-openclaw-budget': budget }),
        usage,
      }
    },
  }
}

function demandOf(asked: AskedChat) {
  return {
    fixed: { request: 1n, input_token: BigInt(mostInputTokens(requestBytes(asked))) },
    stretch: { unit: 'output_token', most: BigInt(asked.mostTokens) },
  } as const satisfies Demand
}
