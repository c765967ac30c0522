/**
 * The budget in front of our spending tools: what is refused does not start, and what the owner has to approve is asked in the
 * host's own prompt. It only speaks sooner and more plainly; the write that commits the money decides, whoever has passed here.
 */
import type { OpenClawPluginApi } from 'openclaw/plugin-sdk/plugin-entry'
import { askApproval, given, judgeWish, setPolicy } from '@openclaw-market/market-core'
import { isMarketError, MarketError } from '@openclaw-market/protocol/errors'
import { decimalText } from '@openclaw-market/protocol/money/show'
import { codec } from '@openclaw-market/protocol/schema/codec'
import type { Call, Capability, Foreseen } from '../capabilities/capability.ts'
import { withRequest } from '../capabilities/request.ts'
import { runLocal } from '../capabilities/through-market.ts'
import { nodePrincipal } from '../consumer/node-principal.ts'
import { runningWeb3 } from '../plugin/handle.ts'
import { nodeWallet, whyOff, withoutCause, type OwnersDoor } from './gateway-methods.ts'
import { beingWritten } from './prompt-answers.ts'
import { shortTools } from './tools.ts'

const deadlineMs = 2_000
/** As long as the host lets its prompt stand; the approval itself can be given with /allowance for an hour. */
const promptMs = 600_000
const policyId = 'budget'

type Hook = Parameters<OpenClawPluginApi['registerTrustedToolPolicy']>[0]['evaluate']
type ToolEvent = Parameters<Hook>[0]
type ToolContext = Parameters<Hook>[1]
type Decision = {
  readonly block?: boolean
  readonly blockReason?: string
  readonly requireApproval?: {
    title: string
    description: string
    scope?: { kind: 'payment'; amount: string; currency: string; target: string }
    severity: 'warning'
    timeoutMs: number
    allowedDecisions: ('allow-once' | 'deny')[]
    /** The host stamps it on what a hook asks, and not on what a policy asks. */
    pluginId: string
    onResolution: (decision: string) => Promise<void>
  }
}

export function registerSpendingPolicy(
  api: OpenClawPluginApi,
  capabilities: readonly Capability[],
  shown: (canonical: string) => string,
): void {
  const spending = new Map(
    capabilities.flatMap((each) => (each.foresee === undefined ? [] : [[shown(each.contract.name), each]])),
  )
  const matcher: [string, ...string[]] = ['web3_call', ...Object.keys(shortTools)]
  const judged = new Judged()
  const evaluate = async (event: ToolEvent, ctx: ToolContext): Promise<Decision | undefined> => {
    const asked = askedOf(event, shown)
    const capability = spending.get(asked?.name ?? '')
    // Of a run that nobody's message started the host says no requester: there the write alone decides.
    if (asked === undefined || capability === undefined || ctx.requester === undefined) return undefined
    if (judged.before(event.toolCallId)) return undefined
    const from = doorOf(ctx)
    return inTime(decide(capability, asked, from)).catch((error: unknown) => blocked(error, from))
  }
  // A host that does not let us in front of other plugins still asks us among them.
  api.registerTrustedToolPolicy({
    id: policyId,
    description: 'Holds the spending tools of the market to the allowances of their owner.',
    matcher,
    evaluate,
  })
  api.on('before_tool_call', evaluate, { matcher })
}

/** One call comes by twice, as the host's policy and as its hook; it is judged and asked for once. */
class Judged {
  readonly #calls = new Set<string>()

  before(toolCallId: string | undefined): boolean {
    if (toolCallId === undefined) return false
    if (this.#calls.has(toolCallId)) return true
    this.#calls.add(toolCallId)
    const [oldest] = this.#calls
    if (this.#calls.size > 1_000 && oldest !== undefined) this.#calls.delete(oldest)
    return false
  }
}

interface Asked {
  readonly name: string
  readonly params: unknown
}

function askedOf({ toolName, params }: ToolEvent, shown: (canonical: string) => string): Asked | undefined {
  const canonical = shortTools[toolName]
  if (canonical !== undefined) return { name: shown(canonical), params }
  const { name } = params
  return toolName === 'web3_call' && typeof name === 'string'
    ? { name, params: params['params'] ?? {} }
    : undefined
}

function doorOf({ agentId, sessionKey, requester = {} }: ToolContext): OwnersDoor {
  const { senderIsOwner, senderId, channel } = requester
  return {
    door: 'tool',
    owner: senderIsOwner === true,
    run: given({ agentId, sessionKey, senderId, channel }),
  }
}

async function decide(
  capability: Capability,
  { name, params }: Asked,
  from: OwnersDoor,
): Promise<Decision | undefined> {
  // What is malformed costs nothing: the tool says what is wrong with it.
  if (codec(capability.contract.params).problem(params) !== undefined) return undefined
  const web3 = runningWeb3()
  // Without a market there is no money; what the owner's own serves in its place costs nothing.
  if (whyOff(web3) !== undefined && web3.registry.unavailable(capability, from.door) === undefined)
    return undefined
  const who = withRequest(capability, params, nodeWallet(web3, name, from))
  const call: Call = { who, door: from.door, web3 }
  const foreseen = await capability.foresee?.(params, call).catch(unforeseen)
  if (foreseen === undefined) return undefined
  const { currency, amount, leaseKey } = foreseen
  const wish = { currency, ...given({ amount, leaseKey }) }
  const { verdict, reason } = await runLocal(web3.market(), judgeWish, wish, who)
  // Whoever may write in a chat may answer what the host asks in it. Others than the owner are refused by the write, which
  // names the approval that the owner gives with /allowance.
  if (verdict === 'allow' || !from.owner) return undefined
  const { approvalId } = await runLocal(web3.market(), askApproval, wish, who)
  return { requireApproval: prompt(call, name, foreseen, reason ?? '', approvalId) }
}

/** What cannot be done is refused by the tool itself, in its own words. */
function unforeseen(error: unknown): undefined {
  if (!isMarketError(error)) throw error
}

type ApprovalId = Parameters<typeof setPolicy.decide>[1]['approve']

function prompt(
  { web3 }: Call,
  name: string,
  { currency, amount, target }: Foreseen,
  reason: string,
  approvalId: ApprovalId,
): NonNullable<Decision['requireApproval']> {
  const decimals = web3.market().rules().currencies.get(currency)?.decimals
  const known = amount !== undefined && decimals !== undefined
  const figure = known ? decimalText(amount, decimals) : ''
  return {
    title: `Spend ${known ? `${figure} ${currency}` : `an unknown amount of ${currency}`}`,
    description:
      `${name}, ${target}. ${reason}. Approved once, for exactly these parameters (${approvalId}).`.slice(
        0,
        512,
      ),
    ...(known
      ? { scope: { kind: 'payment' as const, amount: figure, currency, target: target.slice(0, 128) } }
      : {}),
    severity: 'warning',
    timeoutMs: promptMs,
    allowedDecisions: ['allow-once', 'deny'],
    pluginId: 'web3-core',
    async onResolution(decision) {
      if (decision !== 'allow-once' && decision !== 'deny') return
      const market = web3.market()
      const change = decision === 'allow-once' ? { approve: approvalId } : { deny: approvalId }
      // Whoever the host lets answer its prompt speaks for the owner.
      const writing = runLocal(market, setPolicy, given(change), nodePrincipal(market)).then(
        () => undefined,
        (error: unknown) => web3.report('an answer to a prompt', error),
      )
      await beingWritten(writing)
    },
  }
}

async function inTime<T>(work: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(
    () =>
      late.reject(
        new MarketError('E_TIMEOUT', `what this costs could not be found out in ${deadlineMs / 1_000} s`, {
          hint: 'Nothing was spent. Try again, or use another market.',
        }),
      ),
    deadlineMs,
  )
  try {
    return await Promise.race([work, late.promise])
  } finally {
    clearTimeout(timer)
  }
}

/** Whatever goes wrong here, our own tool does not spend, and the conversation goes on. */
function blocked(error: unknown, { owner }: OwnersDoor): Decision {
  if (!isMarketError(error))
    return { block: true, blockReason: 'the budget cannot be looked up now; nothing was spent' }
  const { code, message, hint } = owner ? error : withoutCause(error)
  return { block: true, blockReason: `${code}: ${message}${hint === undefined ? '' : `. ${hint}`}` }
}
