import { expect, it } from 'vitest'
import { MarketError } from '@openclaw-market/protocol/errors'
import { closed } from '@openclaw-market/protocol/schema/scalars'
import { testWorld } from '../plugin/world.fixture.ts'
import { capability } from './capability.ts'
import { listCapabilities } from './list.ts'

it('says an error that it declares, and of any other only that there was one', async () => {
  const { running, log, market } = await testWorld()
  const contract = {
    name: 'web3.test.probe',
    summary: 'A test.',
    effect: 'read',
    scope: 'read',
    params: closed({}),
    result: closed({}),
    errors: ['E_CONFLICT'],
  } as const
  const failing = (error: Error) =>
    capability(contract, listCapabilities.facts, () => Promise.reject(error)).perform(
      {},
      { who: { kind: 'node', actorId: market.address, owner: true }, door: 'gateway', web3: running.web3 },
    )
  expect(await failing(new MarketError('E_CONFLICT', 'in the way'))).toMatchObject({
    error: 'E_CONFLICT',
    message: 'in the way',
  })
  for (const error of [
    new MarketError('E_EXPIRED', 'of a path /SECRET'),
    new TypeError('SECRET of undefined'),
  ]) {
    const answer = await failing(error)
    expect(answer).toMatchObject({ ok: false, error: 'E_INTERNAL' })
    expect(JSON.stringify(answer)).not.toContain('SECRET')
  }
  expect(log.filter((line) => line.includes('web3.test.probe'))).toHaveLength(2)
})
