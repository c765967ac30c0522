/**
 * The fields of OpenAI's chat completions that we take. The object is closed: what would change the answer and cannot be
 * honoured is refused, not dropped. What only concerns OpenAI's own house is read and goes no further.
 */
import { Type, type Static } from '@sinclair/typebox'
import type { Lease } from '@openclaw-market/protocol/entities/lease'
import type { EffectivePolicy } from '@openclaw-market/protocol/entities/resource'
import { MarketError } from '@openclaw-market/protocol/errors'
import { invalidArgument } from '@openclaw-market/protocol/schema/codec'
import { closed } from '@openclaw-market/protocol/schema/scalars'
import { forwardedChatOptions, type ChatRequest } from './backends/backend.ts'
import { upstreamBody } from './backends/chat-request.ts'
import { isJsonObject } from './backends/json.ts'
import { decoded } from './json-body.ts'

const Json = Type.Record(Type.String(), Type.Unknown())
const Tokens = Type.Integer({ minimum: 1, maximum: 1_000_000_000 })
const ignored = Type.Optional(Type.Unknown())

const ChatParams = closed({
  messages: Type.Array(Json, { minItems: 1, maxItems: 4_096 }),
  /** The token names the model already; the answer says which one it was. */
  model: Type.Optional(Type.String({ maxLength: 256 })),
  stream: Type.Optional(Type.Boolean()),
  stream_options: Type.Optional(
    closed({
      include_usage: Type.Optional(Type.Boolean()),
      include_obfuscation: Type.Optional(Type.Boolean()),
    }),
  ),
  max_tokens: Type.Optional(Tokens),
  max_completion_tokens: Type.Optional(Tokens),
  n: Type.Optional(Type.Integer({ minimum: 1, maximum: 1 })),
  modalities: Type.Optional(Type.Array(Type.Literal('text'), { maxItems: 1 })),
  temperature: Type.Optional(Type.Number({ minimum: 0, maximum: 2 })),
  top_p: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
  stop: Type.Optional(
    Type.Union([
      Type.String({ maxLength: 1_024 }),
      Type.Array(Type.String({ maxLength: 1_024 }), { maxItems: 16 }),
    ]),
  ),
  seed: Type.Optional(Type.Integer()),
  presence_penalty: Type.Optional(Type.Number({ minimum: -2, maximum: 2 })),
  frequency_penalty: Type.Optional(Type.Number({ minimum: -2, maximum: 2 })),
  logit_bias: Type.Optional(
    Type.Record(Type.String({ pattern: '^[0-9]{1,9}$' }), Type.Number({ minimum: -100, maximum: 100 }), {
      additionalProperties: false,
    }),
  ),
  logprobs: Type.Optional(Type.Boolean()),
  top_logprobs: Type.Optional(Type.Integer({ minimum: 0, maximum: 20 })),
  response_format: Type.Optional(Json),
  reasoning_effort: Type.Optional(Type.String({ maxLength: 32 })),
  tools: Type.Optional(Type.Array(Json, { maxItems: 256 })),
  tool_choice: Type.Optional(Type.Union([Type.String({ maxLength: 32 }), Json])),
  parallel_tool_calls: Type.Optional(Type.Boolean()),
  // Between a caller and OpenAI: who the user is, what is stored, how it is routed and cached.
  user: ignored,
  metadata: ignored,
  store: ignored,
  service_tier: ignored,
  safety_identifier: ignored,
  prompt_cache_key: ignored,
  prompt_cache_retention: ignored,
  prediction: ignored,
  verbosity: ignored,
})

export interface AskedChat {
  readonly stream: boolean
  readonly includeUsage: boolean
  /** The most output that is wanted and allowed; the budget may leave less. */
  readonly mostTokens: number
  readonly messages: ChatRequest['messages']
  readonly options: NonNullable<ChatRequest['options']>
}

/** @throws MarketError E_INVALID_ARGUMENT, E_FORBIDDEN: all that can be known before anything goes upstream. */
export function readChat(json: unknown, lease: Lease, policy: EffectivePolicy): AskedChat {
  const params = decoded(ChatParams, withoutNulls(json))
  const { messages, stream = false, stream_options, tools } = params
  if (tools !== undefined && tools.length > 0 && !policy.allowTools) {
    throw new MarketError('E_FORBIDDEN', 'this lease does not allow tools', {
      details: { pointer: '/tools' },
      hint: 'Send the request without tools.',
    })
  }
  const wanted = params.max_completion_tokens ?? params.max_tokens ?? policy.maxTokens
  const asked = {
    stream,
    includeUsage: stream_options?.include_usage === true,
    mostTokens: Math.min(wanted, policy.maxTokens),
    messages,
    options: optionsOf(params),
  }
  if (stream_options !== undefined && !stream) {
    throw invalidArgument({
      pointer: '/stream_options',
      rule: 'dependentRequired',
      message: 'is for streams only',
    })
  }
  // The backend builds this again; here it only shows that it can.
  upstreamBody({ ...asked, answerAs: { id: '', model: lease.resourceId }, maxTokens: 1 }, { model: '' })
  return asked
}

function optionsOf(params: Static<typeof ChatParams>): AskedChat['options'] {
  return Object.fromEntries(
    forwardedChatOptions.flatMap((name) => (params[name] === undefined ? [] : [[name, params[name]]])),
  )
}

/** OpenAI takes null for absent, and clients rely on it. */
function withoutNulls(json: unknown): unknown {
  if (!isJsonObject(json)) return json
  return Object.fromEntries(Object.entries(json).filter(([, value]) => value !== null))
}
