/** A run as the host tells its hooks of it. */
import { given } from '@openclaw-market/market-core'
import type { RunBegun } from '../../brain/choice.ts'

/** Of what the host says of a run, what matters here. */
export interface RunContext {
  readonly sessionId: string
  readonly sessionKey?: string
  readonly agentId?: string
  readonly runId?: string
  readonly channel?: string
  readonly senderId?: string
  readonly modelProviderId?: string
  readonly modelId?: string
  readonly inputProvenance?: { readonly kind: string }
}

export function runOf({ modelProviderId, modelId: ownId, inputProvenance, ...ctx }: RunContext): RunBegun {
  const { sessionId, sessionKey, agentId, runId, channel, senderId } = ctx
  const ownModel =
    modelProviderId === undefined || ownId === undefined ? undefined : `${modelProviderId}/${ownId}`
  return {
    sessionId,
    derived: inputProvenance?.kind === 'inter_session' || sessionKey?.includes(':subagent:') === true,
    ...given({ sessionKey, agentId, runId, channel, senderId, ownModel }),
  }
}
