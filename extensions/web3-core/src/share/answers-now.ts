/** Whether what is behind a shared thing answers now: a look that uses nothing up. */
import type { BackendConfig } from '../provider/backends/config.ts'
import { isJsonObject } from '../provider/backends/json.ts'
import { endpoint } from '../provider/backends/upstream-url.ts'
import { isThere } from './places.ts'
import { hear } from './probe.ts'

export async function answersNow(driver: BackendConfig): Promise<boolean> {
  switch (driver.driver) {
    case 'openai-compat': {
      const heard = await hear(endpoint(driver.baseUrl, 'models').href)
      const list = heard?.status === 200 && isJsonObject(heard.json) ? heard.json['data'] : undefined
      return Array.isArray(list) && list.some((model) => isJsonObject(model) && model['id'] === driver.model)
    }
    case 'searxng': {
      // Without words: SearXNG answers 400 where it would search, 403 where it would not.
      const heard = await hear(endpoint(driver.baseUrl, 'search?q=&format=json').href)
      return heard !== undefined && [200, 400].includes(heard.status)
    }
    case 'local-docs':
    case 'filesystem':
      return isThere(driver.directory)
  }
}
