import { Type } from '@sinclair/typebox'
import { sha256Hex } from '@openclaw-market/protocol/canonical'
import { MarketError } from '@openclaw-market/protocol/errors'
import { LeaseId } from '@openclaw-market/protocol/ids'
import type { UnitTotals } from '@openclaw-market/protocol/money/units'
import type { Contract } from '@openclaw-market/protocol/operation'
import { nextCursor, paging } from '@openclaw-market/protocol/schema/paging'
import { closed, Timestamp } from '@openclaw-market/protocol/schema/scalars'
import { capability, type Facts } from '../capabilities/capability.ts'
import type { Web3 } from '../plugin/web3.ts'
import type { StorageBackend } from '../provider/backends/backend.ts'
import { callLease, usableLeases } from './call-lease.ts'
import { readJson } from './read-json.ts'
import { exactly, keepReceipt, servedLocally, ServedBy, type Agreement } from './receipt.ts'
import { noLease } from './search-query.ts'

/** As far as a pattern can say what `checkPath` holds: no empty part, no `.` or `..`, no name of ours, no drive. */
const FilePath = Type.String({
  maxLength: 512,
  pattern:
    '^(?!.*(^|/)(\\.{1,2}|\\.[oO][cC][mM][^/]*)?(/|$))(?![A-Za-z]:)[^\\\\\\u0000-\\u001f\\u007f-\\u009f]+$',
  description: 'relative, parts separated by /, e.g. notes/today.md',
})
const Mime = Type.String({ pattern: '^[a-z0-9][a-z0-9.+-]{0,63}/[a-z0-9][a-z0-9.+-]{0,63}$' })
const File = { etag: Type.String(), size: Type.Integer(), createdAt: Timestamp }

const errors = [
  'E_NOT_FOUND',
  'E_CONFLICT',
  'E_QUOTA_EXCEEDED',
  'E_EXPIRED',
  'E_REVOKED',
  'E_RATE_LIMITED',
  'E_PAYLOAD_TOO_LARGE',
  'E_UNSUPPORTED_MEDIA',
  'E_TIMEOUT',
  'E_OUTCOME_UNKNOWN',
] as const

const meanings: Facts['errors'] = {
  E_INVALID_ARGUMENT:
    'the path is not in Unicode normal form C or a part of it has over 128 bytes, or no list gave that cursor',
  E_NOT_FOUND: "there is no such file, or no active storage lease here and no storage of the owner's own",
  E_CONFLICT: 'another path is in the way (a folder, or one that differs by letter case only)',
  E_QUOTA_EXCEEDED: 'the lock of the lease is spent, or its space is full',
  E_EXPIRED: 'the lease has ended',
  E_REVOKED: 'the lease was revoked',
  E_RATE_LIMITED: 'too many calls in this minute or at once; details.retryAfterSeconds',
  E_PAYLOAD_TOO_LARGE: 'the file is larger than the policy of the resource allows',
  E_UNSUPPORTED_MEDIA: 'the policy of the resource does not allow this type',
  E_TIMEOUT: 'the storage is too slow',
  E_OUTCOME_UNKNOWN: 'the answer was lost; the call may have been billed',
}

/** What the three have in common. */
const facts = {
  group: 'storage',
  errors: meanings,
  doors: ['gateway', 'tool'],
  actor: 'consumer',
  prerequisites: [{ is: 'lease_active', kind: 'storage', param: 'leaseId' }],
} as const

/** What we need of a provider's answers. */
const Put = Type.Object(File)
const Got = Type.Object({ bytesBase64: Type.String(), mime: Type.String(), ...File })

const timeoutMs = 120_000
/** The owner's own files when no lease serves. */
const ownTenant = 'owner'

const putContract = {
  name: 'web3.storage.put',
  summary: 'Stores a file in a leased storage; one of the same path is replaced.',
  effect: 'money',
  scope: 'write',
  params: closed(
    {
      path: FilePath,
      text: Type.Optional(Type.String({ maxLength: 1_000_000, description: 'the content, when it is text' })),
      bytesBase64: Type.Optional(
        Type.String({
          maxLength: 90_000_000,
          contentEncoding: 'base64',
          description: 'the content, when it is not',
        }),
      ),
      mime: Type.Optional(Mime),
      leaseId: Type.Optional(LeaseId),
    },
    { oneOf: [{ required: ['text'] }, { required: ['bytesBase64'] }] },
  ),
  result: closed({ ...File, servedBy: ServedBy }),
  errors: [...errors],
} as const satisfies Contract

export const putCapability = capability(
  putContract,
  {
    ...facts,
    whenToUse: 'To keep a file with a leased provider.',
    whenNotToUse: 'For secrets in the clear: the provider can read what it stores.',
    returns: 'etag is the SHA-256 of the content.',
    risk: { level: 'medium', discloses: 'the file, to the provider', reversible: true },
    pricing: {
      charge: 'lease',
      units: ['put', 'byte', 'gb_day'],
      upperBound: 'one put and its bytes, and the time it is kept',
    },
    effects: [
      { is: 'file_stored', param: 'path' },
      { is: 'lease_used', kind: 'storage', param: 'leaseId' },
    ],
    overHttp: {
      method: 'POST',
      path: '/web3/resources/storage/put',
      bearer: 'lease_active',
      params: { path: 'path', bytesBase64: 'bytesBase64', mime: 'mime' },
    },
    next: [{ name: 'web3.storage.get', when: 'to read it back' }],
    idempotency: 'acts-again',
    examples: {
      valid: { path: 'notes/today.md', text: '# Today' },
      invalid: { path: 'notes/today.md', text: '# Today', mime: 'markdown' },
    },
  },
  async ({ path, text, bytesBase64, mime, leaseId }, call) => {
    const bytes = contentOf(text, bytesBase64)
    const type = mime ?? (text === undefined ? undefined : 'text/plain')
    const leases = usableLeases(call.web3, 'storage', leaseId)
    if (leases.length === 0) {
      const file = { path, bytes, ...(type === undefined ? {} : { mime: type }) }
      const { etag, size, createdAt } = await ownStorage(call.web3).put(ownTenant, file, {
        maxTotalBytes: ownLimit,
      })
      return { etag, size, createdAt, servedBy: servedLocally }
    }
    const body = {
      path,
      bytesBase64: bytes.toString('base64'),
      ...(type === undefined ? {} : { mime: type }),
    }
    const answer = await callLease(call, leases, {
      method: 'POST',
      path: '/web3/resources/storage/put',
      body,
      timeoutMs,
      errors,
    })
    const { etag, size, createdAt } = await readJson(Put, call.web3, answer)
    const counted = { put: 1n, byte: BigInt(bytes.length) }
    const servedBy = await keepReceipt(call.web3, answer, counted, exactlyOf(counted, bytes, etag))
    return { etag, size, createdAt, servedBy }
  },
)

const getContract = {
  name: 'web3.storage.get',
  summary: 'Reads a file back from a leased storage.',
  effect: 'money',
  scope: 'write',
  params: closed({ path: FilePath, leaseId: Type.Optional(LeaseId) }),
  result: closed({ bytesBase64: Type.String(), mime: Type.String(), ...File, servedBy: ServedBy }),
  errors: [...errors],
} as const satisfies Contract

export const getFileCapability = capability(
  getContract,
  {
    ...facts,
    whenToUse: 'To read what was stored.',
    whenNotToUse: 'To see what there is: list does that.',
    returns: 'bytesBase64 is the content, etag its SHA-256.',
    risk: { level: 'low', discloses: 'which file you read, to the provider', reversible: true },
    pricing: { charge: 'lease', units: ['get', 'byte'], upperBound: 'one get and the bytes of the file' },
    prerequisites: [...facts.prerequisites, { is: 'file_stored', param: 'path' }],
    effects: [{ is: 'lease_used', kind: 'storage', param: 'leaseId' }],
    overHttp: {
      method: 'GET',
      path: '/web3/resources/storage/get',
      bearer: 'lease_active',
      params: { path: 'path' },
    },
    next: [{ name: 'web3.storage.list', when: 'to see what else there is' }],
    idempotency: 'acts-again',
    examples: { valid: { path: 'notes/today.md' }, invalid: { path: '' } },
  },
  async ({ path, leaseId }, call) => {
    const leases = usableLeases(call.web3, 'storage', leaseId)
    if (leases.length === 0) {
      const { bytes, mime, etag, size, createdAt } = await ownStorage(call.web3).get(ownTenant, path)
      const bytesBase64 = Buffer.from(bytes).toString('base64')
      return { bytesBase64, mime, etag, size, createdAt, servedBy: servedLocally }
    }
    const answer = await callLease(call, leases, {
      method: 'GET',
      path: `/web3/resources/storage/get?path=${encodeURIComponent(path)}`,
      accept: 'application/json',
      timeoutMs,
      errors,
    })
    const { bytesBase64, mime, etag, size, createdAt } = await readJson(Got, call.web3, answer)
    const bytes = Buffer.from(bytesBase64, 'base64')
    const counted = { get: 1n, byte: BigInt(bytes.length) }
    const servedBy = await keepReceipt(call.web3, answer, counted, exactlyOf(counted, bytes, etag))
    return { bytesBase64, mime, etag, size, createdAt, servedBy }
  },
)

const FileLine = closed({ path: Type.String(), mime: Type.String(), ...File })
const Listed = Type.Object({ files: Type.Array(FileLine), nextCursor })

const listContract = {
  name: 'web3.storage.list',
  summary: 'Lists the files in a leased storage, by path.',
  effect: 'money',
  scope: 'write',
  params: closed({
    prefix: Type.Optional(
      Type.String({ minLength: 1, maxLength: 512, description: 'only paths that begin so' }),
    ),
    leaseId: Type.Optional(LeaseId),
    ...paging,
  }),
  result: closed({ files: Type.Array(FileLine), nextCursor, servedBy: ServedBy }),
  errors: [...errors],
} as const satisfies Contract

export const listFilesCapability = capability(
  listContract,
  {
    ...facts,
    whenToUse: 'To see what is stored.',
    whenNotToUse: 'To read one file: get does that.',
    returns: 'files with size and etag, a page at a time.',
    risk: { level: 'none', reversible: true },
    pricing: { charge: 'none', units: [], upperBound: 'nothing; it counts against the rate of the lease' },
    effects: [],
    finds: [{ is: 'file_stored', field: 'files/*/path' }],
    overHttp: {
      method: 'POST',
      path: '/web3/resources/storage/list',
      bearer: 'lease_active',
      params: { prefix: 'prefix', limit: 'limit', cursor: 'cursor' },
    },
    next: [{ name: 'web3.storage.get', when: 'to read one' }],
    idempotency: 'acts-again',
    examples: { valid: { prefix: 'notes/' }, invalid: { limit: 0 } },
  },
  async ({ prefix, limit, cursor, leaseId }, call) => {
    const leases = usableLeases(call.web3, 'storage', leaseId)
    const ask = {
      ...(prefix === undefined ? {} : { prefix }),
      ...(limit === undefined ? {} : { limit }),
      ...(cursor === undefined ? {} : { cursor }),
    }
    if (leases.length === 0) {
      const listed = await ownStorage(call.web3).list(ownTenant, ask)
      return { ...listed, files: [...listed.files], servedBy: servedLocally }
    }
    const answer = await callLease(call, leases, {
      method: 'POST',
      path: '/web3/resources/storage/list',
      body: ask,
      timeoutMs,
      errors,
    })
    const { files, nextCursor: following } = await readJson(Listed, call.web3, answer)
    const servedBy = await keepReceipt(call.web3, answer, {}, exactly({}))
    return { files, servedBy, ...(following === undefined ? {} : { nextCursor: following }) }
  },
)

/** The usage as we counted it, and the hash that of the bytes that went over. */
function exactlyOf(counted: UnitTotals, bytes: Buffer, etag: string): Agreement {
  const asCounted = exactly(counted)
  return (stated) => etag === sha256Hex(bytes) && asCounted(stated)
}

const ownLimit = 1_073_741_824

function ownStorage(web3: Web3): StorageBackend {
  const own = web3.backends.get(web3.fallback.storage ?? '')
  if (own?.kind !== 'storage') throw noLease('storage')
  return own
}

/** Exactly one of the two. */
function contentOf(text: string | undefined, bytesBase64: string | undefined): Buffer {
  if (text !== undefined && bytesBase64 === undefined) return Buffer.from(text, 'utf8')
  if (bytesBase64 !== undefined && text === undefined) {
    const bytes = Buffer.from(bytesBase64, 'base64')
    if (bytes.toString('base64') === bytesBase64) return bytes
    throw wrong('/bytesBase64', 'base64', 'is not canonical base64 (RFC 4648 §4)')
  }
  throw wrong('/text', 'one-of', 'give either text or bytesBase64')
}

function wrong(pointer: string, rule: string, message: string): MarketError {
  return new MarketError('E_INVALID_ARGUMENT', `${pointer}: ${message}`, {
    details: { pointer, rule },
    hint: 'Give the content once: as text, or as base64.',
  })
}
