/** Who learns what of the log, through the doors by which they come. */
import { expect, it } from 'vitest'
import { outsideWallet, post } from '../plugin/outside-wallet.fixture.ts'
import { bad, good, publishAsNode, testWorld } from '../plugin/world.fixture.ts'
import { callAsNode } from '../surface/gateway-methods.ts'

it('shows everyone of the log what is theirs, and strangers nothing', async () => {
  const world = await testWorld()
  const resourceId = await publishAsNode(world, 'search')
  const [mine, other] = [outsideWallet(world), outsideWallet(world)]
  const quote = { resourceId, ttlMs: 60_000, maxCost: '1000' }
  good((await mine.api('web3.resources.quote', quote)).body)
  const eventsOf = async (wallet: typeof mine) =>
    good((await wallet.api('web3.audit.query', {})).body)['events'] as { eventId: string; type: string }[]
  const [event, ...more] = await eventsOf(mine)
  expect(event?.type).toBe('market.resource.quote')
  expect(more).toEqual([])
  expect(await eventsOf(other)).toEqual([])
  const wish = { eventId: event?.eventId }
  expect(good((await mine.api('web3.audit.prove', wish)).body)).toMatchObject(wish)
  const [published] = good(await world.call('web3.audit.query', { subject: resourceId }))['events'] as {
    eventId: string
  }[]
  // What is another's is said to be as absent as what never was.
  const never = bad((await other.api('web3.audit.prove', { eventId: `evt_${'0'.repeat(26)}` })).body)
  for (const eventId of [event?.eventId, published?.eventId])
    expect(bad((await other.api('web3.audit.prove', { eventId })).body)).toEqual(never)
  for (const name of ['query', 'prove', 'checkpoint', 'verify']) {
    const params = name === 'prove' ? wish : {}
    expect(bad((await post(world.url, `web3.audit.${name}`, params)).body).error).toMatch(
      /^E_(AUTH_REQUIRED|FORBIDDEN)$/,
    )
    for (const owner of [true, false])
      expect(bad(await callAsNode(`web3.audit.${name}`, params, { door: 'tool', owner })).error).toBe(
        'E_FORBIDDEN',
      )
  }
  expect(bad((await mine.api('web3.audit.verify', {})).body).error).toBe('E_FORBIDDEN')
  const seenBy = async (owner: boolean) =>
    good(await callAsNode('web3.status.summary', {}, { door: 'tool', owner }))['audit']
  expect(await seenBy(true)).toMatchObject({ conversation: 'on', dropped: 0 })
  for (const field of ['conversation', 'dropped']) expect(await seenBy(false)).not.toHaveProperty(field)
})
