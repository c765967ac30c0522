/**
 * The owner's own model in the place of a lease that failed, through the host's own preparation of models: whatever protocol
 * it speaks and however it signs in. It comes whole, since only the turn's own choice may stream.
 */
import { MarketError } from '@openclaw-market/protocol/errors'
import type { AssistantMessage, Context, OpenStream, Options, StreamFacts } from 'openclaw/plugin-sdk/llm'

export interface OwnModel {
  /** `provider/model` */
  readonly modelRef: string
  readonly agentId: string | undefined
}

/** @throws MarketError E_UNAVAILABLE when there is no such model, or what the host throws */
export async function askOwn(
  { modelRef, agentId }: OwnModel,
  { config, agentDir }: StreamFacts,
  context: Context,
  options: Options,
): Promise<AssistantMessage> {
  const { completeWithPreparedSimpleCompletionModel, prepareSimpleCompletionModelForAgent } =
    await import('openclaw/plugin-sdk/simple-completion-runtime')
  const { signal, maxTokens, temperature, sessionId, reasoning } = options
  const prepared = await prepareSimpleCompletionModelForAgent({
    cfg: config,
    modelRef,
    ...(agentId === undefined ? {} : { agentId }),
    ...(agentDir === undefined ? {} : { agentDir }),
    ...(signal === undefined ? {} : { signal }),
  })
  if ('error' in prepared) {
    throw new MarketError('E_UNAVAILABLE', `no lease answers, and ${modelRef} cannot be asked either`, {
      hint: 'Configure the model, or name another as brain.fallbackModel.',
    })
  }
  return completeWithPreparedSimpleCompletionModel({
    ...prepared,
    cfg: config,
    context,
    options: {
      ...(signal === undefined ? {} : { signal }),
      ...(maxTokens === undefined ? {} : { maxTokens }),
      ...(temperature === undefined ? {} : { temperature }),
      ...(sessionId === undefined ? {} : { sessionId }),
      ...(reasoning === undefined ? {} : { reasoning }),
    },
  })
}

/** A whole answer as the events of a stream. */
export function showWhole(message: AssistantMessage, out: OpenStream): void {
  const { stopReason } = message
  if (stopReason === 'error' || stopReason === 'aborted') {
    out.push({ type: 'error', reason: stopReason, error: message })
    out.end(message)
    return
  }
  const content: AssistantMessage['content'] = []
  const partial: AssistantMessage = { ...message, content }
  out.push({ type: 'start', partial })
  for (const [contentIndex, block] of message.content.entries()) {
    content.push(block)
    switch (block.type) {
      case 'text':
        out.push({ type: 'text_start', contentIndex, partial })
        out.push({ type: 'text_delta', contentIndex, delta: block.text, partial })
        out.push({ type: 'text_end', contentIndex, content: block.text, partial })
        break
      case 'thinking':
        out.push({ type: 'thinking_start', contentIndex, partial })
        out.push({ type: 'thinking_delta', contentIndex, delta: block.thinking, partial })
        out.push({ type: 'thinking_end', contentIndex, content: block.thinking, partial })
        break
      case 'toolCall':
        out.push({ type: 'toolcall_start', contentIndex, partial })
        out.push({
          type: 'toolcall_delta',
          contentIndex,
          delta: JSON.stringify(block.arguments),
          partial,
        })
        out.push({ type: 'toolcall_end', contentIndex, toolCall: block, partial })
        break
    }
  }
  out.push({ type: 'done', reason: stopReason, message })
  out.end(message)
}
