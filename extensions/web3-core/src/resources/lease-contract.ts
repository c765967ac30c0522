import { Type } from '@sinclair/typebox'
import { issueLease } from '@openclaw-market/market-core'
import { SessionKey } from '@openclaw-market/protocol/entities/policy'
import { LeaseId, OrderId } from '@openclaw-market/protocol/ids'
import type { Contract } from '@openclaw-market/protocol/operation'
import { closed, Timestamp } from '@openclaw-market/protocol/schema/scalars'
import { MarketName, OnMarket } from './market-name.ts'

export const leaseContract = {
  name: 'web3.resources.lease',
  summary: 'Leases a resource for a time and locks the most that it may cost.',
  effect: 'money',
  scope: 'write',
  params: closed({
    ...issueLease.params.properties,
    market: Type.Optional(MarketName),
    sessionKey: Type.Optional(SessionKey),
  }),
  result: closed({
    leaseId: LeaseId,
    orderId: Type.Optional(OrderId),
    expiresAt: Timestamp,
    market: OnMarket,
    stored: Type.Boolean(),
  }),
  errors: [
    'E_NOT_FOUND',
    'E_FORBIDDEN',
    'E_INSUFFICIENT_FUNDS',
    'E_QUOTA_EXCEEDED',
    'E_APPROVAL_REQUIRED',
    'E_CONFLICT',
    'E_EXPIRED',
    'E_TIMEOUT',
  ],
} as const satisfies Contract
