/** What one look at the chain has found, for all jobs of a key. */
import type { Block } from '../chain/answers.ts'
import type { OutboxRules } from './environment.ts'

export interface Look {
  readonly head: Block
  /** Transactions of the key that are in blocks. */
  readonly mined: number
}

/** The newest block that is deep enough to be believed; undefined on a chain that is shorter. */
export function depthBlock({ head }: Look, { confirmations }: OutboxRules): number | undefined {
  const deep = head.number - confirmations + 1
  return deep < 0 ? undefined : deep
}
