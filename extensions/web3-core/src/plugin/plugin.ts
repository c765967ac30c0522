import { definePluginEntry, type OpenClawPluginApi } from 'openclaw/plugin-sdk/plugin-entry'
import { isMarketError, MarketError, toFailure } from '@openclaw-market/protocol/errors'
import { registerAuditHooks } from '../surface/audit-hooks.ts'
import { mayReadConversation } from '../surface/conversation-access.ts'
import { allCapabilities } from './all-capabilities.ts'
import { registerCli } from '../surface/cli.ts'
import { keyValue, keyVariable } from '../surface/brain/names.ts'
import { registerBrain } from '../surface/brain/register-brain.ts'
import { allCommands } from '../surface/commands/all-commands.ts'
import { registerCommands } from '../surface/commands/command.ts'
import { registerGatewayMethods } from '../surface/gateway-methods.ts'
import { respond } from '../surface/http-respond.ts'
import { registerTools } from '../surface/tools.ts'
import { registerSpendingPolicy } from '../surface/spending-policy.ts'
import { readConfig } from './config.ts'
import { partIfRunning } from './handle.ts'
import { startWeb3, type RunningWeb3 } from './start.ts'

/** Contracts do not depend on where a market is; only the running registry knows its site. */
const nowhere = { url: 'http://localhost', domain: 'localhost', chainIds: [] }

export interface PluginOptions {
  /** The name shown for each canonical `web3.*` name. Tests give another one. */
  readonly rename?: (canonical: string) => string
}

export function web3CorePlugin({ rename = (canonical) => canonical }: PluginOptions = {}) {
  return definePluginEntry({
    id: 'web3-core',
    name: 'Web3 core',
    description: 'The one door web3.* of the OpenClaw Web3 Market: find, lease, use and sell capabilities',
    register(api: OpenClawPluginApi) {
      const capabilities = allCapabilities(nowhere)
      registerGatewayMethods(api, capabilities, rename)
      registerTools(api, capabilities, rename)
      registerSpendingPolicy(api, capabilities, rename)
      registerAuditHooks(api)
      registerCommands(api, allCommands, rename)
      registerCli(api)
      registerBrain(api)

      // The host serves routes before services have started, and answers what we leave open with a page of its own.
      api.registerHttpRoute({
        path: '/web3',
        auth: 'plugin',
        match: 'prefix',
        handler: async (request, response) => {
          const running = partIfRunning()
          if (running !== undefined) return running.http(request, response)
          await respond(request, response, toFailure(starting()))
          return true
        },
      })

      let running: RunningWeb3 | undefined
      const stop = async (): Promise<void> => {
        const stopping = running
        running = undefined
        if (process.env[keyVariable] === keyValue) delete process.env[keyVariable]
        await stopping?.stop()
      }
      api.registerService({
        id: 'web3-core',
        async start({ stateDir, config, logger }) {
          await stop()
          const read = readConfig(api.pluginConfig)
          const report = (what: string, error: unknown): void => logger.error(`${what}: ${named(error)}`)
          if (read.config.brain?.enabled === true) process.env[keyVariable] = keyValue
          running = await startWeb3({
            ...read,
            stateDirectory: stateDir,
            gatewayUrl: `http://127.0.0.1:${config.gateway?.port ?? 18_789}`,
            conversationAccess: mayReadConversation({ config, id: api.id }),
            rename,
            log: logger,
            report,
          })
        },
        stop,
      })
    },
  })
}

function starting(): MarketError {
  return new MarketError('E_UNAVAILABLE', 'the market is starting', { hint: 'Try again in a few seconds.' })
}

/** What kind of thing went wrong, in words that cannot carry a secret. */
function named(error: unknown): string {
  if (isMarketError(error)) return `${error.code} ${error.message}`
  return error instanceof Error ? error.name : 'unknown error'
}

export default web3CorePlugin()
