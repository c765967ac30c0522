import { Agent, request, type RequestListener } from 'node:http'

/** The least that a proxy can do: what any call path over node:http costs before it has done anything. */
export function passThrough(upstream: string): RequestListener {
  const agent = new Agent({ keepAlive: true })
  return (incoming, outgoing) => {
    const { method, headers } = incoming
    const onward = request(upstream, { agent, method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(outgoing)
    })
    onward.on('error', () => outgoing.destroy())
    incoming.pipe(onward)
  }
}
