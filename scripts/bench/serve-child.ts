/** The child's side of `child-server.ts`: listens on 127.0.0.1, says where, ends with its parent. */
import { createServer, type RequestListener } from 'node:http'

export function serveChild(listener: RequestListener): void {
  const server = createServer({ keepAliveTimeout: 60_000 }, listener)
  server.listen(0, '127.0.0.1', () => {
    const address = server.address()
    if (typeof address === 'object' && address !== null) process.send?.({ port: address.port })
  })
  process.once('disconnect', () => process.exit(0))
}
