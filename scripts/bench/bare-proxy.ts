/** The pass-through in a process of its own: node scripts/bench/bare-proxy.ts UPSTREAM_URL */
import { passThrough } from './pass-through.ts'
import { serveChild } from './serve-child.ts'

const [upstream] = process.argv.slice(2)
if (upstream === undefined) throw new Error('usage: bare-proxy.ts UPSTREAM_URL')
serveChild(passThrough(upstream))
