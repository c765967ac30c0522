import { Type, type Static } from '@sinclair/typebox'
import { given } from '@openclaw-market/market-core'
import { invalidArgument } from '@openclaw-market/protocol/schema/codec'
import { LeaseId } from '@openclaw-market/protocol/ids'
import type { Contract } from '@openclaw-market/protocol/operation'
import { nextCursor, paging } from '@openclaw-market/protocol/schema/paging'
import { closed, literals } from '@openclaw-market/protocol/schema/scalars'
import { capability, type Call } from '../../capabilities/capability.ts'
import type { StorageBackend, StoredFile } from '../../provider/backends/backend.ts'
import { asksForItself, ownStorage } from '../own-backend.ts'
import { servedLocally, ServedBy, type WhyLocal } from '../receipt.ts'
import { errors, facts, FileLine } from './file.ts'
import { filesOf, pageOf, type FilesAsked } from './lease-files.ts'
import { ownTenant } from './own-files.ts'

const Line = closed({
  ...FileLine.properties,
  source: literals(['lease', 'local'], "local: in the owner's own storage"),
})

const listContract = {
  name: 'web3.storage.list',
  summary: "Lists the files in a leased storage, by path, and then the owner's own.",
  effect: 'money',
  scope: 'write',
  params: closed({
    prefix: Type.Optional(
      Type.String({ minLength: 1, maxLength: 512, description: 'only paths that begin so' }),
    ),
    leaseId: Type.Optional(LeaseId),
    ...paging,
  }),
  result: closed({ files: Type.Array(Line), nextCursor, servedBy: ServedBy }),
  errors: [...errors],
} as const satisfies Contract

export const listFilesCapability = capability(
  listContract,
  {
    ...facts,
    whenToUse: 'To see what is stored.',
    whenNotToUse: 'To read one file: get does that.',
    returns: 'files with size and etag, a page at a time; why: only those of its own could be listed.',
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
    const ask = given({ prefix, limit })
    const own = leaseId === undefined && asksForItself(call) ? ownStorage(call.web3) : undefined
    if (own === undefined) {
      const page = await leased(call, leaseId, cursor === undefined ? ask : { ...ask, cursor })
      if ('why' in page) throw page.error
      return page
    }
    const [place, within] = cursor === undefined ? [undefined, undefined] : placeOf(cursor)
    if (place === 'local') return ownPage(own, within === undefined ? ask : { ...ask, cursor: within })
    const page = await leased(call, place, within === undefined ? ask : { ...ask, cursor: within })
    if ('why' in page) return ownPage(own, ask, page.why)
    const { nextCursor: more, ...listed } = page
    if (more !== undefined) return { ...listed, nextCursor: `${listed.servedBy.leaseId}~${more}` }
    const room = (limit ?? pageSize) - listed.files.length
    const rest = await ownPage(own, { ...ask, limit: Math.max(room, 1) })
    if (room > 0) return { ...rest, servedBy: listed.servedBy, files: [...listed.files, ...rest.files] }
    return rest.files.length === 0 ? listed : { ...listed, nextCursor: 'local~' }
  },
  async ({ prefix, limit, cursor, leaseId }, { web3 }) => {
    const own = leaseId === undefined ? ownStorage(web3) : undefined
    if (own === undefined) return undefined
    const [place, within] = cursor === undefined ? [undefined, undefined] : placeOf(cursor)
    const ask = given({ prefix, limit })
    const on = place === 'local' && within !== undefined
    return ownPage(own, on ? { ...ask, cursor: within } : ask, 'market-off')
  },
)

const pageSize = 50
type Page = Static<typeof listContract.result>

async function leased(call: Call, leaseId: LeaseId | undefined, ask: FilesAsked) {
  const answer = await pageOf(call, leaseId, ask)
  if ('why' in answer) return answer
  const { leaseId: _leaseId, files, ...page } = await filesOf(call, answer)
  return { ...page, files: files.map((file) => ({ ...file, source: 'lease' as const })) }
}

async function ownPage(own: StorageBackend, ask: FilesAsked, why?: WhyLocal): Promise<Page> {
  const { files, nextCursor: more } = await own.list(ownTenant, ask)
  return {
    files: files.map((file: StoredFile) => ({ ...file, source: 'local' as const })),
    servedBy: servedLocally(why),
    ...(more === undefined ? {} : { nextCursor: `local~${more}` }),
  }
}

/** A cursor of ours names where it stands: in which lease, or in the owner's own storage. */
function placeOf(cursor: string): readonly ['local' | LeaseId, string | undefined] {
  const [, place, within = ''] = /^(local|lease_[0-9A-Za-z]+)~(.*)$/s.exec(cursor) ?? []
  if (place === undefined)
    throw invalidArgument({ pointer: '/cursor', rule: 'cursor', message: 'is not a cursor of this list' })
  // No branded type comes out of a pattern; one that names no lease of ours is not found.
  return [place === 'local' ? place : (place as LeaseId), within === '' ? undefined : within]
}
