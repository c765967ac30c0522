/**
 * A slash command of the chat: a short text over what the one registry answers. It computes nothing and knows nothing that a
 * capability does not know; so chat, tool and RPC cannot disagree. Commands are for the owner alone: they speak of its
 * money and act as its node wallet.
 */
import type { Static, TObject } from '@sinclair/typebox'
import type { OpenClawPluginApi, PluginCommandContext } from 'openclaw/plugin-sdk/plugin-entry'
import { given } from '@openclaw-market/market-core'
import { fromFailure, isMarketError, MarketError, type ErrorCode } from '@openclaw-market/protocol/errors'
import type { RunFacts } from '@openclaw-market/protocol/principal'
import { codec } from '@openclaw-market/protocol/schema/codec'
import { runningWeb3 } from '../../plugin/handle.ts'
import { callAsNode } from '../gateway-methods.ts'
import { wrapped } from './look.ts'

export interface ChatCommand {
  /** Without the slash. */
  readonly name: string
  readonly description: string
  /** What may stand behind the name, as a person writes it; absent: nothing. */
  readonly takes?: string
  /** What to do after an error, where a chat has another way than a program. */
  readonly hints?: { readonly [K in ErrorCode]?: string }
  /** @returns the text to show. @throws MarketError shown with its hint */
  answer(words: string, at: CommandCall): Promise<string>
}

export interface CommandCall {
  /** The market's clock, in milliseconds since the epoch. @throws MarketError E_UNAVAILABLE while it does not run. */
  now(): number
  /** Where it was written, as the host names its channels. */
  readonly channel: string
  /**
   * Calls a capability by its canonical name and reads its answer as what the capability declares.
   * @throws MarketError what it fails with
   */
  call<R extends TObject>(name: string, result: R, params?: Record<string, unknown>): Promise<Static<R>>
}

export function registerCommands(
  api: OpenClawPluginApi,
  commands: readonly ChatCommand[],
  shown: (canonical: string) => string,
): void {
  for (const command of commands) {
    api.registerCommand({
      name: command.name,
      description: command.description,
      acceptsArgs: command.takes !== undefined,
      // Whoever can send a chat message over the gateway has it. To a command that asks for no scope the host does not
      // say whether its owner wrote.
      requiredScopes: ['operator.write'],
      handler: async (ctx) => ({ text: await answerOf(command, ctx, shown) }),
    })
  }
}

/** What the host says of a message that is a command. */
export type Message = Pick<
  PluginCommandContext,
  'args' | 'senderIsOwner' | 'assertOwnerCurrent' | 'agentId' | 'sessionKey' | 'senderId' | 'channel'
>

/** @returns the text to show, whatever happens, but for what is a defect of ours */
export async function answerOf(
  command: ChatCommand,
  ctx: Message,
  shown: (canonical: string) => string,
): Promise<string> {
  if (!isOwners(ctx)) return notYours
  const run = factsOf(ctx)
  try {
    return await command.answer((ctx.args ?? '').trim(), {
      now: () => runningWeb3().now(),
      channel: ctx.channel,
      async call(name, result, params = {}) {
        // It was the owner's when it was sent; the host may have learnt better since.
        if (!isOwners(ctx)) throw new MarketError('E_FORBIDDEN', notYours)
        const envelope = await callAsNode(shown(name), params, { door: 'gateway', owner: true, run })
        if (!envelope.ok) throw fromFailure(envelope)
        const { ok: _ok, ...answer } = envelope
        return codec(result).decode(answer)
      },
    })
  } catch (error) {
    if (isMarketError(error)) return refusal(error, command.hints?.[error.code] ?? error.hint)
    throw error
  }
}

const notYours = 'Sorry, that is for my owner alone.'

/** What is not said counts as no: a message of somebody else, and one that the host says nothing of. */
function isOwners({ senderIsOwner, assertOwnerCurrent }: Message): boolean {
  if (senderIsOwner !== true) return false
  try {
    assertOwnerCurrent?.()
    return true
  } catch {
    return false
  }
}

function refusal({ message }: MarketError, hint: string | undefined): string {
  const sentence = `${message.charAt(0).toUpperCase()}${message.slice(1)}`.replace(/[^.?!]$/, '$&.')
  return wrapped(hint === undefined ? sentence : `${sentence}\n${hint}`).join('\n')
}

function factsOf({ agentId, sessionKey, senderId, channel }: Message): RunFacts {
  return given({ channel, agentId, sessionKey, senderId })
}
