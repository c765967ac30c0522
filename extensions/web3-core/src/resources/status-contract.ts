import { Type } from '@sinclair/typebox'
import { LeaseId } from '@openclaw-market/protocol/ids'
import type { Contract } from '@openclaw-market/protocol/operation'
import { closed } from '@openclaw-market/protocol/schema/scalars'
import { LeaseView, UsageRecordView } from '@openclaw-market/protocol/views/lease'
import { OwnCount } from '../consumer/own-count.ts'
import { OnMarket } from './market-name.ts'

export const leaseStatusContract = {
  name: 'web3.resources.status',
  summary: 'One lease with its usage records, beside what was counted here.',
  effect: 'read',
  scope: 'read',
  params: closed({ leaseId: LeaseId }),
  result: closed({
    lease: LeaseView,
    market: OnMarket,
    records: Type.Array(UsageRecordView, { description: 'the newest 200' }),
    ownCount: OwnCount,
  }),
  errors: ['E_NOT_FOUND', 'E_TIMEOUT'],
} as const satisfies Contract
