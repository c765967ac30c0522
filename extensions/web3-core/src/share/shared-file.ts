/**
 * What is shared without a line in the config: names, drivers and resources, in a 0600 file of the state directory, since it
 * says where backends are (DESIGN §15). Rewritten whole: what was read is that of before a write or of after it.
 */
import { mkdir, readdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Type, type Static } from '@sinclair/typebox'
import { BackendName } from '@openclaw-market/protocol/entities/resource'
import { MarketError } from '@openclaw-market/protocol/errors'
import { ResourceId } from '@openclaw-market/protocol/ids'
import { codec } from '@openclaw-market/protocol/schema/codec'
import { closed, literals } from '@openclaw-market/protocol/schema/scalars'
import { BackendConfig } from '../provider/backends/config.ts'
import { moveInto, readWhole, whatIsAt, writeTemporary } from '../provider/backends/durable-file.ts'

export const SharedThing = closed({
  name: BackendName,
  resourceId: ResourceId,
  driver: BackendConfig,
  /** `stopping`: taken off the market; its backend stays until the last lease over it is through. */
  status: literals(['sharing', 'stopping']),
})
export type SharedThing = Static<typeof SharedThing>

const Content = closed({ version: Type.Literal(1), shared: Type.Array(SharedThing, { maxItems: 256 }) })

const maxBytes = 4 * 1_048_576

/** @throws MarketError E_NOT_CONFIGURED when it is there and cannot be understood: it is left as it is */
export async function readShared(file: string): Promise<readonly SharedThing[]> {
  try {
    const bytes = await readWhole(file, maxBytes)
    if (bytes === undefined) {
      if ((await whatIsAt(file)) === undefined) return []
      throw unreadable()
    }
    return codec(Content).decode(JSON.parse(new TextDecoder().decode(bytes))).shared
  } catch {
    throw unreadable()
  }
}

/** On disk when it resolves. @throws MarketError E_UNAVAILABLE */
export async function writeShared(file: string, shared: readonly SharedThing[]): Promise<void> {
  const folder = dirname(file)
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await sweepUnfinished(folder)
    const text = JSON.stringify(codec(Content).encode({ version: 1, shared: [...shared] }), null, 2)
    await moveInto(file, await writeTemporary(folder, `${text}\n`))
  } catch {
    // The system's own words have the path in them.
    throw new MarketError('E_UNAVAILABLE', 'the list of what is shared cannot be written', {
      hint: 'Check the free space and the rights of the state directory, then try again.',
    })
  }
}

/** What killed writes have left: the folder holds this one file and temporary ones. */
async function sweepUnfinished(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (/^[0-9a-f]{32}$/.test(name)) await rm(join(folder, name), { force: true })
  }
}

function unreadable(): MarketError {
  return new MarketError('E_NOT_CONFIGURED', 'the list of what is shared cannot be read', {
    hint: 'Restore web3-core/shared/shared.json in the state directory from a backup, or remove it, and restart the gateway.',
  })
}
