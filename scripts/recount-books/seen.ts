/**
 * The books against what others saw who do not keep them: the caller its answers, the upstream what it served, the disk
 * its files.
 */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RecountedAccounts } from './accounts.ts'
import type { Findings } from './findings.ts'
import type { RecountedLease } from './leases.ts'
import { amount, integer, isRecord, list, text, totals, usageText, type RawRecord } from './raw-record.ts'

export interface Seen {
  /** The report of outside-consumer, over all leases of its wallet. */
  readonly caller?: RawRecord
  /** `GET /demo/served` of the demo model: everything that it served was served to leases. */
  readonly served?: RawRecord
  /** The model's tokens are words, so that the caller could count them itself. */
  readonly wordTokens: boolean
  /** The folder where leaseholders' files are kept. */
  readonly files?: string
}

export function readSeen(json: unknown): Seen {
  if (!isRecord(json)) throw new Error('what was seen is no JSON object')
  const { caller, served } = json
  return {
    ...(isRecord(caller) ? { caller } : {}),
    ...(isRecord(served) ? { served } : {}),
    wordTokens: json['wordTokens'] === true,
    ...(json['files'] === undefined ? {} : { files: text(json, 'files') }),
  }
}

export function compareWithSeen(
  { caller, served, wordTokens, files }: Seen,
  leases: readonly RecountedLease[],
  accounts: RecountedAccounts,
  findings: Findings,
): void {
  if (caller !== undefined) compareCaller(caller, leases, accounts, wordTokens, findings)
  if (caller !== undefined && files !== undefined) compareFiles(caller, files, findings)
  if (served !== undefined) compareServed(served, leases, findings)
}

function compareCaller(
  caller: RawRecord,
  leases: readonly RecountedLease[],
  accounts: RecountedAccounts,
  wordTokens: boolean,
  findings: Findings,
): void {
  const address = text(caller, 'address')
  const own = leases.filter(({ consumer }) => consumer === address)
  const told = new Map(list(caller, 'leases').map((each) => [text(each, 'leaseId'), each]))
  findings.same(`leases of ${address}`, own.length, told.size)
  for (const lease of own) {
    const seen = told.get(lease.leaseId)
    if (seen === undefined) findings.fail(`the caller knows nothing of ${lease.leaseId}`)
    else compareLease(lease, seen, wordTokens, findings)
  }
  const spent = own.reduce((sum, { released }) => sum + BigInt(released), 0n)
  for (const statement of list(caller, 'billing')) {
    const currency = text(statement, 'currency')
    findings.same(`spent ${currency} by the caller's bill`, amount(statement, 'spent'), spent)
    const left = accounts.balance(`available:${address}:${currency}`)
    findings.same(`available ${currency} by the caller's bill`, amount(statement, 'available'), left)
  }
}

function compareLease(lease: RecountedLease, seen: RawRecord, wordTokens: boolean, findings: Findings): void {
  const { leaseId } = lease
  findings.same(`lock of ${leaseId} as the caller signed it`, text(seen, 'locked'), lease.locked)
  findings.same(`metered of ${leaseId} as the caller read it`, text(seen, 'metered'), lease.metered)
  findings.same(`settlement of ${leaseId} as the caller read it`, text(seen, 'settlement'), lease.settlement)
  // What storage accrues by itself is no answer to a call.
  const answered = lease.records.filter(({ callId }) => callId !== undefined)
  const calls = new Map(list(seen, 'calls').map((call) => [text(call, 'requestId'), call]))
  findings.same(`calls of ${leaseId} that the caller made`, calls.size, lease.calls)
  findings.same(`records of ${leaseId} for the caller's calls`, answered.length, calls.size)
  const received = new Map<string, bigint>()
  for (const record of answered) {
    for (const [unit, quantity] of record.usage) received.set(unit, (received.get(unit) ?? 0n) + quantity)
    const call = calls.get(record.requestId)
    if (call === undefined) {
      findings.fail(`${record.id} is of a request that the caller did not make`)
      continue
    }
    findings.same(`usage of ${record.id}`, usageText(record.usage), usageText(totals(call, 'usage')))
    findings.same(`cost of ${record.id}`, record.cost, amount(call, 'cost'))
    findings.same(`seq of ${record.id}`, record.seq, integer(call, 'seq'))
    findings.same(`answer of ${record.id}`, record.responseHash, text(call, 'sha256'))
  }
  findings.same(
    `${leaseId} as the caller received it`,
    usageText(received),
    usageText(totals(seen, 'received')),
  )
  if (wordTokens && lease.kind === 'model') {
    findings.same(`words of ${leaseId}`, received.get('output_token'), BigInt(integer(seen, 'words')))
  }
}

function compareServed(served: RawRecord, leases: readonly RecountedLease[], findings: Findings): void {
  const billed = new Map<string, bigint>()
  for (const { usage } of leases.filter(({ kind }) => kind === 'model').flatMap(({ records }) => records)) {
    for (const [unit, quantity] of usage) billed.set(unit, (billed.get(unit) ?? 0n) + quantity)
  }
  const upstream = new Map([
    ['request', BigInt(integer(served, 'requests'))],
    ['input_token', BigInt(integer(served, 'input_tokens'))],
    ['output_token', BigInt(integer(served, 'output_tokens'))],
  ])
  findings.same('model usage, against what the upstream served', usageText(billed), usageText(upstream))
}

function compareFiles(caller: RawRecord, folder: string, findings: Findings): void {
  const kept = new Set(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) =>
        createHash('sha256')
          .update(readFileSync(join(entry.parentPath, entry.name)))
          .digest('hex'),
      ),
  )
  for (const lease of list(caller, 'leases')) {
    if (text(lease, 'kind') !== 'storage') continue
    for (const file of list(lease, 'files')) {
      findings.holds(
        kept.has(text(file, 'sha256')),
        `${text(file, 'path')} is not on the disk as the caller put it`,
      )
    }
  }
}
