import { Type } from '@sinclair/typebox'
import { Events } from '@openclaw-market/protocol/entities/records'
import { query } from '@openclaw-market/protocol/operation'
import { nextCursor, paging } from '@openclaw-market/protocol/schema/paging'
import { closed, line, Timestamp } from '@openclaw-market/protocol/schema/scalars'
import { EventView, showEvent } from '@openclaw-market/protocol/views/event'
import { given, next, page } from '../page.ts'
import { between } from '../usage/list.ts'

export const queryEvents = query({
  name: 'market.audit.query',
  summary: 'Events of the log that one may see, newest first: who did what, when, to what.',
  scope: 'read',
  params: closed({
    type: Type.Optional(
      line(1, 64, 'the name of an operation, or host.llm_input, host.after_tool_call and the like'),
    ),
    subject: Type.Optional(line(1, 64, 'an id that the event is about')),
    since: Type.Optional(Timestamp),
    until: Type.Optional(Timestamp),
    ...paging,
  }),
  result: closed({ events: Type.Array(EventView), nextCursor }),
  errors: ['E_INVALID_ARGUMENT'],
  callers: ['node', 'wallet', 'operator'],
  async answer(tx, { type, subject, since, until, limit, cursor }) {
    const listed = await tx.list(Events, {
      where: given({ type }),
      tagged: given({ subjects: subject }),
      ...between(since, until),
      ...page(limit ?? 50, cursor),
    })
    return { events: listed.items.map(showEvent), ...next(listed) }
  },
})
