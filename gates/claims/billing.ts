import { core, protocol, type Area } from './claim.ts'

const market = `${core}/market`
const calling = `${market}/calls/calls.test.ts`
const unknown = `${market}/calls/unknown.test.ts`
const appending = `${market}/usage/append.test.ts`
const endings = `${market}/leases/endings.test.ts`

export const billingClaims: Area = {
  title: 'What a lease costs',
  against: 'Both sides of a lease, and callers that race each other.',
  claims: [
    {
      claim: 'A cost that a provider states is compared with the computed one, never believed.',
      file: `${market}/usage/bill.ts`,
      enforcedBy: 'checkStated',
      caughtBy: { file: appending, test: 'is checked, priced here, and written once' },
      loss: {
        line: 'if (stated === undefined || stated === cost) return',
        replacement: 'if (stated === undefined || stated >= 0n) return',
      },
    },
    {
      claim: 'What is metered never exceeds what was locked.',
      file: `${market}/calls/open.ts`,
      enforcedBy: 'assertWithin',
      caughtBy: { file: appending, test: 'is checked, priced here, and written once' },
      loss: { line: 'if (reserve <= left) return', replacement: 'if (reserve <= maxCost + 10n) return' },
    },
    {
      claim: 'A checkpoint stays within the reserve of its call.',
      file: `${market}/calls/checkpoint.ts`,
      enforcedBy: 'checkpointCall',
      caughtBy: {
        file: calling,
        test: 'opens, is checkpointed, and is billed what it used by the running total',
      },
      loss: { line: 'if (most > call.reserved) {', replacement: 'if (most < 0n) {' },
    },
    {
      claim: 'Calls that race each other cannot share one budget.',
      file: `${market}/calls/gate.ts`,
      enforcedBy: 'reserveFor',
      caughtBy: { file: calling, test: 'cannot share one budget with the calls that race it' },
      loss: {
        line: 'assertWithin(lease, base, pending)',
        replacement: 'assertWithin(lease, base)',
      },
    },
    {
      claim: 'What an unknown call may still cost stays frozen until it is corrected or its window is over.',
      file: `${core}/settlement/end-lease.ts`,
      enforcedBy: 'moves',
      caughtBy: {
        file: unknown,
        test: 'holds its reserve back when the lease is completed, and gives it back corrected or lapsed',
      },
      loss: {
        line: 'const returnable = settlement.locked - settlement.refundedSoFar - lease.metered - lease.reserved',
        replacement: 'const returnable = settlement.locked - settlement.refundedSoFar - lease.metered',
      },
    },
    {
      claim: 'A call is never billed more than was reserved for it, also when it is corrected.',
      file: `${market}/usage/bill.ts`,
      enforcedBy: 'bill',
      caughtBy: {
        file: unknown,
        test: 'bills what is known, keeps the rest frozen, and is corrected once within the reserve',
      },
      loss: {
        line: 'else if (cost > call.reserved - call.billed) throw overReserve(cost, call.reserved - call.billed)',
        replacement: 'else if (cost > call.reserved) throw overReserve(cost, call.reserved)',
      },
    },
    {
      claim: 'An unknown call cannot be corrected when its window is over.',
      file: `${market}/usage/bill.ts`,
      enforcedBy: 'repeated',
      caughtBy: {
        file: unknown,
        test: 'that nobody corrects lapses when its window is over, and cannot be corrected then',
      },
      loss: {
        line: 'if (call.dueAt === undefined || now < call.dueAt) return undefined',
        replacement: 'if (now >= 0) return undefined',
      },
    },
    {
      claim: 'A correction takes back nothing that is on record.',
      file: `${market}/usage/bill.ts`,
      enforcedBy: 'bill',
      caughtBy: {
        file: unknown,
        test: 'bills what is known, keeps the rest frozen, and is corrected once within the reserve',
      },
      loss: {
        line: 'if (step === undefined) throw shrinking()',
        replacement: 'if (step === undefined) return { result: state.record! }',
      },
    },
    {
      claim: 'What was metered is paid only when the consumer accepts it or the dispute window is over.',
      file: `${core}/settlement/end-lease.ts`,
      enforcedBy: 'moves',
      caughtBy: {
        file: endings,
        test: 'pays what was metered, at once or when the window is over, and the rest returns at once',
      },
      loss: {
        line: 'const due = accepted(lease) || now >= closesAt',
        replacement: 'const due = accepted(lease) || now > 0',
      },
    },
    {
      claim: 'A settled lease pays no more.',
      file: `${core}/settlement/end-lease.ts`,
      enforcedBy: 'moves',
      caughtBy: {
        file: endings,
        test: 'cuts calls that do not drain: they bill their checkpoint, may be corrected, and close with the window',
      },
      loss: {
        line: 'lease.metered - settlement.releasedSoFar : 0n',
        replacement: 'lease.metered : 0n',
      },
    },
    {
      claim: 'A lease that has ended cannot end again, and nothing is billed on it.',
      file: `${protocol}/states/tables.ts`,
      enforcedBy: 'leaseMachine',
      caughtBy: { file: endings, test: 'is final: it cannot end again, and nothing is billed on it' },
      loss: {
        line: 'lease_completed: [],\n  lease_revoked: [],\n  lease_expired: [],',
        replacement:
          "lease_completed: ['lease_ending'],\n  lease_revoked: ['lease_ending'],\n  lease_expired: ['lease_ending'],",
      },
    },
    {
      claim: 'A request id is executed and billed once.',
      file: `${market}/calls/gate.ts`,
      enforcedBy: 'callGate',
      caughtBy: {
        file: calling,
        test: 'has a request id of its own: repeated, in flight, or of another body it is refused',
      },
      loss: {
        line: 'if (earlier !== undefined) throw sameRequest(earlier.bodyHash === bodyHash)',
        replacement: '',
      },
    },
    {
      claim: 'A usage record is chained to the one before it by its hash, and its number has no gap.',
      file: `${market}/usage/record.ts`,
      enforcedBy: 'record',
      caughtBy: {
        file: calling,
        test: 'opens, is checkpointed, and is billed what it used by the running total',
      },
      loss: {
        line: '...(lease.usageHead === undefined ? {} : { previousHash: lease.usageHead }),',
        replacement: '',
      },
    },
    {
      claim: 'The same stored bytes never accrue under two leases of one consumer at a time.',
      file: `${market}/leases/kept-files.ts`,
      enforcedBy: 'keptFiles',
      caughtBy: {
        file: `${market}/leases/storage.test.ts`,
        test: 'gives a consumer one lease of a storage at a time, so that no byte accrues twice',
      },
      loss: { line: 'if (earlier.endedAt === undefined) {', replacement: 'if (earlier.createdAt > now) {' },
    },
  ],
}
