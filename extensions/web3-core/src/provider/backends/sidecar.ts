/**
 * What is known of a stored file beside its bytes. A sidecar's name holds the hash of the path and of the bytes, and it
 * is on disk before the bytes take their place: so at every instant the bytes that are in place, old or new, have
 * theirs, and the one rename of the bytes decides.
 */
import { Type } from '@sinclair/typebox'
import { sha256Hex } from '@openclaw-market/protocol/canonical'
import { codec } from '@openclaw-market/protocol/schema/codec'
import { closed, Sha256Hex } from '@openclaw-market/protocol/schema/scalars'
import type { StoredFile } from './backend.ts'
import { pathProblem } from './storage-path.ts'

const Sidecar = codec(
  closed({
    path: Type.String(),
    etag: Sha256Hex,
    size: Type.Integer({ minimum: 0 }),
    mime: Type.String({ maxLength: 200 }),
    createdAt: Type.Integer({ minimum: 0 }),
  }),
)

export const maxSidecarBytes = 4_096

export function sidecarName(file: Pick<StoredFile, 'path' | 'etag'>): string {
  return `${sha256Hex(file.path)}-${file.etag}.json`
}

/** @returns undefined for what is not a sidecar of this name. */
export function readSidecar(name: string, bytes: Uint8Array): StoredFile | undefined {
  try {
    const file = Sidecar.decode(JSON.parse(Buffer.from(bytes).toString('utf8')))
    return pathProblem(file.path) === undefined && sidecarName(file) === name ? file : undefined
  } catch {
    return undefined
  }
}
