/** A market whose node wallet has money and something to lease, so that its budget is what decides. */
import { canonicalHash, sha256Hex } from '@openclaw-market/protocol/canonical'
import { Approvals, Spends, type Approval, type Spend } from '@openclaw-market/protocol/entities/policy'
import type { Failure } from '@openclaw-market/protocol/errors'
import type { ApprovalId, LeaseId, ResourceId, SettlementId } from '@openclaw-market/protocol/ids'
import type { Principal, RunFacts } from '@openclaw-market/protocol/principal'
import { found } from '../found.ts'
import { issueLease } from '../leases/issue.ts'
import {
  announce,
  delegate,
  does,
  fund,
  newWallet,
  openWorld,
  publish,
  type AtEnd,
  type World,
} from '../market.fixture.ts'
import { askApproval } from './ask-approval.ts'
import { getPolicy } from './get-policy.ts'
import { setPolicy } from './set-policy.ts'

export interface BudgetWorld extends World {
  readonly resourceId: ResourceId
}

export async function openBudget(backend: 'sqlite' | 'file', atEnd?: AtEnd): Promise<BudgetWorld> {
  const world = await openWorld(backend, atEnd)
  const provider = newWallet()
  announce(world.market, [provider.actorId])
  const resourceId = world.market.ids.next('res')
  const delegation = await delegate(world, provider, resourceId, 'llm', 365 * 86_400_000)
  await publish(world, { resourceId, delegation }, provider.who)
  await fund(world, world.market.address, 1_000_000n)
  return { ...world, resourceId }
}

export function runBy(world: World, run: RunFacts, owner = true): Principal {
  return { kind: 'node', actorId: world.market.address, owner, run }
}

let tokens = 0

export function wishFor({ resourceId }: BudgetWorld, maxCost: bigint) {
  tokens += 1
  return { resourceId, ttlMs: 60_000, maxCost: maxCost.toString(), tokenHash: sha256Hex(`tok ${tokens}`) }
}

/** As a door does: the parameters to the letter, without the token that is made for each try. */
export function asking(who: Principal, params: object): Principal {
  if (who.kind !== 'node') return who
  return { ...who, request: { capability: 'web3.resources.lease', paramsHash: canonicalHash(params) } }
}

export interface Leased {
  readonly leaseId: LeaseId
  readonly settlementId: SettlementId
  readonly tokenHash: string
}

/** @returns the lease, or why it was not to be had */
export async function lease(
  world: BudgetWorld,
  maxCost: bigint,
  who: Principal = world.node,
): Promise<Leased | Failure> {
  const wish = wishFor(world, maxCost)
  const asked = asking(who, { resourceId: world.resourceId, ttlMs: 60_000, maxCost: maxCost.toString() })
  const answer = await world.market.run(issueLease, wish, asked)
  return answer.ok ? { ...(answer as unknown as Leased), tokenHash: wish.tokenHash } : answer
}

export async function leases(world: BudgetWorld, maxCost: bigint, who?: Principal): Promise<Leased> {
  const answer = await lease(world, maxCost, who)
  if ('error' in answer) throw new Error(`was refused: ${JSON.stringify(answer)}`)
  return answer
}

export async function refusedLease(world: BudgetWorld, maxCost: bigint, who?: Principal): Promise<Failure> {
  const answer = await lease(world, maxCost, who)
  if ('error' in answer) return answer
  throw new Error('was not refused')
}

export async function allow(world: World, allowance: object) {
  const { allowanceId } = await does(world, setPolicy, { allow: allowance }, world.node)
  if (allowanceId === undefined) throw new Error('no allowance was made')
  return allowanceId
}

/** Asks for leave to lease for this much. */
export async function ask(
  world: BudgetWorld,
  maxCost: bigint,
  who: Principal = world.node,
): Promise<ApprovalId> {
  const asked = asking(who, { resourceId: world.resourceId, ttlMs: 60_000, maxCost: maxCost.toString() })
  return (await does(world, askApproval, { currency: 'USDC', amount: maxCost.toString() }, asked)).approvalId
}

export async function used(
  world: World,
  who: Principal = world.node,
): Promise<readonly (bigint | undefined)[]> {
  return (await does(world, getPolicy, {}, who)).allowances.map((each) => each.used)
}

export function approvalNow({ market }: World, approvalId: ApprovalId): Promise<Approval> {
  return market.store.read({ as: 'market' }, async (tx) =>
    found(await tx.get(Approvals, approvalId), 'approval', approvalId),
  )
}

export async function spendsNow({ market }: World): Promise<readonly Spend[]> {
  const page = await market.store.read({ as: 'market' }, (tx) => tx.list(Spends, { limit: 1_000 }))
  return page.items
}
