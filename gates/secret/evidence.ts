/** What anybody was answered, what was logged, what lies in files: each with the place where it stood. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Evidence {
  /** `rpc web3.resources.list ok`, `file state/market-core/…`, `log`, `argv …`; what `places.ts` speaks of. */
  readonly place: string
  readonly bytes: Buffer
}

export function evidence(place: string, what: unknown): Evidence {
  return { place, bytes: Buffer.from(typeof what === 'string' ? what : JSON.stringify(what)) }
}

/** Every file as it lies there, write-ahead log and journal too; but not the host's copies of the plugins' code. */
export function filesBelow(folder: string, shown: string): readonly Evidence[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry): readonly Evidence[] => {
    const [path, place] = [join(folder, entry.name), `${shown}/${entry.name}`]
    if (entry.isDirectory()) return entry.name === 'plugin-captures' ? [] : filesBelow(path, place)
    if (!entry.isFile()) return []
    return [
      { place: `file ${place}`, bytes: Buffer.concat([Buffer.from(`${entry.name}\n`), readFileSync(path)]) },
    ]
  })
}
