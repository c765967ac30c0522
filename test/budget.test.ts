/**
 * The budget in the real gateway: an agent's turn within its allowance, one above it that the owner approves in the host's own
 * prompt, others who are refused with figures, and the owner's word in a chat. The model is scripted.
 */
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { runAgentTurn, sendChat } from '../scripts/gateway/agent-turn.ts'
import { parseJson, type JsonRecord } from '../scripts/gateway/json-value.ts'
import type { OperatorScope } from '../scripts/gateway/rpc-client.ts'
import { startScriptedModel, toolResults, type ScriptedModel } from '../scripts/gateway/scripted-model.ts'
import {
  bootMarket,
  freePort,
  list,
  record,
  temporaryDirectory,
  text,
  until,
  type MarketGateway,
} from './market-gateway.fixture.ts'
import { deposit, publishDelegated, search, writeDocs } from './offers.fixture.ts'
import { outsideWallet } from './outside-wallet.fixture.ts'

const owners: readonly OperatorScope[] = ['operator.read', 'operator.write', 'operator.admin']
/** The owner's own screen also shows the host's prompts. */
const approvers: readonly OperatorScope[] = [...owners, 'operator.approvals']

const home = temporaryDirectory('budget-test')
let model: ScriptedModel
let market: MarketGateway
let resourceId: string

beforeAll(async () => {
  const port = await freePort()
  const provider = outsideWallet(`http://127.0.0.1:${port}`)
  const docs = { driver: 'local-docs', directory: writeDocs(home.path), publishers: [provider.address] }
  model = await startScriptedModel(() => ({ text: 'Nothing to do.' }))
  market = await bootMarket({
    dir: join(home.path, 'gateway'),
    store: 'sqlite',
    web3: { provider: { listen: { port }, backends: { docs } } },
    launch: { model },
  })
  await provider.signIn()
  resourceId = await publishDelegated(provider, market, search('docs', '1250'))
  await deposit(market, market.address, '100000000')
})
afterAll(async () => {
  await market?.host.stop()
  await model?.close()
  home.remove()
})

const lease = (maxCost: string, idempotencyKey: string) => ({
  name: 'web3.resources.lease',
  params: { resourceId, ttlMs: 3_600_000, maxCost, idempotencyKey },
})

/** The model makes these calls one after the other, and says the answer of the last. */
function asks(...calls: readonly JsonRecord[]): void {
  let before: number | undefined
  model.setScript((request) => {
    if (request.tools.length === 0) return { text: 'Errands.' }
    const results = toolResults(request)
    before ??= results.length
    const next = calls[results.length - before]
    return next === undefined
      ? { text: results.at(-1) ?? '' }
      : { toolCalls: [{ name: 'web3_call', arguments: next }] }
  })
}

/** What the tools answered in this turn, whether they were let run or not. */
async function turn(sessionKey: string, ...calls: readonly JsonRecord[]): Promise<readonly string[]> {
  asks(...calls)
  const before = model.requests.length
  const { status } = await runAgentTurn(market.host, { message: 'Do it.', sessionKey })
  expect(status).toBe('ok')
  const last = model.requests.slice(before).findLast(({ tools }) => tools.length > 0)
  return last === undefined ? [] : toolResults(last).slice(-calls.length)
}

/** The same in a chat on the owner's own screen, where a prompt of the host can be answered. */
async function chat(sessionKey: string, call: JsonRecord): Promise<string> {
  asks(call)
  const before = model.requests.length
  await sendChat(market.host, 'Do it.', { sessionKey, scopes: approvers, timeoutMs: 120_000 })
  const last = model.requests.slice(before).findLast(({ tools }) => tools.length > 0)
  return (last === undefined ? [] : toolResults(last)).at(-1) ?? ''
}

async function say(message: string): Promise<string> {
  const { state, text: answer } = await sendChat(market.host, message, { scopes: owners })
  expect(state).toBe('final')
  return answer
}

const held = async (): Promise<number> => list((await market.call('market.lease.list'))['leases']).length

/** The host's own prompt, answered as an operator's screen does it. */
async function answerPrompt(decision: 'allow-once' | 'deny'): Promise<JsonRecord> {
  const pending = await until(
    'a prompt',
    async () => {
      const answer = await market.host.rpc('plugin.approval.list', {}, { scopes: approvers })
      if (!answer.ok) throw new Error(JSON.stringify(answer.error))
      return list(answer.payload)[0]
    },
    60_000,
  )
  const resolved = await market.host.rpc(
    'plugin.approval.resolve',
    { id: pending['id'], decision },
    { scopes: approvers },
  )
  expect(resolved).toMatchObject({ ok: true })
  return record(pending['request'])
}

it('the owner sets it in a chat, and sees what is left', async () => {
  expect(await say('/allowance')).toContain('No allowance')
  expect(await say('/allowance $2/day')).toContain('Allowance 1 is set')
  expect(await say('/allowance 20 dollars')).toContain('E.g. /allowance $20/day')
  expect(await say('/allowance off 7')).toContain('here is no allowance 7')
  const { allowances } = await market.call('web3.billing.policy.get')
  expect(list(allowances)).toMatchObject([{ number: 1, per: 'day', limitNow: '2000000', left: '2000000' }])
})

it('an agent leases within it, cannot raise it, and is asked for above it, once and for exactly that', async () => {
  const raise = {
    name: 'web3.billing.policy.set',
    params: { allow: { per: 'day', currency: 'USDC', limit: '9' } },
  }
  const [within, raised] = await turn('agent:main:within', lease('1500000', 'within-the-day'), raise)
  expect(parseJson(within ?? '')).toMatchObject({ ok: true, stored: true })
  expect(parseJson(raised ?? '')).toMatchObject({ ok: false, error: 'E_FORBIDDEN' })

  // Somebody has to be there who can answer.
  await market.host.rpc('plugin.approval.list', {}, { scopes: approvers })
  const above = lease('5000000', 'above-the-day')
  const asking = chat('agent:main:above', above)
  const request = await answerPrompt('allow-once')
  expect(request).toMatchObject({
    title: 'Spend 5 USDC',
    scope: { kind: 'payment', amount: '5', currency: 'USDC' },
    allowedDecisions: ['allow-once', 'deny'],
  })
  expect(text(request['description'])).toContain('allowance 1 (2 USDC in 24 hours) does not cover 5 USDC')
  expect(parseJson(await asking)).toMatchObject({ ok: true, stored: true })
  expect(await held()).toBe(2)

  // The same again is the same lease; with another parameter it is another request, and this time the owner says no.
  const other = chat('agent:main:above', lease('5000001', 'above-the-day-again'))
  await answerPrompt('deny')
  expect(await other).not.toContain('"ok":true')
  expect(await held()).toBe(2)
  const { approvals } = await market.call('web3.billing.policy.get')
  expect(approvals).toEqual([])
})

it('what is asked for without a prompt is approved in a chat', async () => {
  const wish = lease('3000000', 'by-a-program').params
  const refused = await market.refusal('web3.resources.lease', wish)
  expect(refused).toMatchObject({
    code: 'E_APPROVAL_REQUIRED',
    details: { details: { currency: 'USDC', amount: '3000000', limit: '2000000' } },
  })
  const approvalId = text(record(refused.details['details'])['approvalId'])
  expect(await say('/allowance')).toContain('3 USDC')
  expect(await say(`/allowance approve ${approvalId}`)).toContain('is approved, once')
  expect((await market.refusal('web3.resources.lease', { ...wish, maxCost: '3000001' })).code).toBe(
    'E_APPROVAL_REQUIRED',
  )
  await market.call('web3.resources.lease', wish)
  const again = { ...wish, idempotencyKey: 'by-a-program-again' }
  expect((await market.refusal('web3.resources.lease', again)).code).toBe('E_APPROVAL_REQUIRED')
})

it('somebody who is not the owner spends nothing without an allowance, and is told the figure', async () => {
  const before = await held()
  asks(lease('1000', 'by-a-stranger'))
  const seen = model.requests.length
  await sendChat(market.host, 'Lease it for me.', { sessionKey: 'agent:main:strangers' })
  const last = model.requests.slice(seen).findLast(({ tools }) => tools.length > 0)
  const [answer = ''] = last === undefined ? [] : toolResults(last).slice(-1)
  expect(answer).toContain('E_FORBIDDEN')
  expect(answer).toContain('allowance')
  expect(await held()).toBe(before)
})
