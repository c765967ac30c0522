import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { isRecord } from '../gateway/json-value.ts'

export interface ChildServer {
  /** `http://127.0.0.1:PORT` */
  readonly url: string
  stop(): Promise<void>
}

/** Starts a server of this folder in a process of its own. It ends by itself when this process does, however that ends. */
export async function startChild(script: string, args: readonly string[] = []): Promise<ChildServer> {
  const child = fork(join(import.meta.dirname, script), args, { stdio: ['ignore', 2, 2, 'ipc'] })
  const ended = once(child, 'exit')
  const said: unknown = await Promise.race([
    once(child, 'message').then(([message]: unknown[]) => message),
    ended.then(() => undefined),
  ])
  const port = isRecord(said) ? said['port'] : undefined
  if (typeof port !== 'number') throw new Error(`${script} did not start`)
  return {
    url: `http://127.0.0.1:${port}`,
    async stop() {
      child.kill('SIGKILL')
      await ended
    },
  }
}
