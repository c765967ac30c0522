import { Type } from '@sinclair/typebox'
import { getResource } from '@openclaw-market/market-core'
import type { Contract } from '@openclaw-market/protocol/operation'
import { closed } from '@openclaw-market/protocol/schema/scalars'
import { ResourceDetail } from '@openclaw-market/protocol/views/resource'
import { Cached, MarketName, OnMarket } from './market-name.ts'

export const getContract = {
  name: 'web3.resources.get',
  summary: getResource.summary,
  effect: 'read',
  scope: 'read',
  params: closed({ ...getResource.params.properties, market: Type.Optional(MarketName) }),
  result: closed({ resource: ResourceDetail, market: OnMarket, cached: Type.Optional(Cached) }),
  errors: ['E_NOT_FOUND', 'E_TIMEOUT'],
} as const satisfies Contract
