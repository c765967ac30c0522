import { Type, type Static } from '@sinclair/typebox'
import {
  aboveLimit,
  Allowances,
  allowancePeriods,
  Approvals,
  mostAllowances,
  mostTopUps,
  Whose,
  type Allowance,
  type Approval,
} from '@openclaw-market/protocol/entities/policy'
import { MarketError } from '@openclaw-market/protocol/errors'
import { AllowanceId, ApprovalId } from '@openclaw-market/protocol/ids'
import { insert, operation, remove, update, type DecideContext } from '@openclaw-market/protocol/operation'
import { idempotencyKey } from '@openclaw-market/protocol/schema/paging'
import { Amount, closed, CurrencySymbol, literals } from '@openclaw-market/protocol/schema/scalars'
import { transition } from '@openclaw-market/protocol/states/machine'
import { approvalMachine, type ApprovalStatus } from '@openclaw-market/protocol/states/tables'
import { knownCurrency } from '../currency.ts'
import { found } from '../found.ts'
import { positive } from '../positive.ts'
import { allowancesOf } from './load-budget.ts'
import { whoseBudget } from './whose-budget.ts'

const changes = ['allow', 'topUp', 'remove', 'approve', 'deny'] as const

const params = closed(
  {
    allow: Type.Optional(
      closed(
        {
          per: literals(
            allowancePeriods,
            'call: each at most; day: within 24 hours, rolling; session: one session key, 30 days',
          ),
          whose: Type.Optional(
            Type.Object(Whose.properties, {
              additionalProperties: false,
              description:
                'absent parts: anybody; only one that names a sender lets others than the owner spend',
            }),
          ),
          currency: CurrencySymbol,
          limit: Amount,
          above: Type.Optional(literals(aboveLimit, 'what happens above it; ask when absent')),
        },
        { description: 'an allowance; one for the same per, whose and currency is replaced' },
      ),
    ),
    topUp: Type.Optional(
      closed(
        {
          allowanceId: AllowanceId,
          amount: Amount,
          forMs: Type.Integer({ minimum: 60_000, maximum: 2_592_000_000 }),
        },
        { description: 'adds to the limit of one for a time' },
      ),
    ),
    remove: Type.Optional(AllowanceId),
    approve: Type.Optional(ApprovalId),
    deny: Type.Optional(ApprovalId),
    idempotencyKey,
  },
  { description: 'exactly one change', oneOf: changes.map((each) => ({ required: [each] })) },
)
type Params = Static<typeof params>

type Change = {
  readonly [K in (typeof changes)[number]]: { readonly is: K; readonly to: NonNullable<Params[K]> }
}

/** The owner's own word on the budget, from inside its gateway or by its wallet. */
export const setPolicy = operation({
  name: 'market.policy.set',
  summary: 'Sets, raises or removes an allowance, or answers a request for approval.',
  effect: 'write',
  scope: 'write',
  params,
  result: closed({
    allowanceId: Type.Optional(AllowanceId),
    approvalId: Type.Optional(ApprovalId),
    number: Type.Optional(Type.Integer({ description: 'of the allowance, as the owner names it' })),
  }),
  errors: ['E_NOT_FOUND', 'E_CONFLICT', 'E_EXPIRED'],
  callers: ['node', 'wallet', 'operator'],
  idempotency: 'key',
  async load(tx, input, { who, rules }) {
    // What is malformed is told so first, whoever asks.
    const change = changeOf(input)
    const actorId = await whoseBudget(tx, who, rules)
    const approvalId = input.approve ?? input.deny
    const approval = approvalId === undefined ? undefined : await tx.get(Approvals, approvalId)
    return {
      change,
      actorId,
      allowances: await allowancesOf(tx, actorId),
      approval: approval?.actorId === actorId ? approval : undefined,
    }
  },
  decide({ change, actorId, allowances, approval }, _input, context) {
    ownerAlone(context)
    switch (change.is) {
      case 'allow':
        return allow(allowances, { actorId, ...change.to }, context)
      case 'topUp':
        return topUp(allowances, change.to, context)
      case 'remove': {
        const { allowanceId, number } = allowanceOf(allowances, change.to)
        return {
          result: { allowanceId, number },
          subjects: [allowanceId],
          writes: [remove(Allowances, allowanceId)],
        }
      }
      case 'approve':
        return answer(found(approval, 'approval', change.to), 'approval_granted', context)
      case 'deny':
        return answer(found(approval, 'approval', change.to), 'approval_denied', context)
    }
  },
})

type Context = Pick<DecideContext, 'who' | 'now' | 'ids' | 'rules'>

function ownerAlone({ who }: Context): void {
  if (who.kind !== 'node' || who.owner) return
  throw new MarketError('E_FORBIDDEN', 'only the owner changes what may be spent', {
    details: { rule: 'owner-only', effect: 'write' },
    hint: 'The owner does it with /allowance.',
  })
}

function changeOf(input: Params): Change[keyof Change] {
  const { allow: given, topUp: raised, remove: removed, approve, deny, ...rest } = input
  const asked: Change[keyof Change][] = [
    ...(given === undefined ? [] : [{ is: 'allow' as const, to: given }]),
    ...(raised === undefined ? [] : [{ is: 'topUp' as const, to: raised }]),
    ...(removed === undefined ? [] : [{ is: 'remove' as const, to: removed }]),
    ...(approve === undefined ? [] : [{ is: 'approve' as const, to: approve }]),
    ...(deny === undefined ? [] : [{ is: 'deny' as const, to: deny }]),
  ]
  const [change, another] = asked
  if (change !== undefined && another === undefined) return change
  const place = another === undefined ? '/allow' : `/${another.is}`
  throw new MarketError('E_INVALID_ARGUMENT', `${place}: give exactly one of ${changes.join(', ')}`, {
    details: { pointer: place, rule: 'one-of' },
    hint: Object.keys(rest).length === 0 ? 'Say what is to change.' : 'Send one change at a time.',
  })
}

type Wanted = Change['allow']['to'] & Pick<Allowance, 'actorId'>

function allow(allowances: readonly Allowance[], wanted: Wanted, { now, ids, rules }: Context) {
  const { actorId, per, whose = {}, currency, limit, above = 'ask' } = wanted
  knownCurrency(rules, currency, '/allow/currency')
  const before = allowances.find(
    (each) => each.per === per && each.currency === currency && sameWhose(each.whose, whose),
  )
  if (before !== undefined) {
    const { allowanceId, number } = before
    return {
      result: { allowanceId, number },
      subjects: [allowanceId],
      writes: [update(Allowances, { ...before, limit, above })],
    }
  }
  if (allowances.length >= mostAllowances) {
    throw new MarketError('E_CONFLICT', `there are ${mostAllowances} allowances already`, {
      details: { limit: mostAllowances },
      hint: 'Remove one that is not needed any more: /allowance off <number>.',
    })
  }
  const allowanceId = ids.next('alw')
  const number = Math.max(0, ...allowances.map((each) => each.number)) + 1
  return {
    result: { allowanceId, number },
    subjects: [allowanceId],
    writes: [
      insert(Allowances, {
        allowanceId,
        actorId,
        number,
        per,
        whose,
        currency,
        limit,
        above,
        topUps: [],
        createdAt: now,
      }),
    ],
  }
}

function sameWhose(a: Whose, b: Whose): boolean {
  return (
    a.agentId === b.agentId &&
    a.sessionKey === b.sessionKey &&
    a.sender?.channel === b.sender?.channel &&
    a.sender?.id === b.sender?.id
  )
}

function topUp(allowances: readonly Allowance[], wanted: Change['topUp']['to'], { now }: Context) {
  const { allowanceId, amount, forMs } = wanted
  positive(amount, '/topUp/amount')
  const of = allowanceOf(allowances, allowanceId)
  const topUps = of.topUps.filter(({ expiresAt }) => expiresAt > now)
  if (topUps.length >= mostTopUps) {
    throw new MarketError('E_CONFLICT', `allowance ${of.number} has ${mostTopUps} top-ups already`, {
      details: { limit: mostTopUps },
      hint: 'Raise the allowance itself, or wait until one of them is over.',
    })
  }
  return {
    result: { allowanceId, number: of.number },
    subjects: [allowanceId],
    writes: [update(Allowances, { ...of, topUps: [...topUps, { amount, expiresAt: now + forMs }] })],
  }
}

function allowanceOf(allowances: readonly Allowance[], allowanceId: AllowanceId): Allowance {
  return found(
    allowances.find((each) => each.allowanceId === allowanceId),
    'allowance',
    allowanceId,
  )
}

function answer(approval: Approval, to: ApprovalStatus, { now }: Context) {
  const { approvalId, expiresAt } = approval
  const status = transition(approvalMachine, approval.status, to, `approval ${approvalId}`)
  if (expiresAt <= now) {
    throw new MarketError('E_EXPIRED', `${approvalId} was to be answered within an hour`, {
      details: { expiresAt: new Date(expiresAt).toISOString() },
      hint: 'Have the butler ask again.',
    })
  }
  return {
    result: { approvalId },
    subjects: [approvalId],
    writes: [update(Approvals, { ...approval, status, decidedAt: now })],
  }
}
