/** The real command line at a terminal of its own: what a person sees, and what a person types. */
import { spawn } from '@lydell/node-pty'
import { prepareFiles } from '../scripts/gateway/gateway-files.ts'
import { hostEnvironment, openclawScript } from '../scripts/gateway/gateway-process.ts'

export interface Turn {
  /** The end of what has to stand there before it is answered. */
  readonly when: string
  readonly type: string
}

export interface Sat {
  readonly code: number
  /** All that stood there, without colours. */
  readonly screen: string
}

const limitMs = 120_000

/** Types each answer when its question has come. @param dir of the gateway that it speaks with */
export async function sitAt(dir: string, args: readonly string[], turns: readonly Turn[]): Promise<Sat> {
  const files = prepareFiles(dir)
  const terminal = spawn(process.execPath, [openclawScript(), ...args], {
    cwd: files.stateDir,
    env: hostEnvironment(files),
    cols: 160,
    rows: 50,
  })
  const left = [...turns]
  let screen = ''
  let answered = 0
  const ended = Promise.withResolvers<number>()
  terminal.onData((text) => {
    screen = withoutControls(screen + text)
    const [next] = left
    if (next === undefined || !screen.slice(answered).trimEnd().endsWith(next.when.trimEnd())) return
    left.shift()
    answered = screen.length
    terminal.write(`${next.type}\r`)
  })
  terminal.onExit(({ exitCode }) => ended.resolve(exitCode))
  const timer = setTimeout(() => terminal.kill('SIGKILL'), limitMs)
  const code = await ended.promise
  clearTimeout(timer)
  if (left.length > 0) throw new Error(`never asked: ${left[0]?.when}\n${screen}`)
  return { code, screen }
}

function withoutControls(text: string): string {
  // oxlint-disable-next-line no-control-regex -- the terminal's own sequences
  return text.replaceAll(/\u001b(?:\[[0-9;?]*[ -/]*[@-~]|[()][A-Z0-9]|[=>])|\r/g, '')
}
