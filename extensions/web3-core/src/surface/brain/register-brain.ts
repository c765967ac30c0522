/** The brain at home in the host: a provider of one model, and the hooks that choose it, learn who writes, and end sessions. */
import type { OpenClawPluginApi } from 'openclaw/plugin-sdk/plugin-entry'
import { given } from '@openclaw-market/market-core'
import { web3IfRunning } from '../../plugin/handle.ts'
import { mayReadConversation } from '../conversation-access.ts'
import { brainStream } from './brain-stream.ts'
import { modelId, providerId } from './names.ts'
import { runOf } from './run-of.ts'

const contextWindow = 128_000
const maxTokens = 8_192
const free = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 }

export function registerBrain(api: OpenClawPluginApi): void {
  api.registerProvider({
    id: providerId,
    label: 'Leased on the open market',
    auth: [],
    resolveDynamicModel: (asked) => {
      if (asked.modelId !== modelId) return undefined
      const told = web3IfRunning()?.brain.config?.model
      return {
        id: modelId,
        name: 'Leased model',
        provider: providerId,
        api: 'openai-completions',
        // Each request has an address of its own; this one is never called.
        baseUrl: 'http://127.0.0.1:9/leased',
        reasoning: true,
        compat: { supportsReasoningEffort: told?.reasoningEffort ?? true },
        input: ['text', 'image'],
        // What it costs is in the market's books, in the market's money.
        cost: free,
        contextWindow: told?.contextWindow ?? contextWindow,
        maxTokens: told?.maxTokens ?? maxTokens,
      }
    },
    createStreamFn: brainStream,
    buildMissingAuthMessage: () =>
      'The leased model answers only while the brain is enabled: brain.enabled in the config of web3-core.',
  })

  if (mayReadConversation(api)) {
    api.on('before_model_resolve', async (_event, ctx) => {
      const { sessionId } = ctx
      const brain = web3IfRunning()?.brain
      if (brain === undefined || sessionId === undefined) return undefined
      const chosen = await brain.choose(runOf({ ...ctx, sessionId })).catch(() => false)
      return chosen ? { providerOverride: providerId, modelOverride: modelId } : undefined
    })

    api.on('before_agent_run', ({ senderIsOwner }, { runId, sessionKey, channel, senderId }) => {
      if (senderIsOwner === undefined) return undefined
      web3IfRunning()?.brain.proved(given({ runId, sessionKey, channel, senderId }), senderIsOwner)
      return undefined
    })
  }

  api.on('session_end', async ({ sessionKey, reason }) => {
    const web3 = web3IfRunning()
    if (web3 === undefined || sessionKey === undefined) return
    try {
      await web3.brain.sessionEnded({ sessionKey, reason: reason ?? 'unknown' })
    } catch (error) {
      web3.report('the end of a conversation', error)
    }
  })
}
