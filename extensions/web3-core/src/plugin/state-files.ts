/** Where this plugin keeps files of its own, besides the market's store. */
import { join } from 'node:path'

/** The consumer's vault of lease tokens. */
export function vaultFile(stateDirectory: string): string {
  return join(stateDirectory, 'web3-core', 'vault')
}
