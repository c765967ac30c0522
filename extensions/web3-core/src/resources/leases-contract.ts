import { Type } from '@sinclair/typebox'
import { listLeases } from '@openclaw-market/market-core'
import type { Contract } from '@openclaw-market/protocol/operation'
import { nextCursor } from '@openclaw-market/protocol/schema/paging'
import { closed } from '@openclaw-market/protocol/schema/scalars'
import { LeaseView } from '@openclaw-market/protocol/views/lease'
import { MarketName, OnMarket, Unreachable } from './market-name.ts'

export const leasesContract = {
  name: 'web3.resources.leases',
  summary: 'Your leases, on either side, newest first, with usage and money.',
  effect: 'read',
  scope: 'read',
  params: closed({ ...listLeases.params.properties, market: Type.Optional(MarketName) }),
  result: closed({
    leases: Type.Array(closed({ ...LeaseView.properties, market: OnMarket })),
    unreachable: Unreachable,
    nextCursor,
  }),
  errors: ['E_NOT_FOUND', 'E_TIMEOUT'],
} as const satisfies Contract
