import type { IncomingMessage, ServerResponse } from 'node:http'
import { fromFailure, type Envelope } from '@openclaw-market/protocol/errors'
import { errorAnswer, jsonAnswer } from '../provider/answer.ts'
import { send } from '../provider/send.ts'

/** An envelope as an HTTP answer: its code's status, and Retry-After where waiting helps. */
export function respond(
  request: IncomingMessage,
  response: ServerResponse,
  envelope: Envelope,
): Promise<void> {
  const answer = envelope.ok ? jsonAnswer(200, envelope) : errorAnswer(fromFailure(envelope), 'envelope')
  return send(request, response, answer)
}
