/**
 * A slash command of the chat: a short text over what the one registry answers. It computes nothing and knows nothing that a
 * capability does not know; so chat, tool and RPC cannot disagree.
 */
import type { Static, TObject } from '@sinclair/typebox'
import type { OpenClawPluginApi, PluginCommandContext } from 'openclaw/plugin-sdk/plugin-entry'
import { fromFailure, isMarketError, type MarketError } from '@openclaw-market/protocol/errors'
import type { RunFacts } from '@openclaw-market/protocol/principal'
import { codec } from '@openclaw-market/protocol/schema/codec'
import { callAsNode } from '../gateway-methods.ts'

export interface ChatCommand {
  /** Without the slash. */
  readonly name: string
  readonly description: string
  readonly takesArguments: boolean
  /** @returns the text to show. @throws MarketError shown with its hint */
  answer(words: string, at: CommandCall): Promise<string>
}

export interface CommandCall {
  /** Whether the host says that its owner wrote this. */
  readonly owner: boolean
  readonly run: RunFacts
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
      acceptsArgs: command.takesArguments,
      handler: async (ctx) => ({ text: await answerOf(command, ctx, shown) }),
    })
  }
}

async function answerOf(
  command: ChatCommand,
  ctx: PluginCommandContext,
  shown: (canonical: string) => string,
): Promise<string> {
  const owner = ctx.senderIsOwner === true
  const run = factsOf(ctx)
  try {
    return await command.answer((ctx.args ?? '').trim(), {
      owner,
      run,
      async call(name, result, params = {}) {
        const envelope = await callAsNode(shown(name), params, { door: 'gateway', owner, run })
        if (!envelope.ok) throw fromFailure(envelope)
        const { ok: _ok, ...answer } = envelope
        return codec(result).decode(answer)
      },
    })
  } catch (error) {
    if (isMarketError(error)) return refusal(error)
    throw error
  }
}

function refusal({ message, hint }: MarketError): string {
  return hint === undefined ? message : `${message}\n${hint}`
}

function factsOf({ agentId, sessionKey, senderId, channel }: PluginCommandContext): RunFacts {
  return {
    channel,
    ...(agentId === undefined ? {} : { agentId }),
    ...(sessionKey === undefined ? {} : { sessionKey }),
    ...(senderId === undefined ? {} : { senderId }),
  }
}
