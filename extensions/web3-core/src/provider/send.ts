import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Answer } from './answer.ts'

/** On every answer: what a leaseholder gets is for it alone, and is what its content type says. */
export const standingHeaders = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' } as const

/** How much of a body that nobody wants is read, and how long, so that its sender gets to read the answer. */
const lingerBytes = 8 * 1_048_576
const lingerMs = 2_000

/** Sends it whole. Nothing happens when the caller is gone. */
export async function send(
  request: IncomingMessage,
  response: ServerResponse,
  answer: Answer,
): Promise<void> {
  if (response.destroyed || response.headersSent) return
  const headers = { ...standingHeaders, ...answer.headers, 'content-length': String(answer.body.byteLength) }
  const bodiless = request.method === 'HEAD'
  if (!hasUnreadBody(request)) {
    response.writeHead(answer.status, headers)
    response.end(bodiless ? undefined : answer.body)
    return
  }
  // A connection that is closed on unread data is reset, and the reset can overtake the answer.
  response.writeHead(answer.status, { ...headers, connection: 'close' })
  if (!bodiless) response.write(answer.body)
  await linger(request)
  response.end()
}

function hasUnreadBody(request: IncomingMessage): boolean {
  if (request.complete) return false
  return (
    request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0
  )
}

function linger(request: IncomingMessage): Promise<void> {
  return new Promise((resolve) => {
    let left = lingerBytes
    const end = (): void => {
      clearTimeout(timer)
      request.off('data', onData).off('end', end).off('close', end).off('error', end)
      resolve()
    }
    const onData = (part: Buffer): void => {
      left -= part.byteLength
      if (left < 0) end()
    }
    const timer = setTimeout(end, lingerMs)
    request.on('data', onData).on('end', end).on('close', end).on('error', end)
    request.resume()
  })
}
