/** Slash commands as a chat sends them, in the real gateway: for the owner, and for others who may write to the agent. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sendChat } from '../scripts/gateway/agent-turn.ts'
import type { OperatorScope } from '../scripts/gateway/rpc-client.ts'
import { bootMarket, temporaryDirectory, type MarketGateway } from './market-gateway.fixture.ts'

/** What the owner's own screen connects with, and what somebody has who may only talk to the agent. */
const owners: readonly OperatorScope[] = ['operator.read', 'operator.write', 'operator.admin']
const others: readonly OperatorScope[] = ['operator.read', 'operator.write']

const home = temporaryDirectory('commands-test')
let market: MarketGateway

beforeAll(async () => {
  market = await bootMarket({ dir: home.path, store: 'sqlite' })
})
afterAll(async () => {
  await market?.host.stop()
  home.remove()
})

const say = async (message: string, scopes = owners): Promise<string> => {
  const { state, text } = await sendChat(market.host, message, { scopes })
  expect(state).toBe('final')
  return text
}

describe('who is answered', () => {
  it('the owner is', async () => {
    expect(await say('/market')).toContain('leases')
  })

  it('others get one line and no figure', async () => {
    expect(await say('/market', others)).toBe('Sorry, that is for my owner alone.')
    expect(await say('/market', ['operator.write'])).toBe('Sorry, that is for my owner alone.')
  })

  it('who may only read sends no message at all', async () => {
    await expect(say('/market', ['operator.read'])).rejects.toThrow('operator.write')
  })
})
