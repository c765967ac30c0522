/**
 * The consumer's vault: the tokens of the leases that this gateway has taken, encrypted, in a file of its own outside
 * the store (DESIGN §8). A token is made here, pending, before anything is paid; the market gets only its hash. So a
 * crash on the way leaves either nothing paid or a pending entry by whose idempotency key the same lease is asked for
 * again, never a lease that was paid and cannot be used.
 */
import { randomBytes } from 'node:crypto'
import type { SecretBox } from '@openclaw-market/market-core'
import { sha256Hex } from '@openclaw-market/protocol/canonical'
import { MarketError } from '@openclaw-market/protocol/errors'
import type { LeaseId } from '@openclaw-market/protocol/ids'
import type { EndWish } from './end-wish.ts'
import { entryOfLease, maxLive, withoutToken } from './vault-entry.ts'
import type { Entries, StoredEntry, VaultEntry } from './vault-entry.ts'
import { vaultFile } from './vault-file.ts'
import { vaultWriter } from './vault-writer.ts'

export type { VaultEntry }

export type NewVaultEntry = Pick<VaultEntry, 'market' | 'resourceId' | 'kind' | 'idempotencyKey'> &
  Partial<
    Pick<
      VaultEntry,
      'baseUrl' | 'label' | 'maxCost' | 'currency' | 'requestHash' | 'sessionKey' | 'providerActorId'
    >
  >

/** What the market answered. */
export type LeaseInfo = { readonly leaseId: LeaseId } & Partial<
  Pick<VaultEntry, 'orderId' | 'baseUrl' | 'label' | 'maxCost' | 'currency' | 'expiresAt'>
>

export type VaultFilter = Partial<Pick<VaultEntry, 'state' | 'kind' | 'market' | 'resourceId' | 'sessionKey'>>

/**
 * Every change is on disk when it resolves. A change may also end in E_UNAVAILABLE when the file cannot be written, and
 * in E_INVALID_ARGUMENT when an entry breaks its schema; the reads below show the last change that is on disk.
 */
export interface Vault {
  /**
   * Makes a token and keeps it as pending. The same idempotency key on the same market again gives the entry that it
   * has made. @throws MarketError E_CONFLICT when that was for another request, E_UNAVAILABLE when the vault is full.
   */
  addPending(entry: NewVaultEntry): Promise<VaultEntry>
  /** The lease exists. Again with the same lease: no change. @throws MarketError E_NOT_FOUND, E_CONFLICT. */
  activate(tokenHash: string, lease: LeaseInfo): Promise<VaultEntry>
  /** The lease surely does not exist. Without an entry: no change. @throws MarketError E_CONFLICT when it is not pending. */
  discard(tokenHash: string): Promise<void>
  /** The owner wishes to end the lease; undefined: not any more. @throws MarketError E_NOT_FOUND, E_CONFLICT when it has ended. */
  wishEnd(leaseId: LeaseId, wish: EndWish | undefined): Promise<VaultEntry>
  /** The lease has ended. Again: no change. @throws MarketError E_NOT_FOUND. */
  close(leaseId: LeaseId): Promise<VaultEntry>
  byLease(leaseId: LeaseId): VaultEntry | undefined
  /** Newest first, without tokens. */
  list(filter?: VaultFilter): readonly VaultEntry[]
  /** Whose outcome is not known yet: ask again with their idempotency keys. */
  pending(): readonly VaultEntry[]
  /**
   * The token itself, for the Authorization header and the owner's terminal; of a closed lease too while it is kept,
   * since what was stored may outlive a lease. @throws MarketError E_NOT_FOUND.
   */
  token(leaseId: LeaseId): string
}

export interface VaultOptions {
  readonly file: string
  /** With the key of this purpose: `consumer-vault`. */
  readonly box: SecretBox
  readonly now: () => number
}

/** @throws MarketError E_NOT_CONFIGURED when the file was changed or has another key; the file is left as it is. */
export async function openVault({ file, box, now }: VaultOptions): Promise<Vault> {
  const writer = await vaultWriter(vaultFile(file, box), now)

  const list = (filter: VaultFilter = {}): readonly VaultEntry[] =>
    [...writer.entries().values()]
      .filter((entry) => matches(entry, filter))
      .sort((a, b) => b.createdAt - a.createdAt)
      .map(withoutToken)

  return {
    addPending: (entry) =>
      writer.change((entries) => {
        const earlier = ofKey(entries, entry)
        if (earlier !== undefined) return { result: withoutToken(earlier) }
        if (live(entries) >= maxLive) throw full()
        const token = `tok_${randomBytes(32).toString('base64url')}`
        const put: StoredEntry = {
          ...entry,
          tokenHash: sha256Hex(token),
          token,
          state: 'pending',
          createdAt: now(),
        }
        return { result: withoutToken(put), put }
      }),
    activate: (tokenHash, lease) =>
      writer.change((entries) => {
        const entry = entries.get(tokenHash)
        if (entry === undefined) throw notFound()
        if (entry.leaseId === lease.leaseId) return { result: withoutToken(entry) }
        if (entry.state !== 'pending') throw conflict('this token belongs to another lease already')
        // A market that answers with the id of a lease of another one would be sent that one's token.
        if (entryOfLease(entries, lease.leaseId) !== undefined)
          throw conflict('this lease has another token already')
        const put: StoredEntry = { ...entry, ...lease, state: 'active' }
        return { result: withoutToken(put), put }
      }),
    discard: (tokenHash) =>
      writer.change((entries) => {
        const entry = entries.get(tokenHash)
        if (entry === undefined) return { result: undefined }
        if (entry.state !== 'pending') throw conflict('the lease of this token exists')
        return { result: undefined, remove: tokenHash }
      }),
    wishEnd: (leaseId, wish) =>
      writer.change((entries) => {
        const entry = entryOfLease(entries, leaseId)
        if (entry === undefined) throw notFound()
        if (entry.state === 'closed') throw conflict('the lease has ended')
        const { ending: _, ...unwished } = entry
        const put: StoredEntry = wish === undefined ? unwished : { ...unwished, ending: wish }
        return { result: withoutToken(put), put }
      }),
    close: (leaseId) =>
      writer.change((entries) => {
        const entry = entryOfLease(entries, leaseId)
        if (entry === undefined) throw notFound()
        if (entry.state === 'closed') return { result: withoutToken(entry) }
        const { ending: _, ...ended } = entry
        const put: StoredEntry = { ...ended, state: 'closed', closedAt: now() }
        return { result: withoutToken(put), put }
      }),
    byLease: (leaseId) => {
      const entry = entryOfLease(writer.entries(), leaseId)
      return entry === undefined ? undefined : withoutToken(entry)
    },
    list,
    pending: () => list({ state: 'pending' }),
    token: (leaseId) => {
      const entry = entryOfLease(writer.entries(), leaseId)
      if (entry === undefined) throw notFound()
      return entry.token
    },
  }
}

/** The entry that this market and key have made already. @throws MarketError E_CONFLICT when it was for another resource. */
function ofKey(
  entries: Entries,
  { market, idempotencyKey, resourceId, requestHash }: NewVaultEntry,
): StoredEntry | undefined {
  const entry = [...entries.values()].find((e) => e.market === market && e.idempotencyKey === idempotencyKey)
  if (entry !== undefined && entry.resourceId !== resourceId)
    throw conflict('this idempotencyKey was used for another resource')
  if (entry?.requestHash !== undefined && requestHash !== undefined && entry.requestHash !== requestHash)
    throw conflict('this idempotencyKey was used for another lease of this resource')
  return entry
}

function matches(entry: StoredEntry, filter: VaultFilter): boolean {
  return (
    (filter.state === undefined || entry.state === filter.state) &&
    (filter.kind === undefined || entry.kind === filter.kind) &&
    (filter.market === undefined || entry.market === filter.market) &&
    (filter.resourceId === undefined || entry.resourceId === filter.resourceId) &&
    (filter.sessionKey === undefined || entry.sessionKey === filter.sessionKey)
  )
}

function live(entries: Entries): number {
  return [...entries.values()].filter(({ state }) => state !== 'closed').length
}

function notFound(): MarketError {
  return new MarketError('E_NOT_FOUND', 'the vault has no such lease', {
    hint: 'List the leases ({{web3.resources.leases}}), or lease the resource.',
  })
}

function conflict(message: string): MarketError {
  return new MarketError('E_CONFLICT', message, {
    hint: 'Look the lease up ({{web3.resources.leases}}) before going on.',
  })
}

function full(): MarketError {
  return new MarketError('E_UNAVAILABLE', `the vault holds its limit of ${maxLive} leases`, {
    details: { limit: maxLive },
    hint: 'Complete or revoke leases that are no longer needed.',
  })
}
