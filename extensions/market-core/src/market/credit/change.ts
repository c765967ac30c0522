import { Type } from '@sinclair/typebox'
import { CreditLines } from '@openclaw-market/protocol/entities/money'
import { MarketError } from '@openclaw-market/protocol/errors'
import { CreditLineId } from '@openclaw-market/protocol/ids'
import { operation, update } from '@openclaw-market/protocol/operation'
import { actorOf } from '@openclaw-market/protocol/principal'
import { Amount, closed } from '@openclaw-market/protocol/schema/scalars'
import { assertOpenLine, Ceiling, LineRate, loadOwnLine } from './terms.ts'

/** A ceiling is never below what is drawn, so that at every moment what is drawn is what was granted. */
export const changeCredit = operation({
  name: 'market.credit.change',
  summary: 'Changes the ceiling or the rate of a credit line that you have opened.',
  effect: 'money',
  scope: 'admin',
  params: closed({
    creditLineId: CreditLineId,
    ceiling: Type.Optional(Ceiling),
    maxRequestsPerMinute: Type.Optional(LineRate),
  }),
  result: closed({ creditLineId: CreditLineId, ceiling: Amount, maxRequestsPerMinute: Type.Integer() }),
  errors: ['E_NOT_FOUND', 'E_CONFLICT'],
  callers: ['node', 'wallet', 'operator'],
  load: (tx, { creditLineId }, { who }) => loadOwnLine(tx, creditLineId, actorOf(who)),
  decide({ line, drawn }, { creditLineId, ...asked }) {
    assertOpenLine(line)
    const { ceiling, maxRequestsPerMinute } = { ...line, ...asked }
    if (ceiling < drawn) {
      throw new MarketError('E_CONFLICT', `${drawn} of the line is drawn already`, {
        details: { pointer: '/ceiling', drawn: drawn.toString() },
        hint: 'Lower it no further than that, or close the line: then nothing more is drawn.',
      })
    }
    return {
      result: { creditLineId, ceiling, maxRequestsPerMinute },
      subjects: [creditLineId],
      writes: [update(CreditLines, { ...line, ceiling, maxRequestsPerMinute })],
    }
  },
})
