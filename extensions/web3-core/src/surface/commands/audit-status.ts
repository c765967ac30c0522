import { statusContract } from '../../status/summary.ts'
import type { ChatCommand } from './command.ts'
import { screen, seenFrom } from './look.ts'

export const auditStatusCommand: ChatCommand = {
  name: 'audit_status',
  description: 'whether the record holds',
  async answer(_words, { call, now }) {
    const { audit } = await call(statusContract.name, statusContract.result)
    const { size, checkpoint, key, past, conversation, dropped = 0 } = audit
    return screen({
      rows: [
        ['events', String(size)],
        ['signed', checkpoint === undefined ? 'nothing yet' : String(checkpoint.size)],
        ...(checkpoint === undefined ? [] : [['when', seenFrom(now(), checkpoint.createdAt)] as const]),
        ['key', key.split('+')[1] ?? ''],
        ['past', said[past]],
        ['turns', conversation === 'on' ? 'on record' : 'not on record'],
        ...(dropped > 0 ? [['dropped', String(dropped)] as const] : []),
      ],
      wayOn: wayOn(past, conversation),
    })
  },
}

const said = { holds: 'holds', checking: 'holds so far', rewritten: 'was rewritten' } as const

function wayOn(past: keyof typeof said, conversation: 'on' | 'off' | undefined): string {
  if (past === 'rewritten') return 'The log of the gateway says where. Put the store back from a backup.'
  if (conversation === 'off') return 'The page of the configuration says how turns go on record.'
  return 'The page of the audit log shows how to prove any event.'
}
