/**
 * An OpenAI-compatible upstream that costs next to nothing: every answer is ready before it is asked for. A stream's events
 * go out one by one, a turn of the event loop apart. `GET /served` says how many calls it has answered.
 */
import type { ServerResponse } from 'node:http'
import { streamedEvents, wholeAnswer } from './answers.ts'
import { serveChild } from './serve-child.ts'

const whole = Buffer.from(wholeAnswer)
const events = streamedEvents.map((text) => Buffer.from(text))
let served = 0

function sendStream(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' })
  const next = (at: number): void => {
    const event = events[at]
    if (event === undefined || response.destroyed) return void response.end()
    response.write(event)
    setImmediate(next, at + 1)
  }
  next(0)
}

serveChild((request, response) => {
  const parts: Buffer[] = []
  request.on('data', (part: Buffer) => parts.push(part))
  request.on('end', () => {
    if (request.url === '/served') return response.end(JSON.stringify({ served }))
    served += 1
    if (Buffer.concat(parts).includes('"stream":true')) return sendStream(response)
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': whole.byteLength })
    return response.end(whole)
  })
})
