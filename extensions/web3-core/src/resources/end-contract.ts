/** Ending a lease, as the market that has it is asked. */
import { Type } from '@sinclair/typebox'
import { completeLease, revokeLease } from '@openclaw-market/market-core'
import { LeaseId } from '@openclaw-market/protocol/ids'
import type { Contract } from '@openclaw-market/protocol/operation'
import { closed, line } from '@openclaw-market/protocol/schema/scalars'
import { LeaseView } from '@openclaw-market/protocol/views/lease'
import { OnMarket } from './market-name.ts'

const result = closed({ lease: LeaseView, market: OnMarket })

export const endContracts = {
  complete: {
    name: 'web3.resources.completeLease',
    summary: completeLease.summary,
    effect: 'money',
    scope: 'write',
    params: closed({ leaseId: LeaseId }),
    result,
    errors: ['E_NOT_FOUND', 'E_CONFLICT'],
  },
  revoke: {
    name: 'web3.resources.revokeLease',
    summary: revokeLease.summary,
    effect: 'money',
    scope: 'write',
    params: closed({ leaseId: LeaseId, reason: Type.Optional(line(0, 200, 'for the other party to read')) }),
    result,
    errors: ['E_NOT_FOUND', 'E_CONFLICT'],
  },
} as const satisfies Record<string, Contract>
