/** Asks ports of this machine who is there. The address is never anyone's to choose: it is 127.0.0.1, and no redirect is followed. */
import { readBounded } from '../consumer/read-bounded.ts'
import { jsonOf } from '../provider/backends/json.ts'
import { probePaths, type Heard, type Hearing } from './hearing.ts'

const withinMs = 1_500
const maxBytes = 2 * 1_048_576

/** @returns what each path answered; undefined: nothing at all, as where nobody listens or speaks HTTP */
export async function listenAt(port: number): Promise<Hearing | undefined> {
  const answers = await Promise.all(
    probePaths.map(async (path) => [path, await hear(loopback(port, path))] as const),
  )
  return answers.some(([, heard]) => heard !== undefined) ? Object.fromEntries(answers) : undefined
}

export function loopback(port: number, path: string): string {
  return `http://127.0.0.1:${port}${path}`
}

export async function hear(url: string): Promise<Heard | undefined> {
  try {
    const response = await fetch(url, {
      headers: { accept: 'application/json', 'accept-encoding': 'identity' },
      redirect: 'manual',
      signal: AbortSignal.timeout(withinMs),
    })
    const json = jsonOf((await readBounded(response, maxBytes)).toString())
    return { status: response.status, ...(json === undefined ? {} : { json }) }
  } catch {
    // Whatever it is, it is nobody whom we know.
    return undefined
  }
}
