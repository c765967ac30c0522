/** A file of its own beside the vault: nothing in it is secret, and nothing is lost with it but what the markets say again. */
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Type } from '@sinclair/typebox'
import { codec } from '@openclaw-market/protocol/schema/codec'
import { closed } from '@openclaw-market/protocol/schema/scalars'
import { moveInto, readWhole, writeTemporary } from '../../provider/backends/durable-file.ts'
import { SeenResource } from './seen-resource.ts'

const content = codec(closed({ version: Type.Literal(1), seen: Type.Array(SeenResource) }))
const largest = 64 * 1_048_576

/** @returns nothing when there is no such file, or none that can be read: then the markets are asked first. */
export async function loadSeen(
  file: string,
  report: (what: string, error: unknown) => void,
): Promise<readonly SeenResource[]> {
  try {
    const bytes = await readWhole(file, largest)
    if (bytes === undefined) return []
    return content.decode(JSON.parse(Buffer.from(bytes).toString('utf8'))).seen
  } catch (error) {
    report('reading what other markets have offered', error)
    return []
  }
}

export interface SeenWriter {
  /** Soon, in one write with what else is new by then. */
  save(): void
  /** After the write that is under way, and one more when there is something new. */
  stop(): Promise<void>
}

export function seenWriter(
  file: string,
  present: () => readonly SeenResource[],
  report: (what: string, error: unknown) => void,
): SeenWriter {
  let wanted = false
  let running: Promise<void> | undefined
  const write = async (): Promise<void> => {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 })
    const json = content.encode({ version: 1, seen: [...present()] })
    await moveInto(file, await writeTemporary(dirname(file), JSON.stringify(json)))
  }
  const run = async (): Promise<void> => {
    for (; wanted;) {
      wanted = false
      await write().catch((error: unknown) => report('keeping what other markets offer', error))
    }
    running = undefined
  }
  return {
    save() {
      wanted = true
      running ??= run()
    },
    stop: async () => running,
  }
}
