/** Whether the code at an address is that of a contract of ours. */
import type { Hex } from 'viem'

export interface Compiled {
  readonly deployedBytecode: Hex
  /** Places that are filled in when it is deployed: where, and how many bytes. */
  readonly immutables: readonly (readonly [start: number, length: number])[]
}

/** Everything but what was filled in must be the same. */
export function isCodeOf({ deployedBytecode, immutables }: Compiled, code: Hex): boolean {
  return masked(code, immutables) === masked(deployedBytecode, immutables)
}

function masked(code: string, immutables: Compiled['immutables']): string {
  let text = code.toLowerCase()
  for (const [start, length] of immutables) {
    const from = 2 + 2 * start
    text = `${text.slice(0, from)}${'0'.repeat(2 * length)}${text.slice(from + 2 * length)}`
  }
  return text
}
