/** The owner's own backends, which serve when no lease does (`fallback` of the config). They are nobody else's. */
import type { Call } from '../capabilities/capability.ts'
import type { Web3 } from '../plugin/web3.ts'
import type { Backend, SearchBackend, StorageBackend } from '../provider/backends/backend.ts'

export function ownSearch(web3: Web3): SearchBackend | undefined {
  const own = configured(web3, 'search')
  return own?.kind === 'search' ? own : undefined
}

export function ownStorage(web3: Web3): StorageBackend | undefined {
  const own = configured(web3, 'storage')
  return own?.kind === 'storage' ? own : undefined
}

/** Somebody who may spend of the owner's budget has not been let into the owner's files and notes. */
export function asksForItself({ who }: Call): boolean {
  return who.kind === 'node' && who.owner
}

function configured({ backends, fallback }: Web3, kind: 'search' | 'storage'): Backend | undefined {
  return backends.get(fallback[kind] ?? '')
}
