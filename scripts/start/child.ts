/** Programs of ours that run as processes of their own. They get the environment that is named here, and no more. */
import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { parseJson } from '../gateway/json-value.ts'
import type { Lifetime } from './lifetime.ts'

/** Nobody's keys, proxies or options: `OPENAI_API_KEY` is no business of these programs. */
function plainEnvironment(): NodeJS.ProcessEnv {
  const passed = ['PATH', 'HOME', 'LANG', 'TMPDIR']
  return Object.fromEntries(passed.map((name) => [name, process.env[name]]))
}

function startNode(lifetime: Lifetime, args: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, args, { env: plainEnvironment(), stdio: ['ignore', 'pipe', 'pipe'] })
  lifetime.own(child)
  return child
}

export interface Finished {
  readonly code: number | null
  /** The last line of standard output, as JSON. */
  readonly answer: unknown
}

/** Runs a script to its end. Lines of its standard error are progress. */
export async function runScript(
  lifetime: Lifetime,
  args: readonly string[],
  progress: (line: string) => void,
): Promise<Finished> {
  const child = startNode(lifetime, args)
  let last = ''
  linesOf(child.stdout, (line) => (last = line))
  linesOf(child.stderr, progress)
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  return { code, answer: parseJson(last) }
}

/** Starts a server and waits for its first line of standard output, as JSON. @throws when it ends before that */
export async function startServer(
  lifetime: Lifetime,
  name: string,
  args: readonly string[],
): Promise<unknown> {
  const child = startNode(lifetime, args)
  const errors: string[] = []
  linesOf(child.stderr, (line) => errors.push(line))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`${name} ended early (code ${code}): ${errors.join(' ')}`)))
    linesOf(child.stdout, (line) => resolve(parseJson(line)))
  })
}

function linesOf(stream: NodeJS.ReadableStream | null, each: (line: string) => void): void {
  if (stream !== null) createInterface({ input: stream }).on('line', each)
}
