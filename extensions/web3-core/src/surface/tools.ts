/**
 * What the butler sees: two tools in its direct view that open the whole registry, and a few short ones. Each answers with
 * the envelope, so that code and hint reach the model.
 */
import type {
  AnyAgentTool,
  OpenClawPluginApi,
  OpenClawPluginToolContext,
} from 'openclaw/plugin-sdk/plugin-entry'
import { given } from '@openclaw-market/market-core'
import { codec } from '@openclaw-market/protocol/schema/codec'
import { closed } from '@openclaw-market/protocol/schema/scalars'
import { toFailure, type Envelope } from '@openclaw-market/protocol/errors'
import { invalidArgument } from '@openclaw-market/protocol/schema/codec'
import { Type, type Static, type TObject } from '@sinclair/typebox'
import type { Capability } from '../capabilities/capability.ts'
import { groups } from '../capabilities/capability.ts'
import { callAsNode, type OwnersDoor } from './gateway-methods.ts'
import { answersWritten } from './prompt-answers.ts'
import { withinLimit } from './tool-answer.ts'

export const shortTools: Readonly<Record<string, string>> = {
  web3_search: 'web3.search.query',
  web3_storage_put: 'web3.storage.put',
  web3_storage_get: 'web3.storage.get',
  web3_storage_list: 'web3.storage.list',
}

const Capabilities = closed({
  name: Type.Optional(Type.String({ description: 'describe this capability' })),
  group: Type.Optional(Type.String({ enum: [...groups], description: 'describe all of this group' })),
})

const Call = closed({
  name: Type.String({ description: 'the name of the capability, as web3_capabilities gives it' }),
  params: Type.Optional(Type.Record(Type.String(), Type.Unknown(), { description: 'its parameters' })),
})

export function registerTools(
  api: OpenClawPluginApi,
  capabilities: readonly Capability[],
  shown: (canonical: string) => string,
): void {
  register(api, 'web3_capabilities', {
    direct: true,
    parameters: Capabilities,
    narrow: 'Describe one capability by its name.',
    description:
      'What the open market can do: rent models, search and storage, and pay for them. Without parameters: a line each. With name or group: schema, cost, risk, errors and next steps. Read before web3_call.',
    run: ({ name, group }, from) =>
      name === undefined && group === undefined
        ? callAsNode(shown('web3.capabilities.list'), {}, from)
        : callAsNode(shown('web3.capabilities.describe'), given({ name, group }), from),
  })
  register(api, 'web3_call', {
    direct: true,
    parameters: Call,
    narrow: 'Ask for fewer with limit and go on with cursor, or for one thing by its name or id.',
    description:
      'Calls one capability of the open market by its name, with parameters of the schema that web3_capabilities shows. Some spend money.',
    run: ({ name, params }, from) => callAsNode(name, params ?? {}, from),
  })
  for (const [tool, canonical] of Object.entries(shortTools)) {
    const found = capabilities.find(({ contract }) => contract.name === canonical)
    if (found === undefined) throw new Error(`${tool} stands for ${canonical}, which does not exist`)
    register(api, tool, {
      direct: false,
      parameters: found.contract.params,
      narrow: 'Ask for fewer with limit, or for a smaller part.',
      description: `${found.contract.summary} ${found.facts.whenToUse}`,
      run: (params, from) => callAsNode(shown(canonical), params, from),
    })
  }
}

interface Tool<P extends TObject> {
  /** In the model's direct view even when the host hides tools behind its search. */
  readonly direct: boolean
  readonly description: string
  readonly parameters: P
  /** How to ask for less of it. */
  readonly narrow: string
  readonly run: (params: Static<P>, from: OwnersDoor) => Promise<Envelope>
}

function register<P extends TObject>(api: OpenClawPluginApi, name: string, tool: Tool<P>): void {
  const build = (ctx: OpenClawPluginToolContext): AnyAgentTool => ({
    name,
    label: name,
    description: tool.description,
    parameters: tool.parameters,
    ...(tool.direct ? { catalogMode: 'direct-only' as const } : {}),
    execute: async (_id, params) => {
      await answersWritten()
      const problem = codec(tool.parameters).problem(params)
      const envelope =
        problem === undefined
          ? await tool.run(params as Static<P>, doorOf(ctx))
          : toFailure(invalidArgument(problem))
      const shown = withinLimit(envelope, tool.narrow)
      return { content: [{ type: 'text', text: JSON.stringify(shown) }], details: shown }
    },
  })
  api.registerTool(build, { name })
}

/** What the host proved of the run; the model has no part in it. */
function doorOf(ctx: OpenClawPluginToolContext): OwnersDoor {
  const { agentId, sessionKey, requesterSenderId, messageChannel } = ctx
  return {
    door: 'tool',
    owner: ctx.senderIsOwner === true,
    run: given({ agentId, sessionKey, senderId: requesterSenderId, channel: messageChannel }),
  }
}
