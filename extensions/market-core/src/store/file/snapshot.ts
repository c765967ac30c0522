/** Writes a state as the start of a generation. The state does not change meanwhile, so the process may go on. */
import { open, rename, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { putText } from './changes.ts'
import { fileName, headerText } from './files.ts'
import { frame } from './frames.ts'
import { endText, type Others } from './load.ts'
import type { State } from './state.ts'

const chunkBytes = 1 << 20

/** Writes and syncs `snapshot-<generation>.jsonl.new`. @returns its last checksum, for the journal that follows it. */
export async function writeSnapshot(
  directory: string,
  generation: number,
  state: State,
  others: Others,
): Promise<string> {
  const handle = await open(newPath(directory, generation), 'w', 0o600)
  try {
    const sum = await writeFrames(handle, lines(generation, state, others))
    await handle.sync()
    return sum
  } finally {
    await handle.close()
  }
}

/** From here on the generation is the store's. */
export async function publishSnapshot(directory: string, generation: number): Promise<void> {
  await rename(newPath(directory, generation), join(directory, fileName('snapshot', generation)))
}

export function newPath(directory: string, generation: number): string {
  return `${join(directory, fileName('snapshot', generation))}.new`
}

async function writeFrames(handle: FileHandle, jsons: Iterable<string>): Promise<string> {
  let sum = ''
  let chunk = ''
  for (const json of jsons) {
    const next = frame(sum, json)
    sum = next.sum
    chunk += next.text
    if (chunk.length < chunkBytes) continue
    await handle.writeFile(chunk)
    chunk = ''
  }
  await handle.writeFile(chunk)
  return sum
}

function* lines(generation: number, state: State, others: Others): Generator<string> {
  yield headerText('snapshot', generation)
  let records = 0
  for (const { layout, records: rows } of state.tables) {
    for (const [key, { body }] of rows.rising()) {
      records++
      yield `[${putText(layout.name, key, body)}]`
    }
  }
  for (const [name, rows] of others) {
    for (const [key, body] of rows) {
      records++
      yield `[${putText(name, key, body)}]`
    }
  }
  yield endText(records)
}
