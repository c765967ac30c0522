/** What a contract said when it refused, in one line: its own error with the figures. */
import { decodeErrorResult } from 'viem'
import type { Abi, Hex } from 'viem'

const longest = 300

export function revertText(data: Hex, abis: readonly Abi[]): string {
  if (data === '0x') return 'reverted without a reason'
  for (const abi of abis) {
    try {
      const { errorName, args = [] } = decodeErrorResult({ abi, data })
      return plain(`${errorName}(${args.map(String).join(', ')})`)
    } catch {
      // not of this contract
    }
  }
  return `reverted with an error that is unknown here: ${data.slice(0, 10)}`
}

/** A contract may say anything: one line of printable characters, and not too many. */
function plain(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, longest)
}
