import { openSecretBox, passphraseFileOf } from '@openclaw-market/market-core'
import { LeaseId } from '@openclaw-market/protocol/ids'
import { codec } from '@openclaw-market/protocol/schema/codec'
import { closed } from '@openclaw-market/protocol/schema/scalars'
import { openVault } from '../consumer/vault.ts'
import { vaultFile } from '../plugin/state-files.ts'

const Params = closed({ leaseId: LeaseId })

/**
 * The token of a lease that this gateway holds, from the vault's file itself: for the owner at the terminal.
 * @param config the host's config, for where market-core keeps its passphrase
 * @throws MarketError E_INVALID_ARGUMENT, E_NOT_FOUND, E_NOT_CONFIGURED
 */
export async function readLeaseToken(
  leaseIdText: string,
  config: unknown,
): Promise<{ leaseId: string; token: string; expiresAt?: string }> {
  const { leaseId } = codec(Params).decode({ leaseId: leaseIdText })
  const { resolveStateDir } = await import('openclaw/plugin-sdk/state-paths')
  const stateDirectory = resolveStateDir()
  const box = await openSecretBox({
    passphraseFile: passphraseFileOf(marketConfig(config), stateDirectory),
    purpose: 'consumer-vault',
  })
  const vault = await openVault({ file: vaultFile(stateDirectory), box, now: Date.now })
  const token = vault.token(leaseId)
  const expiresAt = vault.byLease(leaseId)?.expiresAt
  return {
    leaseId,
    token,
    ...(expiresAt === undefined ? {} : { expiresAt: new Date(expiresAt).toISOString() }),
  }
}

function marketConfig(config: unknown): unknown {
  const path = ['plugins', 'entries', 'market-core', 'config']
  return path.reduce<unknown>(
    (at, key) => (at !== null && typeof at === 'object' ? (at as Record<string, unknown>)[key] : undefined),
    config,
  )
}
