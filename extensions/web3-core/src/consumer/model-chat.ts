import { Type, type Static } from '@sinclair/typebox'
import { MarketError } from '@openclaw-market/protocol/errors'
import { LeaseId } from '@openclaw-market/protocol/ids'
import type { UnitTotals } from '@openclaw-market/protocol/money/units'
import type { Contract } from '@openclaw-market/protocol/operation'
import { closed } from '@openclaw-market/protocol/schema/scalars'
import { capability } from '../capabilities/capability.ts'
import { deliveredBytes, estimateTokens, plausibleUsage } from '../provider/backends/count-tokens.ts'
import type { Patience } from '../plugin/web3.ts'
import type { ChatCompletion } from '../provider/backends/backend.ts'
import { foreseenOf, type Demand } from './budget.ts'
import { callLease, usableLeases } from './call-lease.ts'
import { readJson } from './read-json.ts'
import { keepReceipt, ServedBy } from './receipt.ts'
import { noLease } from './no-lease.ts'

const Message = closed({
  role: Type.Union([Type.Literal('system'), Type.Literal('user'), Type.Literal('assistant')]),
  content: Type.String({ maxLength: 200_000 }),
})

/** What we need of a chat.completion; the rest is let through unread. */
const Completion = Type.Object({
  choices: Type.Array(
    Type.Object({
      message: Type.Object({ content: Type.Union([Type.String(), Type.Null()]) }),
      finish_reason: Type.String(),
    }),
    { minItems: 1, maxItems: 1 },
  ),
})

const contract = {
  name: 'web3.model.chat',
  summary: 'Asks a leased model and gives its answer whole.',
  effect: 'money',
  scope: 'write',
  params: closed({
    messages: Type.Array(Message, {
      minItems: 1,
      maxItems: 200,
      description: 'the conversation, oldest first',
    }),
    maxTokens: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 200_000, description: 'longest answer; 1024 when absent' }),
    ),
    temperature: Type.Optional(Type.Number({ minimum: 0, maximum: 2 })),
    leaseId: Type.Optional(LeaseId),
  }),
  result: closed({ content: Type.String(), finishReason: Type.String(), servedBy: ServedBy }),
  errors: [
    'E_NOT_FOUND',
    'E_QUOTA_EXCEEDED',
    'E_APPROVAL_REQUIRED',
    'E_EXPIRED',
    'E_REVOKED',
    'E_RATE_LIMITED',
    'E_PAYLOAD_TOO_LARGE',
    'E_TIMEOUT',
    'E_OUTCOME_UNKNOWN',
    'E_CONFLICT',
  ],
} as const satisfies Contract

/** It comes in one piece: a slow model makes ten tokens a second, and nothing longer is waited for than fetch would. */
function answerWithin({ silenceMs }: Patience, maxTokens: number): number {
  return Math.min(silenceMs + maxTokens * 100, 290_000)
}

export const chatCapability = capability(
  contract,
  {
    group: 'model',
    whenToUse: 'To ask a model that you have not got yourself, once one is leased.',
    whenNotToUse: 'For what you can answer yourself, and for anything confidential: the provider reads it.',
    returns: "content is the model's answer; finishReason length means that maxTokens or the budget cut it.",
    errors: {
      E_INVALID_ARGUMENT: "the provider's model does not take such a request: shorten it or lower maxTokens",
      E_NOT_FOUND: 'there is no active model lease here',
      E_QUOTA_EXCEEDED: 'what is left of the lock, or an allowance, does not cover this request',
      E_APPROVAL_REQUIRED: 'the owner approves details.approvalId; repeat the very same then',
      E_EXPIRED: 'the lease has ended',
      E_REVOKED: 'the lease was revoked',
      E_RATE_LIMITED: 'too many calls in this minute or at once; details.retryAfterSeconds',
      E_PAYLOAD_TOO_LARGE: 'the messages are larger than the policy of the resource allows',
      E_TIMEOUT: 'the model is too slow; what was not delivered is not billed',
      E_OUTCOME_UNKNOWN: 'the answer was lost; the call may have been billed',
      E_CONFLICT: 'the request was sent before',
    },
    doors: ['gateway', 'tool'],
    actor: 'consumer',
    byAllowance: true,
    risk: { level: 'medium', discloses: 'the messages, to the provider', reversible: false },
    pricing: {
      charge: 'lease',
      units: ['request', 'input_token', 'output_token'],
      upperBound: 'the price of the messages and of maxTokens; never more than what is left of the lock',
    },
    prerequisites: [{ is: 'lease_active', kind: 'model', param: 'leaseId' }],
    effects: [{ is: 'lease_used', kind: 'model', param: 'leaseId' }],
    overHttp: {
      method: 'POST',
      path: '/web3/resources/model/chat',
      bearer: 'lease_active',
      params: { messages: 'messages', maxTokens: 'max_tokens', temperature: 'temperature' },
    },
    next: [{ name: 'web3.resources.completeLease', when: 'nothing more is to be asked' }],
    idempotency: 'acts-again',
    examples: {
      valid: { messages: [{ role: 'user', content: 'Say hello.' }], maxTokens: 50 },
      invalid: { messages: [] },
    },
  },
  async ({ messages, maxTokens = 1024, temperature, leaseId }, call) => {
    const leases = usableLeases(call.web3, 'model', leaseId)
    if (leases.length === 0) throw noLease('model')
    const body = bodyOf({ messages, maxTokens, temperature })
    const answer = await callLease(call, leases, {
      method: 'POST',
      path: '/web3/resources/model/chat',
      body,
      timeoutMs: answerWithin(call.web3.patience, maxTokens),
      errors: contract.errors,
      demand: demandOf(body),
    })
    const completion = await readJson(Completion, call.web3, answer)
    const [choice] = completion.choices
    if (choice === undefined)
      throw new MarketError('E_UNAVAILABLE', 'the provider answered without a choice', {
        hint: 'Look at the lease with {{web3.resources.status}}: the call may have been billed. Lease another.',
      })
    const sent = Buffer.byteLength(JSON.stringify(body))
    const received = deliveredBytes(completion as unknown as ChatCompletion)
    const counted: UnitTotals = {
      request: 1n,
      input_token: BigInt(estimateTokens(sent)),
      output_token: BigInt(estimateTokens(received)),
    }
    const servedBy = await keepReceipt(call.web3, answer, counted, (stated) =>
      isPlausible(stated, sent, received, maxTokens),
    )
    return { content: choice.message.content ?? '', finishReason: choice.finish_reason, servedBy }
  },
  undefined,
  ({ messages, maxTokens = 1024, temperature, leaseId }, { web3 }) =>
    foreseenOf(
      web3,
      usableLeases(web3, 'model', leaseId),
      demandOf(bodyOf({ messages, maxTokens, temperature })),
    ),
)

interface Asked {
  readonly messages: readonly Static<typeof Message>[]
  readonly maxTokens: number
  readonly temperature: number | undefined
}

function bodyOf({ messages, maxTokens, temperature }: Asked) {
  return {
    model: 'leased',
    messages,
    max_tokens: maxTokens,
    ...(temperature === undefined ? {} : { temperature }),
  }
}

/** The most: no tokenizer makes more tokens than there are bytes. */
function demandOf(body: ReturnType<typeof bodyOf>): Demand {
  const input_token = BigInt(Buffer.byteLength(JSON.stringify(body)))
  return { uses: { request: 1n, input_token, output_token: BigInt(body.max_tokens) } }
}

/** Tokens are the provider's to count; what bytes went out and came back bounds what it can truly have counted. */
export function isPlausible(
  stated: UnitTotals,
  requestBytes: number,
  bytes: number,
  maxTokens: number,
): boolean {
  const { request = 0n, input_token = 0n, output_token = 0n, ...others } = stated
  if (request > 1n || Object.keys(others).length > 0) return false
  const usage = { inputTokens: Number(input_token), outputTokens: Number(output_token) }
  return plausibleUsage(usage, { requestBytes, deliveredBytes: bytes, maxTokens }) !== undefined
}
