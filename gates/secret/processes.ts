/** What everybody on the machine could read of the processes that run below this one: arguments, title and environment. */
import { readdirSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { evidence, type Evidence } from './evidence.ts'

export interface ProcessWatch {
  readonly seen: () => readonly Evidence[]
  stop(): void
}

const everyMs = 25

/** Linux only: elsewhere nothing is seen. */
export function watchProcesses(): ProcessWatch {
  const seen = new Map<string, Evidence>()
  const keep = (place: string, what: string): void => {
    if (what !== '') seen.set(`${place}\n${what}`, evidence(place, what))
  }
  const look = (): void => {
    for (const pid of descendants(process.pid)) {
      const command = read(`/proc/${pid}/cmdline`)
      const name = basename(command.split('\0')[0] ?? '')
      keep(`argv ${name}`, command)
      keep(`environment ${name}`, read(`/proc/${pid}/environ`))
    }
  }
  const timer = setInterval(look, everyMs)
  return { seen: () => [...seen.values()], stop: () => clearInterval(timer) }
}

function descendants(pid: number): readonly number[] {
  const children = list(`/proc/${pid}/task`).flatMap((task) =>
    read(`/proc/${pid}/task/${task}/children`).split(' ').filter(Boolean).map(Number),
  )
  return children.flatMap((child) => [child, ...descendants(child)])
}

/** Empty for a process that has just ended. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function list(path: string): readonly string[] {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}
