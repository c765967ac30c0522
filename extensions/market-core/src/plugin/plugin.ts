import { definePluginEntry, type OpenClawPluginApi } from 'openclaw/plugin-sdk/plugin-entry'
import { marketMethods } from './methods.ts'
import { callAsOperator } from './operator-call.ts'
import { respondWith } from './respond.ts'
import { marketService } from './service.ts'

/**
 * `register` runs once in each module instance that the host makes and only registers: the store is opened by the
 * service, which the host starts in one of them.
 */
export default definePluginEntry({
  id: 'market-core',
  name: 'Market core',
  description: 'The authority over state and money of the OpenClaw Web3 Market',
  register(api: OpenClawPluginApi) {
    for (const method of marketMethods) {
      api.registerGatewayMethod(
        method.contract.name,
        async ({ params, respond }) => respondWith(respond, await callAsOperator(method, params)),
        { scope: 'operator.admin' },
      )
    }
    const service = marketService(() => api.pluginConfig)
    api.registerService({
      id: 'market-core',
      start: ({ stateDir, logger }) => service.start({ stateDir, logger }),
      stop: () => service.stop(),
    })
  },
})
