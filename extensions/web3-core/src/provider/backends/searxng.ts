/** Web search through the provider's own SearXNG. */
import type { SearchBackend, SearchResult } from './backend.ts'
import type { SearxngConfig } from './config.ts'
import { invalid, tooSlow, unreported, upstreamFailure, type Report } from './failures.ts'
import { isJsonObject } from './json.ts'
import { plainLine } from './plain-text.ts'
import { checkQuery } from './search-query.ts'
import { openUpstream, readJson } from './upstream-fetch.ts'
import { endpoint } from './upstream-url.ts'

const maxBytes = 4 * 1_048_576
/** A host name, perhaps a path: nothing that could be read as another search operator. */
const sitePattern = /^(?=.{1,253}$)[a-z0-9]([a-z0-9.-]*[a-z0-9])?(\/[\w.~%-]+)*\/?$/i

export function searxngBackend(options: {
  readonly config: Omit<SearxngConfig, 'driver'>
  readonly report?: Report
}): SearchBackend {
  const { config, report = unreported } = options
  const timeoutMs = config.timeoutMs ?? 10_000
  return {
    kind: 'search',
    close: () => undefined,
    async query(query, signal) {
      checkQuery(query)
      const { q, limit, site } = query
      if (site !== undefined && !sitePattern.test(site)) {
        throw invalid('/site', 'pattern', 'is not a host name, perhaps with a path')
      }
      const words = withoutCommands(q)
      if (words === '') throw invalid('/q', 'pattern', 'has no words to search for')
      const url = endpoint(config.baseUrl, 'search')
      url.searchParams.set('q', site === undefined ? words : `${words} site:${site}`)
      url.searchParams.set('format', 'json')
      // One deadline for the whole search: each wait below is bounded by it too.
      const deadline = new AbortController()
      const timer = setTimeout(() => deadline.abort(tooSlow()), timeoutMs)
      const both = AbortSignal.any([signal, deadline.signal])
      try {
        const body = await openUpstream({
          url,
          method: 'GET',
          headers: {},
          answerWithinMs: timeoutMs,
          contentType: 'application/json',
          signal: both,
          report,
        })
        const results = readResults(await readJson(body, { maxBytes, idleMs: timeoutMs }, report))
        if (results !== undefined) return { results: results.slice(0, limit) }
        report('not-results')
        throw upstreamFailure('malformed')
      } finally {
        clearTimeout(timer)
      }
    },
  }
}

/**
 * SearXNG reads `!` as the choice of an engine or a redirect to another site, and `<3` as a time limit: settings of the
 * provider's instance that are not the caller's to change. The words after them stay.
 */
function withoutCommands(q: string): string {
  return plainLine(q, 2_048)
    .split(' ')
    .map((word) => word.replace(/^[!<]+/, ''))
    .filter((word) => word !== '')
    .join(' ')
}

/** Entries that are not a web page with a title are left out; an answer without a list is nonsense. */
function readResults(json: unknown): SearchResult[] | undefined {
  if (!isJsonObject(json) || !Array.isArray(json['results'])) return undefined
  return (json['results'] as readonly unknown[]).slice(0, 1_000).flatMap((entry) => {
    if (!isJsonObject(entry)) return []
    const { title, url, content } = entry
    const address = typeof url === 'string' && url.length <= 2_048 ? webUrl(url) : undefined
    if (address === undefined || typeof title !== 'string') return []
    const snippet = typeof content === 'string' ? plainLine(content, 500) : ''
    return [{ title: plainLine(title, 200) || address, url: address, ...(snippet === '' ? {} : { snippet }) }]
  })
}

/** The normal form has no control characters; a URL that carries a password is nobody's search result. */
function webUrl(text: string): string | undefined {
  const url = URL.parse(text)
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) return undefined
  return url.username === '' && url.password === '' ? url.href : undefined
}
