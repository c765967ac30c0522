/** A provider that takes a call and then says nothing: nobody waits for it longer than the config says. */
import { expect, it } from 'vitest'
import { LeaseId } from '@openclaw-market/protocol/ids'
import { codec } from '@openclaw-market/protocol/schema/codec'
import { bad } from '../plugin/world.fixture.ts'
import { callsOn } from './statement-lines.ts'
import { owners, thinker } from './thinking.fixture.ts'

const shown = (text: string): string =>
  [...text.matchAll(/"content":"([^"]*)"/g)].map(([, said]) => said).join('')

it('before it began, another lease answers the same request, and the turns after it do not ask it first', async () => {
  const { world, models, lease, ask } = await thinker({ patience: { firstByteMs: 300 } })
  await lease(models[1])
  await lease(models[0], { sessionKey: 'agent:main:a' })
  await world.running.web3.brain.choose(owners)
  models[0].fallSilentAfter()
  const { status, text } = await ask('s')
  expect([status, shown(text)]).toEqual([200, 'Yes.'])
  expect(models.map(({ asked }) => asked.length)).toEqual([1, 1])
  expect(await ask('s')).toMatchObject({ status: 200 })
  expect(models.map(({ asked }) => asked.length)).toEqual([1, 2])
})

it('in the middle, the answer ends with what was received, and its market says what it cost', async () => {
  const { world, models, lease, leases, ask } = await thinker({ patience: { silenceMs: 300 } })
  const { web3 } = world.running
  const leaseId = codec(LeaseId).decode(await lease(models[0]))
  await web3.brain.choose(owners)
  models[0].fallSilentAfter('The tide', ' turns')
  const { status, text } = await ask('s')
  expect([status, text]).toEqual([200, 'broke off'])
  await web3.brain.close()
  const [call, ...more] = await callsOn(web3, leaseId)
  const [{ metered } = {}] = await leases()
  expect([more, metered]).toEqual([[], expect.stringMatching(/^[1-9]/)])
  expect(call).toMatchObject({ statedCost: BigInt(String(metered)), agrees: true })
})

it('an answer in time is not cut, however long the whole of it takes', async () => {
  const { world, models, lease, ask } = await thinker({ patience: { firstByteMs: 2_000, silenceMs: 2_000 } })
  await lease(models[0])
  await world.running.web3.brain.choose(owners)
  const pieces = Array.from({ length: 12 }, (_, at) => `${at} `)
  models[0].answerSlowly(250, ...pieces)
  const { text } = await ask('s')
  expect(shown(text)).toBe(pieces.join(''))
  expect(text).toContain('[DONE]')
})

it('a butler that asks it is told for how long it was waited', async () => {
  const { world, models, lease } = await thinker({ patience: { silenceMs: 300 } })
  await lease(models[0])
  models[0].fallSilentAfter()
  const messages = [{ role: 'user', content: 'Who?' }]
  expect(bad(await world.call('web3.model.chat', { messages, maxTokens: 2 }))).toMatchObject({
    error: 'E_OUTCOME_UNKNOWN',
    message: 'the provider did not answer within 0.5 s',
  })
})
