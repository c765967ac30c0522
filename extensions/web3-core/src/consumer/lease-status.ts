import { fromFailure } from '@openclaw-market/protocol/errors'
import type { LeaseId } from '@openclaw-market/protocol/ids'
import { codec } from '@openclaw-market/protocol/schema/codec'
import type { Web3 } from '../plugin/web3.ts'
import { leaseStatusContract } from '../resources/status-contract.ts'
import { nodePrincipal } from './node-principal.ts'

/** A lease with its newest records, as this gateway's own wallet sees it. @throws MarketError */
export async function leaseStatus(web3: Web3, leaseId: LeaseId) {
  const name = web3.registry.naming.shown(leaseStatusContract.name)
  const call = { who: nodePrincipal(web3.market()), door: 'gateway', web3 } as const
  const envelope = await web3.registry.call(name, { leaseId }, call)
  if (!envelope.ok) throw fromFailure(envelope)
  const { ok: _ok, ...answer } = envelope
  return codec(leaseStatusContract.result).decode(answer)
}
