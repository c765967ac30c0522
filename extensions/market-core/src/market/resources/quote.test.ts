import { describe, expect, it } from 'vitest'
import type { TypedDataDefinition } from 'viem'
import {
  backends,
  does,
  modelResource,
  newWallet,
  openWorld,
  publish,
  quoteTtlMs,
  refuses,
} from '../market.fixture.ts'
import { publishResource } from './publish.ts'
import { quoteResource } from './quote.ts'

describe.each(backends)('a quote on %s', (backend) => {
  it('bounds what an estimate can cost and says what to sign', async () => {
    const world = await openWorld(backend)
    const consumer = newWallet()
    const resourceId = await publish(world)
    const estimate = [
      { unit: 'input_token', quantity: '10' },
      { unit: 'output_token', quantity: '4' },
      { unit: 'request', quantity: '1' },
    ]
    const quote = await does(world, quoteResource, { resourceId, ttlMs: 60_000, estimate }, consumer.who)
    // ceil(30/7) + ceil(44/3) + 2
    expect(quote).toMatchObject({
      upperBound: 22n,
      maxCost: 22n,
      currency: 'USDC',
      decimals: 6,
      expiresAt: world.clock.now + quoteTtlMs,
    })
    expect(quote.typedData).toMatchObject({
      primaryType: 'Consent',
      message: { maxCost: '22', ttlMs: '60000', consumer: consumer.actorId, market: world.market.address },
    })
    expect(await consumer.account.signTypedData(quote.typedData as unknown as TypedDataDefinition)).toMatch(
      /^0x[0-9a-f]{130}$/,
    )
    expect(
      (await does(world, quoteResource, { resourceId, ttlMs: 60_000 }, consumer.who)).estimate,
    ).toHaveLength(3)
    const wrong: readonly (readonly [object[], string, string])[] = [
      [[{ unit: 'query', quantity: '1' }], '/estimate/0/unit', 'unit'],
      [[estimate[0] ?? {}, estimate[0] ?? {}], '/estimate/1/unit', 'uniqueItems'],
      [[{ unit: 'request', quantity: '1000000000000000000' }], '/estimate/0/quantity', 'pattern'],
      [[], '/estimate', 'minItems'],
    ]
    for (const [bad, pointer, rule] of wrong) {
      expect(
        await refuses(world, quoteResource, { resourceId, ttlMs: 60_000, estimate: bad }, consumer.who),
      ).toMatchObject({ details: { pointer, rule } })
    }
    const dear = await publish(world, {
      ...modelResource,
      prices: [{ unit: 'request', amount: '9'.repeat(39), per: '1', currency: 'USDC' }],
    })
    const many = { resourceId: dear, ttlMs: 60_000, estimate: [{ unit: 'request', quantity: '2' }] }
    expect(await refuses(world, quoteResource, many, consumer.who)).toMatchObject({
      details: { pointer: '/estimate', rule: 'maximum' },
    })
    expect(world.defects).toEqual([])
    expect(
      (await does(world, publishResource, { resource: { ...modelResource, resourceId } }, world.node))
        .version,
    ).toBe(2)
  })
})
