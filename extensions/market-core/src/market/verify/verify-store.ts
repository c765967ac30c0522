import { Type } from '@sinclair/typebox'
import { query } from '@openclaw-market/protocol/operation'
import { closed } from '@openclaw-market/protocol/schema/scalars'
import { mostFindings } from './findings.ts'
import { verifyRecords } from './verify-records.ts'

const Count = Type.Integer({ minimum: 0 })

/** For operators: it reads what belongs to others, and while it reads a large store nothing else is done. */
export const verifyStore = query({
  name: 'market.store.verify',
  summary:
    'Checks every invariant of the market again, from its records alone. On a large store it takes its time.',
  scope: 'admin',
  params: closed({}),
  result: closed({
    holds: Type.Boolean({
      description: 'whether every invariant does; `ok` only says that they were checked',
    }),
    checked: Type.Array(closed({ collection: Type.String(), records: Count })),
    findings: Type.Array(
      closed({
        rule: Type.String({ description: 'what does not hold' }),
        object: Type.String({ description: 'the record that breaks it' }),
        message: Type.String({ description: 'how, in ids, states and figures' }),
      }),
      { maxItems: mostFindings },
    ),
    more: Type.Integer({ minimum: 0, description: 'findings beyond these' }),
  }),
  errors: [],
  callers: ['operator'],
  async answer(tx, _params, { rules: { market, chainId } }) {
    const { checked, findings, more } = await verifyRecords(tx, { market, chainId })
    return {
      holds: findings.length === 0,
      checked: Object.entries(checked).map(([collection, records]) => ({ collection, records })),
      findings: [...findings],
      more,
    }
  },
})
