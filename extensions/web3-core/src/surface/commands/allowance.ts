import type { Static } from '@sinclair/typebox'
import {
  accountStatement,
  getPolicy,
  setPolicy,
  type AllowanceView,
  type ApprovalView,
} from '@openclaw-market/market-core'
import { MarketError } from '@openclaw-market/protocol/errors'
import { showAmount } from '@openclaw-market/protocol/money/show'
import type { CommandCall, ChatCommand } from './command.ts'
import { readAllowance, type Said } from './allowance-words.ts'
import { screen, seenFrom, type Row } from './look.ts'

type Policy = Static<typeof getPolicy.result>

export const allowanceCommand: ChatCommand = {
  name: 'allowance',
  description: 'how much may be spent',
  takes: '[$20/day, +5 USDC for 2h, off 1 …]',
  async answer(words, at) {
    const { currencies } = await at.call('web3.billing.summary', accountStatement.result)
    const said = readAllowance(words, { currencies, channel: at.channel })
    if (said.is === 'show') return shown(await policyOf(at), at.now())
    const change = changeOf(said, await policyOf(at))
    const { number, approvalId } = await at.call('web3.billing.policy.set', setPolicy.result, change)
    const after = await policyOf(at)
    const done =
      number === undefined ? `${approvalId} ${verbs[said.is]}` : `Allowance ${number} ${verbs[said.is]}`
    return `${done}\n${shown(after, at.now())}`
  },
}

const verbs: Readonly<Record<Exclude<Said['is'], 'show'>, string>> = {
  allow: 'is set',
  topUp: 'has more',
  remove: 'is off',
  approve: 'is approved, once',
  deny: 'is denied',
}

function policyOf({ call }: CommandCall): Promise<Policy> {
  return call('web3.billing.policy.get', getPolicy.result)
}

/** As `web3.billing.policy.set` takes it. */
function changeOf(
  said: Exclude<Said, { readonly is: 'show' }>,
  { allowances }: Policy,
): Record<string, unknown> {
  switch (said.is) {
    case 'approve':
      return { approve: said.approvalId }
    case 'deny':
      return { deny: said.approvalId }
    case 'remove':
      return { remove: numbered(allowances, said.number).allowanceId }
    case 'allow': {
      const { is: _is, limit, ...rest } = said
      return { allow: { ...rest, limit: limit.toString() } }
    }
    case 'topUp': {
      const { currency, amount, forMs } = said
      const { allowanceId } = toppedUp(allowances, currency, said.number)
      return { topUp: { allowanceId, amount: amount.toString(), forMs } }
    }
  }
}

function numbered(allowances: Policy['allowances'], number: number): AllowanceView {
  const found = allowances.find((each) => each.number === number)
  if (found !== undefined) return found
  throw new MarketError('E_NOT_FOUND', `there is no allowance ${number}`, {
    hint: 'See them with /allowance.',
  })
}

/** Without a number only where there is no doubt. */
function toppedUp(
  allowances: Policy['allowances'],
  currency: string,
  number: number | undefined,
): AllowanceView {
  if (number !== undefined) {
    const found = numbered(allowances, number)
    if (found.currency === currency) return found
    throw new MarketError('E_INVALID_ARGUMENT', `allowance ${number} is in ${found.currency}`, {
      hint: `Add ${found.currency} to it.`,
    })
  }
  const [one, another] = allowances.filter((each) => each.currency === currency)
  if (one !== undefined && another === undefined) return one
  throw new MarketError(
    'E_INVALID_ARGUMENT',
    one === undefined ? `there is no allowance in ${currency} to add to` : 'say to which allowance',
    { hint: one === undefined ? 'Set one first: /allowance $20/day' : 'E.g. /allowance +5 USDC for 2h to 1' },
  )
}

function shown({ allowances, approvals }: Policy, now: number): string {
  const rows = [...allowances.flatMap(allowanceRows), ...approvals.flatMap((each) => approvalRows(each, now))]
  if (rows.length === 0) return 'No allowance: you spend freely, others nothing.\n/allowance $20/day sets one'
  const [waiting] = approvals
  return screen({
    rows,
    wayOn:
      waiting === undefined
        ? '/allowance +5 USDC for 2h adds to one, /allowance off 1 removes it'
        : `/allowance approve ${waiting.approvalId}, or deny`,
  })
}

function allowanceRows(view: AllowanceView): Row[] {
  const { number, per, limitNow, currency, above, used, left, topUps } = view
  const money = (amount: bigint | undefined): string =>
    amount === undefined ? 'unknown' : text(amount, currency, view.decimals)
  return [
    [`${number}`, `${money(limitNow)}/${per}, ${above}`],
    ...whoseRows(view.whose),
    ...(topUps.length === 0 ? [] : [['', 'with top-ups'] as const]),
    ...(per === 'call' ? [] : [['', `used ${money(used)}`] as const, ['', `left ${money(left)}`] as const]),
  ]
}

function whoseRows({ sender, agentId, sessionKey }: AllowanceView['whose']): Row[] {
  return [
    ...(sender === undefined ? [] : [['', `@${sender.id} on ${sender.channel}`] as const]),
    ...(agentId === undefined ? [] : [['', `agent ${agentId}`] as const]),
    ...(sessionKey === undefined ? [] : [['', `session ${sessionKey}`] as const]),
  ]
}

function approvalRows(
  { approvalId, amount, currency, decimals, capability, expiresAt }: ApprovalView,
  now: number,
): Row[] {
  const asked = amount === undefined ? `unknown ${currency}` : text(amount, currency, decimals)
  return [
    ['?', `${asked}, ${seenFrom(now, expiresAt)} over`],
    ['', capability],
    ['', approvalId],
  ]
}

function text(amount: bigint, currency: string, decimals: number | undefined): string {
  return decimals === undefined ? `${amount} base ${currency}` : showAmount(amount, currency, decimals)
}
