import { definePluginEntry, type OpenClawPluginApi } from 'openclaw/plugin-sdk/plugin-entry'
import { passThrough } from '../pass-through.ts'

export default definePluginEntry({
  id: 'market-bench',
  name: 'Market bench',
  description: "A pass-through as a plugin route: what the host's own HTTP path costs",
  register(api: OpenClawPluginApi) {
    const forward = passThrough(String(api.pluginConfig?.['upstream']))
    api.registerHttpRoute({
      path: '/market-bench',
      auth: 'plugin',
      match: 'prefix',
      handler: (request, response) => {
        forward(request, response)
        return true
      },
    })
  },
})
