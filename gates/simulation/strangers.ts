/** Whoever tries what is not theirs. Each attempt has one right answer, whatever else goes on. */
import type { TObject } from '@sinclair/typebox'
import { Calls, Leases } from '@openclaw-market/protocol/entities/lease'
import { Payouts } from '@openclaw-market/protocol/entities/money'
import { Quotes } from '@openclaw-market/protocol/entities/records'
import { Resources } from '@openclaw-market/protocol/entities/resource'
import type { ErrorCode } from '@openclaw-market/protocol/errors'
import type { Operation, QueryOperation } from '@openclaw-market/protocol/operation'
import type { Principal } from '@openclaw-market/protocol/principal'
import { accountBalance } from '../../extensions/market-core/src/market/accounts/balance.ts'
import { deposit } from '../../extensions/market-core/src/market/accounts/deposit.ts'
import { settlePayout } from '../../extensions/market-core/src/market/accounts/settle-payout.ts'
import { lapseCall } from '../../extensions/market-core/src/market/calls/lapse.ts'
import { completeLease } from '../../extensions/market-core/src/market/leases/complete.ts'
import { getLease } from '../../extensions/market-core/src/market/leases/get.ts'
import { issueLease } from '../../extensions/market-core/src/market/leases/issue.ts'
import { revokeLease } from '../../extensions/market-core/src/market/leases/revoke.ts'
import { publishResource } from '../../extensions/market-core/src/market/resources/publish.ts'
import { quoteResource } from '../../extensions/market-core/src/market/resources/quote.ts'
import { unpublishResource } from '../../extensions/market-core/src/market/resources/unpublish.ts'
import { appendUsage } from '../../extensions/market-core/src/market/usage/append.ts'
import type { Act } from './actor.ts'
import { resourceOf } from './providers.ts'
import { hash } from './wallets.ts'
import type { World } from './world.ts'

/** What may always come instead: nobody is there, or the store cannot. */
const anyway: readonly string[] = ['E_UNAVAILABLE', 'E_OUTCOME_UNKNOWN']

async function refused<P extends TObject, R extends TObject, S, F>(
  world: World,
  op: Operation<P, R, S, F> | QueryOperation<P, R>,
  params: object,
  right: readonly ErrorCode[],
  who: Principal = world.stranger.who,
): Promise<void> {
  const answer = await world.ask(op, params, who)
  if (answer === undefined) return
  const said = answer.ok ? 'ok' : answer.error
  const rights: readonly string[] = right
  if (!rights.includes(said) && !anyway.includes(said))
    world.wrong(
      `${op.name} by ${who.kind} was answered with ${said} and not ${right.join(' or ')}: ${JSON.stringify([params, answer])}`,
    )
}

/** Ends, bills, reads what belongs to others. */
const meddle: Act = async (world) => {
  const { dice } = world
  const leases = world.state.all(Leases)
  if (leases.length === 0) return
  const { leaseId, kind } = dice.one(leases)
  const calls = world.state.all(Calls).filter((each) => each.leaseId === leaseId)
  const requestId =
    calls.length > 0 && dice.oneIn(2) ? dice.one(calls).requestId : `theirs-${dice.below(2 ** 30)}`
  const unit = kind === 'model' ? 'request' : kind === 'storage' ? 'put' : 'query'
  const entry = { leaseId, requestId, outcome: 'done', usage: [{ unit, quantity: '1' }] }
  switch (dice.below(5)) {
    case 0:
      return refused(world, completeLease, { leaseId }, ['E_NOT_FOUND'])
    case 1:
      return refused(world, revokeLease, { leaseId }, ['E_NOT_FOUND'])
    case 2:
      return refused(world, appendUsage, { entry }, ['E_NOT_FOUND'])
    case 3:
      return refused(world, appendUsage, { entry }, ['E_NOT_FOUND'], dice.one(world.consumers).who)
    default:
      return refused(world, getLease, { leaseId }, ['E_NOT_FOUND'])
  }
}

/** Does what only an operator may, or only the market itself. */
const presume: Act = async (world) => {
  const { dice } = world
  const { actorId } = world.stranger
  const grant = { to: actorId, currency: 'USDC', amount: '1000', reason: 'mine now' }
  const payouts = world.state.all(Payouts)
  const calls = world.state.all(Calls)
  switch (dice.below(4)) {
    case 0:
      return refused(world, deposit, grant, ['E_FORBIDDEN'])
    case 1:
      return refused(world, accountBalance, { currency: 'USDC' }, ['E_AUTH_REQUIRED'], { kind: 'anyone' })
    case 2:
      if (payouts.length === 0) return
      return refused(world, settlePayout, { payoutId: dice.one(payouts).payoutId, outcome: 'paid' }, [
        'E_FORBIDDEN',
      ])
    default:
      if (calls.length === 0) return
      return refused(world, lapseCall, { callId: dice.one(calls).callId }, ['E_FORBIDDEN'])
  }
}

/** Offers over what others have, or in the name of others. */
const usurp: Act = async (world) => {
  const { dice } = world
  const resources = world.state.all(Resources)
  if (resources.length === 0) return
  const theirs = dice.one(resources)
  const { resourceId, kind } = theirs
  const other = dice.one(world.providers.filter((each) => each.actorId !== theirs.providerActorId))
  const honest = resourceOf(world, other, resourceId, kind)
  const forged = { ...honest, resourceId: world.ids.next('res') }
  switch (dice.below(4)) {
    case 0:
      return refused(world, publishResource, { resource: honest }, ['E_CONFLICT', 'E_FORBIDDEN'], other.who)
    case 1:
      return refused(world, publishResource, { resource: forged }, ['E_FORBIDDEN'], other.who)
    case 2:
      return refused(world, publishResource, { resource: honest }, ['E_NOT_CONFIGURED'])
    default:
      return refused(world, unpublishResource, { resourceId }, ['E_NOT_FOUND'])
  }
}

/** Leases with what somebody else has been quoted, or has signed. */
const forge: Act = async (world) => {
  const { dice, stranger } = world
  const quotes = world.state.all(Quotes).filter((each) => each.consumerActorId !== stranger.actorId)
  const resources = world.state.all(Resources).filter((each) => each.status === 'resource_published')
  if (resources.length === 0) return
  const resource = dice.one(resources)
  const { resourceId } = resource
  const ttlMs = 60_000
  const tokenHash = hash(`forged ${dice.below(2 ** 30)}`)
  const gone: readonly ErrorCode[] = ['E_NOT_FOUND', 'E_CONFLICT', 'E_EXPIRED']
  if (quotes.length > 0 && dice.oneIn(2)) {
    const quote = dice.one(quotes)
    const theirs = [...world.signed].find(([, words]) => words['quoteId'] === quote.quoteId)?.[0]
    const consentSignature = theirs ?? stranger.sign({ domain: {}, primaryType: 'Consent', message: {} })
    const wish = { resourceId: quote.resourceId, ttlMs: quote.ttlMs, maxCost: '1' }
    return refused(world, issueLease, { ...wish, quoteId: quote.quoteId, consentSignature, tokenHash }, [
      'E_NOT_FOUND',
    ])
  }
  const quote = await world.ask(quoteResource, { resourceId, ttlMs, maxCost: '5' }, stranger.who)
  if (quote?.ok !== true) return
  const { quoteId, typedData } = quote
  const consentSignature = dice.one(world.consumers).sign(typedData)
  const wish = { resourceId, ttlMs, maxCost: '5', quoteId, consentSignature, tokenHash }
  return refused(world, issueLease, wish, ['E_FORBIDDEN', ...gone])
}

/** A provider that leases from itself would pay nobody. */
const lendToOneself: Act = async (world) => {
  const resources = world.state.all(Resources)
  const mine = resources.filter((each) => each.status === 'resource_published')
  if (mine.length === 0) return
  const { resourceId, providerActorId } = world.dice.one(mine)
  const owner = world.everyone.find((each) => each.actorId === providerActorId)
  const tokenHash = hash(`own ${world.dice.below(2 ** 30)}`)
  const params = { resourceId, ttlMs: 60_000, maxCost: '5', tokenHash }
  await refused(world, issueLease, params, ['E_FORBIDDEN', 'E_NOT_FOUND'], owner?.who)
}

export const strangerActs: readonly (readonly [number, Act])[] = [
  [6, meddle],
  [2, presume],
  [3, usurp],
  [3, forge],
  [1, lendToOneself],
]
