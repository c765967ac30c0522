import { expect, it } from 'vitest'
import { testWorld } from '../../plugin/world.fixture.ts'
import { allCommands } from './all-commands.ts'
import { answerOf, type Message } from './command.ts'
import { creditsCommand } from './credits.ts'
import { unbindWalletCommand } from './unbind-wallet.ts'

const shown = (canonical: string): string => canonical
const notYours = 'Sorry, that is for my owner alone.'

it('answers the owner alone', async () => {
  await testWorld()
  for (const command of allCommands) {
    for (const senderIsOwner of [false, undefined]) {
      const message: Message = {
        channel: 'telegram',
        senderId: 'sam',
        ...(senderIsOwner === undefined ? {} : { senderIsOwner }),
      }
      expect(await answerOf(command, message, shown)).toBe(notYours)
    }
  }
  expect(await answerOf(creditsCommand, { channel: 'telegram', senderIsOwner: true }, shown)).toContain(
    'USDC',
  )
})

it('asks again before it acts', async () => {
  await testWorld()
  for (const command of [unbindWalletCommand, creditsCommand]) {
    let asked = 0
    const message: Message = {
      channel: 'telegram',
      senderIsOwner: true,
      assertOwnerCurrent() {
        asked += 1
        // It is the owner's when it comes, and not any more when it would act.
        if (asked > 1) throw new Error('the owner has changed')
      },
    }
    expect(await answerOf(command, message, shown)).toBe(notYours)
    expect(asked).toBe(2)
  }
})

it('says what is wrong in a sentence, with a way on', async () => {
  const world = await testWorld()
  await world.stopMarket()
  const answer = await answerOf(creditsCommand, { channel: 'telegram', senderIsOwner: true }, shown)
  expect(answer).toMatch(/^[A-Z].*\.$/s)
  expect(answer.split('\n').length).toBeGreaterThan(1)
})
