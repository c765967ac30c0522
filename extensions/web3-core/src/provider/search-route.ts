import { Type } from '@sinclair/typebox'
import { closed } from '@openclaw-market/protocol/schema/scalars'
import { jsonAnswer } from './answer.ts'
import { backendOf, type Serving } from './environment.ts'
import type { Exchange, WholeJob } from './exchange.ts'
import { decoded, parseJson } from './json-body.ts'

export const SearchParams = closed({
  q: Type.String({ minLength: 1, maxLength: 512, description: 'what to search for' }),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 50, description: 'results; 10 when absent' })),
  site: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 253,
      description: 'a host, or a folder of the documents: only from there',
    }),
  ),
})

export function searchJob(serving: Serving, { body, request, lease }: Exchange): WholeJob {
  const { q, limit = 10, site } = decoded(SearchParams, parseJson(body, request.headers['content-type']))
  const backend = backendOf(serving, lease, 'search')
  const usage = { query: 1n }
  return {
    kind: 'whole',
    demand: { fixed: usage },
    changes: false,
    async run(_call, signal) {
      const { results } = await backend.query({ q, limit, ...(site === undefined ? {} : { site }) }, signal)
      return { answer: jsonAnswer(200, { ok: true, results }), usage }
    },
  }
}
