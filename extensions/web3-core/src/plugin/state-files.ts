/** Where this plugin keeps files of its own, besides the market's store. */
import { join } from 'node:path'

/** The consumer's vault of lease tokens. */
export function vaultFile(stateDirectory: string): string {
  return join(stateDirectory, 'web3-core', 'vault')
}

/** What is shared besides what the config names; its folder holds nothing else. */
export function sharedFile(stateDirectory: string): string {
  return join(stateDirectory, 'web3-core', 'shared', 'shared.json')
}

/** What other markets have offered. */
export function seenFile(stateDirectory: string): string {
  return join(stateDirectory, 'web3-core', 'seen-resources.json')
}
