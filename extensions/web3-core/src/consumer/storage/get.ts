import { Type } from '@sinclair/typebox'
import { isMarketError, MarketError } from '@openclaw-market/protocol/errors'
import { LeaseId } from '@openclaw-market/protocol/ids'
import type { Contract } from '@openclaw-market/protocol/operation'
import { closed } from '@openclaw-market/protocol/schema/scalars'
import { capability, type Call } from '../../capabilities/capability.ts'
import type { StorageBackend } from '../../provider/backends/backend.ts'
import type { LeaseAnswer } from '../call-lease.ts'
import { asksForItself, ownStorage } from '../own-backend.ts'
import { readJson } from '../read-json.ts'
import { keepReceipt, servedLocally, ServedBy, type WhyLocal } from '../receipt.ts'
import { throughLease, type Unserved } from '../unserved.ts'
import { errors, exactlyOf, facts, File, FilePath, timeoutMs } from './file.ts'
import { filesOf, pageOf } from './lease-files.ts'
import { ownFile, ownTenant } from './own-files.ts'

const getContract = {
  name: 'web3.storage.get',
  summary: "Reads a file back from a leased storage, or the owner's own: the newer, where both have it.",
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
    const own = leaseId === undefined && asksForItself(call) ? ownStorage(call.web3) : undefined
    const mine = own === undefined ? undefined : await ownFile(own, path)
    if (own === undefined || mine === undefined) {
      const answer = await fromLease(call, path, leaseId)
      if ('why' in answer) throw own === undefined ? answer.error : notHere(answer)
      return read(call, answer)
    }
    // Put here while no lease served, and perhaps put again since into one that does.
    const theirs = await newest(call, path)
    if ('why' in theirs) return getOwn(own, path, theirs.why)
    if (theirs.createdAt <= mine.createdAt) return getOwn(own, path, 'newer')
    const answer = await fromLease(call, path, theirs.leaseId)
    if ('why' in answer) throw answer.error
    return read(call, answer)
  },
  async ({ path, leaseId }, { web3 }) => {
    const own = leaseId === undefined ? ownStorage(web3) : undefined
    if (own === undefined) return undefined
    if ((await ownFile(own, path)) === undefined) throw perhapsLeased('while the market does not run')
    return getOwn(own, path, 'market-off')
  },
)

const Got = Type.Object({ bytesBase64: Type.String(), mime: Type.String(), ...File })

function fromLease(call: Call, path: string, leaseId: LeaseId | undefined) {
  return throughLease(call, 'storage', leaseId, {
    method: 'GET',
    path: `/web3/resources/storage/get?path=${encodeURIComponent(path)}`,
    accept: 'application/json',
    timeoutMs,
    errors,
    elsewhere: true,
    // How large the file is, it says itself.
    demand: { uses: undefined },
  })
}

async function read({ web3 }: Call, answer: LeaseAnswer) {
  const { bytesBase64, mime, etag, size, createdAt } = await readJson(Got, web3, answer)
  const bytes = Buffer.from(bytesBase64, 'base64')
  const counted = { get: 1n, byte: BigInt(bytes.length) }
  const servedBy = await keepReceipt(web3, answer, counted, exactlyOf(counted, bytes, etag))
  return { bytesBase64, mime, etag, size, createdAt, servedBy }
}

async function getOwn(own: StorageBackend, path: string, why: WhyLocal) {
  const { bytes, mime, etag, size, createdAt } = await own.get(ownTenant, path)
  const bytesBase64 = Buffer.from(bytes).toString('base64')
  return { bytesBase64, mime, etag, size, createdAt, servedBy: servedLocally(why) }
}

/** When the lease's file of this path was put, by a list, which costs nothing. */
async function newest(call: Call, path: string) {
  try {
    const page = await pageOf(call, undefined, { prefix: path, limit: 1 })
    if ('why' in page) return page
    const { files, leaseId } = await filesOf(call, page)
    const found = files.find((file) => file.path === path)
    return { leaseId, createdAt: found?.createdAt ?? 0 }
  } catch (error) {
    if (!isMarketError(error)) throw error
    return { why: 'not-reached', error } as const
  }
}

/** That our own storage has no such file says nothing of a lease that could not be asked. */
function notHere({ why, error }: Unserved): MarketError {
  switch (why) {
    case 'no-lease':
      return new MarketError(
        'E_NOT_FOUND',
        "there is no such file in the owner's own storage, and no active storage lease",
        {
          hint: 'See what there is with {{web3.storage.list}}; look for leases that have ended with {{web3.resources.leases}}.',
        },
      )
    case 'not-reached':
      return perhapsLeased('now')
    case 'vault-closed':
      return perhapsLeased('while the vault of lease tokens is not open')
    default:
      return error
  }
}

function perhapsLeased(when: string): MarketError {
  return new MarketError(
    'E_UNAVAILABLE',
    `the owner's own storage has no such file, and leased storage cannot be asked ${when}`,
    { hint: 'It may be there: try again later.' },
  )
}
