import { Type } from '@sinclair/typebox'
import { MarketError } from '@openclaw-market/protocol/errors'
import { LeaseId } from '@openclaw-market/protocol/ids'
import type { Contract } from '@openclaw-market/protocol/operation'
import { closed } from '@openclaw-market/protocol/schema/scalars'
import { capability } from '../../capabilities/capability.ts'
import type { StorageBackend } from '../../provider/backends/backend.ts'
import { foreseenOf, type Demand } from '../budget.ts'
import { usableLeases } from '../call-lease.ts'
import { asksForItself, ownStorage } from '../own-backend.ts'
import { readJson } from '../read-json.ts'
import { keepReceipt, servedLocally, ServedBy, type WhyLocal } from '../receipt.ts'
import { throughLease } from '../unserved.ts'
import { errors, exactlyOf, facts, File, FilePath, Mime, timeoutMs } from './file.ts'
import { ownLimits, ownTenant } from './own-files.ts'

const putContract = {
  name: 'web3.storage.put',
  summary: "Stores a file in a leased storage, or the owner's own; one of the same path is replaced.",
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
    const file = fileOf(path, text, bytesBase64, mime)
    const counted = { put: 1n, byte: BigInt(file.bytes.length) }
    const answer = await throughLease(call, 'storage', leaseId, {
      method: 'POST',
      path: '/web3/resources/storage/put',
      body: { path, bytesBase64: file.bytes.toString('base64'), ...mimeOf(file) },
      timeoutMs,
      errors,
      demand: demandOf(file.bytes),
    })
    if ('why' in answer) {
      const own = asksForItself(call) ? ownStorage(call.web3) : undefined
      if (own === undefined) throw answer.error
      return putOwn(own, file, answer.why)
    }
    const { etag, size, createdAt } = await readJson(Put, call.web3, answer)
    const agreement = exactlyOf(counted, file.bytes, etag)
    return { etag, size, createdAt, servedBy: await keepReceipt(call.web3, answer, counted, agreement) }
  },
  async ({ path, text, bytesBase64, mime, leaseId }, { web3 }) => {
    const own = leaseId === undefined ? ownStorage(web3) : undefined
    return own === undefined ? undefined : putOwn(own, fileOf(path, text, bytesBase64, mime), 'market-off')
  },
  ({ text, bytesBase64, leaseId }, { web3 }) =>
    foreseenOf(web3, usableLeases(web3, 'storage', leaseId), demandOf(contentOf(text, bytesBase64))),
)

/** It is billed once for the bytes, and then for as long as they are kept. */
function demandOf({ length }: Buffer): Demand {
  return { uses: { put: 1n, byte: BigInt(length) }, keeps: BigInt(length) }
}

/** What we need of a provider's answer. */
const Put = Type.Object(File)

interface NewFile {
  readonly path: string
  readonly bytes: Buffer
  readonly mime?: string
}

async function putOwn(own: StorageBackend, file: NewFile, why: WhyLocal) {
  const { etag, size, createdAt } = await own.put(ownTenant, file, ownLimits)
  return { etag, size, createdAt, servedBy: servedLocally(why) }
}

function fileOf(
  path: string,
  text: string | undefined,
  bytesBase64: string | undefined,
  mime: string | undefined,
): NewFile {
  const type = mime ?? (text === undefined ? undefined : 'text/plain')
  return { path, bytes: contentOf(text, bytesBase64), ...mimeOf({ mime: type }) }
}

function mimeOf({ mime }: { readonly mime?: string | undefined }): { readonly mime?: string } {
  return mime === undefined ? {} : { mime }
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
