import type { Market } from '@openclaw-market/market-core'
import type { Brain } from '../brain/open-brain.ts'
import type { ConversationRecorder } from '../audit/recorder.ts'
import type { Registry } from '../capabilities/registry.ts'
import type { Markets } from '../consumer/markets.ts'
import type { SeenResources } from '../consumer/seen/seen-resources.ts'
import type { Taking } from '../consumer/taking.ts'
import type { Vault } from '../consumer/vault.ts'
import type { Site } from '../identity/site.ts'
import type { Backend } from '../provider/backends/backend.ts'
import type { Here } from '../share/here.ts'
import type { Sharing } from '../share/sharing.ts'

export interface Patience {
  /** Until its answer begins. */
  readonly firstByteMs: number
  /** Until more of it comes. */
  readonly silenceMs: number
}

/** What a capability works with: one running web3-core. */
export interface Web3 {
  /** @throws MarketError E_UNAVAILABLE, E_NOT_CONFIGURED while this gateway's market does not run. */
  market(): Market
  readonly markets: Markets
  /** What those have offered when they were last heard. */
  readonly seen: SeenResources
  /** @throws MarketError E_UNAVAILABLE until it is open. */
  vault(): Vault
  readonly registry: Registry
  readonly backends: ReadonlyMap<string, Backend>
  /** Keys of the config that are wrong, and why; what depends on them is off. */
  readonly problems: readonly { readonly key: string; readonly problem: string }[]
  /** Names of the owner's own backends that serve when there is no lease. */
  readonly fallback: { readonly search?: string; readonly storage?: string }
  readonly sharing: Sharing
  readonly here: Here
  readonly brain: Brain
  /** How long a leased model is waited for. */
  readonly patience: Patience
  readonly site: Site
  /** Where this gateway reaches its own routes. */
  readonly ownUrl: string
  readonly taking: Taking
  /** What the host tells of conversations goes on record here. */
  readonly conversation: ConversationRecorder & { readonly permitted: boolean }
  /** When this process began to take leases, in milliseconds since the epoch. */
  readonly startedAt: number
  now(): number
  /** For the log: what no caller may see. */
  report(what: string, error: unknown): void
}
