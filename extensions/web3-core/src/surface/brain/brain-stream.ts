/** The stream of the host's model `web3/leased`: a leased model's answer, or in its place the owner's own. */
import type { Brain } from '../../brain/open-brain.ts'
import { web3IfRunning } from '../../plugin/handle.ts'
import { askOwn, showWhole, type OwnModel } from './own-answer.ts'
import type {
  AssistantMessage,
  Context,
  Model,
  OpenStream,
  Options,
  StreamFacts,
  StreamFn,
} from 'openclaw/plugin-sdk/llm'
import { passLeased } from './leased-answer.ts'
import { providerId } from './names.ts'

export function brainStream(facts: StreamFacts): StreamFn {
  return async (model, context, options = {}) => {
    const { createAssistantMessageEventStream } = await import('openclaw/plugin-sdk/llm')
    const out = createAssistantMessageEventStream()
    void answer(facts, model, context, options, out)
    return out
  }
}

/** Never rejects: what goes wrong is the last event. */
async function answer(
  facts: StreamFacts,
  model: Model,
  context: Context,
  options: Options,
  out: OpenStream,
): Promise<void> {
  const brain = web3IfRunning()?.brain
  try {
    if (brain !== undefined && (await leased(brain, model, context, options, out))) return
    if (options.signal?.aborted === true) return fail(out, model, 'aborted', 'Request was aborted')
    const own = ownModelOf(brain, options.sessionId)
    if (own === undefined) return fail(out, model, 'error', noOwn)
    const message = await askOwn(own, facts, context, options)
    brain?.fellBack()
    showWhole(message, out)
  } catch (error) {
    fail(out, model, 'error', error instanceof Error ? error.message : 'the model failed')
  }
}

/** @returns whether it answered; when not, nothing was shown. */
async function leased(
  brain: Brain,
  model: Model,
  context: Context,
  options: Options,
  out: OpenStream,
): Promise<boolean> {
  const { streamSimple } = await import('openclaw/plugin-sdk/llm')
  const request = await brain.open(options.sessionId ?? '').catch(() => undefined)
  if (request === undefined) return false
  try {
    const answered = await streamSimple({ ...model, baseUrl: request.baseUrl }, context, {
      ...options,
      apiKey: request.apiKey,
      onPayload: async (payload, of) => withoutIdentity((await options.onPayload?.(payload, of)) ?? payload),
    })
    return await passLeased(answered, out, options.signal, request.counted)
  } finally {
    request.withdraw()
  }
}

/** What the host tells its own provider of conversations and users is none of a stranger's business. */
function withoutIdentity(payload: unknown): unknown {
  if (typeof payload !== 'object' || payload === null) return payload
  const identity: readonly string[] = ['prompt_cache_key', 'safety_identifier', 'user', 'metadata', 'store']
  return Object.fromEntries(Object.entries(payload).filter(([name]) => !identity.includes(name)))
}

function ownModelOf(brain: Brain | undefined, sessionId: string | undefined): OwnModel | undefined {
  const turn = brain?.turn(sessionId ?? '')
  const own = turn?.ownModel?.startsWith(`${providerId}/`) === true ? undefined : turn?.ownModel
  const modelRef = own ?? brain?.config?.fallbackModel
  return modelRef === undefined ? undefined : { modelRef, agentId: turn?.agentId }
}

const noOwn =
  'No lease answers, and there is no other model: set agents.defaults.model to one of your own, or brain.fallbackModel in the config of web3-core.'

function fail(out: OpenStream, model: Model, reason: 'error' | 'aborted', errorMessage: string): void {
  const nothing = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 }
  const error: AssistantMessage = {
    role: 'assistant',
    content: [],
    api: model.api,
    provider: model.provider,
    model: model.id,
    usage: { ...nothing, totalTokens: 0, cost: { ...nothing, total: 0 } },
    stopReason: reason,
    errorMessage,
    timestamp: Date.now(),
  }
  out.push({ type: 'error', reason, error })
  out.end(error)
}
