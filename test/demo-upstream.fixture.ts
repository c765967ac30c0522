/** The bundled demo model server as a process of its own: what a provider's backend points at. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseJson } from '../scripts/gateway/json-value.ts'
import { record } from './market-gateway.fixture.ts'

export interface Served {
  readonly requests: number
  readonly input_tokens: number
  readonly output_tokens: number
}

export interface DemoUpstream {
  /** For the config of an `openai-compat` backend. */
  readonly baseUrl: string
  /** Its own books. */
  served(): Promise<Served>
  close(): Promise<void>
}

export async function startDemoUpstream(): Promise<DemoUpstream> {
  const script = join(import.meta.dirname, '..', 'scripts', 'demo-model-server.mjs')
  const child = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
  const origin = `http://127.0.0.1:${Number(record(parseJson(line))['listening'])}`
  return {
    baseUrl: `${origin}/v1`,
    async served() {
      const { requests, input_tokens, output_tokens } = record(
        await (await fetch(`${origin}/demo/served`)).json(),
      )
      return {
        requests: Number(requests),
        input_tokens: Number(input_tokens),
        output_tokens: Number(output_tokens),
      }
    },
    async close() {
      child.kill()
      await exited
    },
  }
}
