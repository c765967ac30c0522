import { Type } from '@sinclair/typebox'
import { Events } from '@openclaw-market/protocol/entities/records'
import { query } from '@openclaw-market/protocol/operation'
import { closed, Timestamp } from '@openclaw-market/protocol/schema/scalars'
import { every } from '../every.ts'
import { between } from '../usage/list.ts'

const most = 10_000

export const summarizeEvents = query({
  name: 'market.transparency.summary',
  summary: 'What happened in a time, counted by the type of event, and how the log over it stands.',
  scope: 'admin',
  params: closed({ since: Type.Optional(Timestamp), until: Type.Optional(Timestamp) }),
  result: closed({
    byType: Type.Array(closed({ type: Type.String(), events: Type.Integer({ minimum: 0 }) })),
    complete: Type.Boolean({ description: `false: only the newest ${most} of that time are counted` }),
  }),
  errors: [],
  callers: ['operator'],
  async answer(tx, { since, until }) {
    const counts = new Map<string, number>()
    let counted = 0
    for await (const { type } of every(tx, Events, between(since, until))) {
      if (counted === most) break
      counted += 1
      counts.set(type, (counts.get(type) ?? 0) + 1)
    }
    const byType = [...counts].map(([type, events]) => ({ type, events }))
    return { byType: byType.toSorted((a, b) => (a.type < b.type ? -1 : 1)), complete: counted < most }
  },
})
