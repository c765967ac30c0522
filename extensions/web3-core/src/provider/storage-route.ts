/**
 * Files of a leaseholder. They belong to the consumer's address at the resource, not to the lease, so that the next lease
 * finds them again. Admission needs the size of a file before it is read, so `get` asks the list first.
 */
import { Type } from '@sinclair/typebox'
import type { EffectivePolicy } from '@openclaw-market/protocol/entities/resource'
import { MarketError } from '@openclaw-market/protocol/errors'
import { invalidArgument } from '@openclaw-market/protocol/schema/codec'
import { closed } from '@openclaw-market/protocol/schema/scalars'
import { jsonAnswer, type Answer } from './answer.ts'
import type { StoredFile } from './backends/backend.ts'
import { checkedMime, checkPath } from './backends/storage-path.ts'
import { backendOf, type Serving } from './environment.ts'
import type { Exchange, WholeJob } from './exchange.ts'
import { decoded, parseJson } from './json-body.ts'
import { tenantOf } from './tenant.ts'
import { inTurn } from './tenant-turns.ts'

const Path = Type.String({ minLength: 1, maxLength: 512, description: 'relative, with / between segments' })
const Base64 = Type.String({
  pattern: '^[A-Za-z0-9+/]*={0,2}$',
  description: 'the bytes, in base64 with padding',
})

export const PutParams = closed({
  path: Path,
  bytesBase64: Base64,
  mime: Type.Optional(Type.String({ maxLength: 200 })),
})
export const GetParams = closed({ path: Path })
export const ListParams = closed({
  prefix: Type.Optional(Type.String({ maxLength: 512 })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200 })),
  cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 1_024 })),
})

export function putJob(serving: Serving, exchange: Exchange): WholeJob {
  const { body, request, lease, policy } = exchange
  const params = decoded(PutParams, parseJson(body, request.headers['content-type']))
  checkPath(params.path)
  const mime = allowedMime(params.mime, policy)
  const bytes = fromBase64(params.bytesBase64)
  const backend = backendOf(serving, lease, 'storage')
  const tenant = tenantOf(lease)
  const usage = { put: 1n, byte: BigInt(bytes.byteLength) }
  return {
    kind: 'whole',
    demand: { fixed: usage },
    changes: true,
    // In turn up to the end of the call: the ledger hears of the bytes kept in the order of the puts, and the sweep of
    // old files sees either no lease or no new file.
    inTurn: (work) => inTurn(backend, tenant, work),
    async run(_call, signal) {
      signal.throwIfAborted()
      const { maxTotalBytes } = policy
      const { etag, size, createdAt } = await backend.put(
        tenant,
        { path: params.path, bytes, mime },
        { maxTotalBytes },
      )
      const kept = await backend.usage(tenant)
      return {
        answer: jsonAnswer(200, { ok: true, etag, size, createdAt: new Date(createdAt).toISOString() }),
        usage,
        storedBytes: BigInt(kept.bytes),
      }
    },
  }
}

/** Raw bytes as a download, or, for `accept: application/json`, JSON with the bytes in base64. */
export async function getJob(serving: Serving, { query, request, lease }: Exchange): Promise<WholeJob> {
  const { path } = decoded(GetParams, fromQuery(query))
  checkPath(path)
  const backend = backendOf(serving, lease, 'storage')
  const tenant = tenantOf(lease)
  const [listed] = (await backend.list(tenant, { prefix: path, limit: 1 })).files
  // Nothing of this path: the call goes its way and fails there, so that guesses count against the rate.
  const size = listed?.path === path ? listed.size : 0
  const asJson = /^\s*application\/json\b/i.test(request.headers.accept ?? '')
  return {
    kind: 'whole',
    demand: { fixed: { get: 1n, byte: BigInt(size) } },
    changes: false,
    async run(call) {
      const file = await backend.get(tenant, path)
      const usage = { get: 1n, byte: BigInt(file.size) }
      if (call.affords(usage)) return { answer: asJson ? fileAsJson(file) : fileAsBytes(file), usage }
      throw new MarketError('E_CONFLICT', 'the file was replaced by a larger one while it was read', {
        hint: 'Nothing was billed. Read it again, under a new request id.',
      })
    },
  }
}

export function listJob(serving: Serving, { body, request, lease }: Exchange): WholeJob {
  const query = decoded(ListParams, parseJson(body, request.headers['content-type']))
  const backend = backendOf(serving, lease, 'storage')
  return {
    kind: 'whole',
    demand: { fixed: {} },
    changes: false,
    async run() {
      const { files, nextCursor } = await backend.list(tenantOf(lease), query)
      const shown = files.map(showFile)
      return {
        answer: jsonAnswer(200, {
          ok: true,
          files: shown,
          ...(nextCursor === undefined ? {} : { nextCursor }),
        }),
        usage: {},
      }
    },
  }
}

function showFile({ path, etag, size, mime, createdAt }: StoredFile) {
  return { path, etag, size, mime, createdAt: new Date(createdAt).toISOString() }
}

function fileAsJson(file: StoredFile & { readonly bytes: Uint8Array }): Answer {
  const { path: _path, ...shown } = showFile(file)
  return jsonAnswer(200, { ok: true, bytesBase64: Buffer.from(file.bytes).toString('base64'), ...shown })
}

/** What a leaseholder stored is never shown as a page of this host: always a download, without a name from the caller. */
function fileAsBytes({ mime, etag, createdAt, bytes }: StoredFile & { readonly bytes: Uint8Array }): Answer {
  return {
    status: 200,
    headers: {
      'content-type': mime,
      'content-disposition': 'attachment',
      etag: `"${etag}"`,
      'x-openclaw-created-at': new Date(createdAt).toISOString(),
    },
    body: bytes,
  }
}

/** @throws MarketError E_INVALID_ARGUMENT, E_UNSUPPORTED_MEDIA */
function allowedMime(given: string | undefined, { allowMime }: EffectivePolicy): string {
  const mime = checkedMime(given)
  const [bare = mime] = mime.split(';')
  const family = `${bare.slice(0, bare.indexOf('/'))}/*`
  if (allowMime === undefined || allowMime.includes(bare) || allowMime.includes(family)) return mime
  throw new MarketError('E_UNSUPPORTED_MEDIA', `this lease does not store ${bare}`, {
    details: { pointer: '/mime', allowed: allowMime },
    hint: 'Store one of the allowed types, and name it in mime.',
  })
}

function fromBase64(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64')
  // The pattern leaves the length to us: groups of four, or what is decoded is not what was meant.
  if (text.length % 4 === 0 && bytes.byteLength === (text.length / 4) * 3 - padding(text)) return bytes
  throw invalidArgument({ pointer: '/bytesBase64', rule: 'base64', message: 'is not base64 with padding' })
}

function padding(text: string): number {
  return text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
}

/** Each name once. */
function fromQuery(query: URLSearchParams): Record<string, string> {
  const read: Record<string, string> = Object.create(null) as Record<string, string>
  for (const [name, value] of query) {
    if (name in read) throw invalidArgument({ pointer: `/${name}`, rule: 'once', message: 'stands twice' })
    read[name] = value
  }
  return { ...read }
}
