/**
 * What the host sees of a leased model's answer. Until something is said nothing is shown, so that another can answer without
 * a trace; after that a break ends the turn with what was received.
 */
import type { AssistantMessage, OpenStream, StreamEvent } from 'openclaw/plugin-sdk/llm'

export interface OwnCount {
  readonly input: number
  readonly output: number
}

/**
 * @returns whether it answered; when not, nothing has been put into `out`.
 * @param counted our own count, for an answer that ends before it says what it used
 */
export async function passLeased(
  from: AsyncIterable<StreamEvent>,
  out: OpenStream,
  signal: AbortSignal | undefined,
  counted: () => OwnCount,
): Promise<boolean> {
  let shown = false
  let held: StreamEvent[] = []
  const show = (): void => {
    shown = true
    for (const event of held) out.push(event)
    held = []
  }
  for await (const event of from) {
    if (event.type === 'done') {
      show()
      out.push(event)
      out.end(event.message)
      return true
    }
    if (event.type === 'error') {
      const stopped = signal?.aborted === true
      if (!shown && !stopped) return false
      const last = stopped ? event : cleanEnd(event.error, counted())
      out.push(last)
      out.end(last.type === 'done' ? last.message : last.error)
      return true
    }
    held.push(event)
    // Half a tool call is of no use: it is shown when it is whole.
    if (isSaid(event) || (shown && !isToolCallPart(event) && !held.some(isToolCallPart))) show()
  }
  return shown
}

/** Text, reasoning or a whole tool call. */
function isSaid(event: StreamEvent): boolean {
  switch (event.type) {
    case 'text_delta':
    case 'thinking_delta':
      return event.delta !== ''
    case 'toolcall_end':
      return true
    default:
      return false
  }
}

function isToolCallPart({ type }: StreamEvent): boolean {
  return type === 'toolcall_start' || type === 'toolcall_delta'
}

function cleanEnd(received: AssistantMessage, counted: OwnCount): Extract<StreamEvent, { type: 'done' }> {
  const {
    errorMessage: _message,
    errorCode: _code,
    errorType: _type,
    errorBody: _body,
    diagnostics: _diagnostics,
    ...message
  } = received
  const { usage } = message
  const { input, output } = counted
  return {
    type: 'done',
    reason: 'stop',
    message: {
      ...message,
      content: message.content.filter(({ type }) => type !== 'toolCall'),
      stopReason: 'stop',
      usage: usage.totalTokens > 0 ? usage : { ...usage, input, output, totalTokens: input + output },
    },
  }
}
