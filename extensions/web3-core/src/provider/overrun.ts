/**
 * When an upstream has run past what the budget granted. Tokens cannot be counted exactly without its tokenizer, so an
 * honest answer gets the benefit of the doubt: no language averages more than 16 bytes a token over a whole answer
 * (English about 4, Cyrillic 9, Hindi 12), and a short one may deviate by 256 bytes. What is delivered within this
 * is billed as at most what was granted; what is beyond is not delivered.
 */
import type { ChatMessage } from './backends/backend.ts'
import { utf8Bytes } from './backends/count-tokens.ts'

const lenientBytesPerToken = 16
const allowance = 256

export function lenientBytes(grantedTokens: number): number {
  return grantedTokens * lenientBytesPerToken + allowance
}

/** Text, then reasoning, as far as they go; half a tool call would be of no use. */
export function withinBytes(message: ChatMessage, bytes: number): ChatMessage {
  const { role, content, reasoning_content } = message
  const text = typeof content === 'string' ? beginning(content, bytes) : content
  const left = bytes - utf8Bytes(text ?? '')
  return {
    ...(role === undefined ? {} : { role }),
    ...(text === undefined ? {} : { content: text }),
    ...(reasoning_content === undefined ? {} : { reasoning_content: beginning(reasoning_content, left) }),
  }
}

function beginning(text: string, bytes: number): string {
  const encoded = Buffer.from(text, 'utf8')
  if (encoded.byteLength <= bytes) return text
  let end = Math.max(0, bytes)
  // Not in the middle of a character: continuation bytes are 10xxxxxx.
  while (end > 0 && ((encoded[end] ?? 0) & 0xc0) === 0x80) end--
  return encoded.subarray(0, end).toString('utf8')
}
