import { expect, it } from 'vitest'
import { firstStatus } from './brain-status.ts'

it.each([
  ['off', false, true, 'not enabled'],
  ['off', true, false, 'allowConversationAccess'],
  ['unknown', true, true, 'no turn'],
] as const)(
  'before the first turn is %s when it is enabled: %s, and asked: %s',
  (availability, enabled, asked, why) => {
    const { reason, ...status } = firstStatus(enabled, asked)
    expect(status).toEqual({ source: 'owner', availability })
    expect(reason).toContain(why)
  },
)
