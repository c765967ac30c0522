import type { Envelope } from '@openclaw-market/protocol/errors'

/** How a gateway method of the host answers. */
export type Respond = (
  ok: boolean,
  payload?: unknown,
  error?: { code: string; message: string; details?: unknown },
) => void

/** A failure travels as the error of `respond`, with the whole envelope in its details (DESIGN §14). */
export function respondWith(respond: Respond, envelope: Envelope): void {
  if (envelope.ok) respond(true, envelope)
  else respond(false, undefined, { code: envelope.error, message: envelope.message, details: envelope })
}
