/** Ways to break the statement of a conversation, each by the rule that must name it. */
import { anyCollection } from '@openclaw-market/protocol/collection'
import { SessionStatements } from '@openclaw-market/protocol/entities/session-statement'
import { changed, type Damage, type Fields } from './damages.fixture.ts'

const statements = anyCollection(SessionStatements)

function linesOf({ lines }: Fields): readonly Fields[] {
  return Array.isArray(lines) ? lines.map(Object) : []
}

export const statementDamages: Readonly<Record<string, Damage>> = {
  'statement.times': changed(statements, () => ({ since: 9_000_000_000_000 })),
  'statement.state': changed(statements, () => ({ closedAt: undefined })),
  'statement.once': changed(statements, (each) => ({ lines: [...linesOf(each), ...linesOf(each)] })),
  'statement.cost': changed(statements, (each) => ({
    lines: linesOf(each).map((line) => ({ ...line, cost: 9_000_000n })),
  })),
}
