import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { onTestFinished } from 'vitest'

const script = join(import.meta.dirname, '..', '..', '..', '..', 'scripts', 'demo-model-server.mjs')

/** The bundled demo model in a process of its own. @returns its OpenAI base URL */
export async function demoModel(): Promise<string> {
  const child = spawn(process.execPath, [script, '0'], { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill())
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
  return `http://127.0.0.1:${(JSON.parse(line) as { listening: number }).listening}/v1`
}
