/** What the provider's side is given, and what its requests share. */
import type { Market } from '@openclaw-market/market-core'
import type { Lease } from '@openclaw-market/protocol/entities/lease'
import type { EffectivePolicy } from '@openclaw-market/protocol/entities/resource'
import type { Backend, BackendKind } from './backends/backend.ts'
import { cannotServe } from './faults.ts'
import type { BodyReader } from './read-body.ts'
import type { ReplayBounds, ReplayStore } from './replay-store.ts'

export interface ProviderEnvironment {
  /** Looked up on every request. @throws MarketError when the market is not running. */
  readonly market: () => Market
  /** By the name under which a lease refers to them. Read on every request, so that the host may change it. */
  readonly backends: ReadonlyMap<string, Backend>
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** For the operator's log. What is handed over names no address, path, token or upstream text. Must not throw. */
  readonly report: (what: string, error: unknown) => void
  /** Shortest time between two checkpoints of a stream. Default 1 000. */
  readonly checkpointMs?: number
  readonly replay?: Partial<ReplayBounds>
}

export interface Serving extends ProviderEnvironment {
  readonly replays: ReplayStore
  readonly bodies: BodyReader
}

/** The caller of one request, once its token has found its lease. */
export interface Leaseholder {
  readonly market: Market
  readonly lease: Lease
  readonly policy: EffectivePolicy
}

/** @throws MarketError E_UNAVAILABLE when local config no longer has the backend, or has another kind under its name. */
export function backendOf<K extends BackendKind>(
  env: Pick<ProviderEnvironment, 'backends'>,
  lease: Lease,
  kind: K,
): Extract<Backend, { kind: K }> {
  const backend = env.backends.get(lease.backend)
  if (backend !== undefined && isKind(backend, kind)) return backend
  throw cannotServe()
}

function isKind<K extends BackendKind>(backend: Backend, kind: K): backend is Extract<Backend, { kind: K }> {
  return backend.kind === kind
}
