import { whole } from './leased-call.mjs'

const questions = ['lease', 'settlement']

export const searchWork = {
  estimate: [{ unit: 'query', quantity: '5' }],
  async use(lease) {
    let results = 0
    for (const q of questions) {
      const request = { body: { q, limit: 5 } }
      const bytes = await whole(lease, `search "${q}"`, '/web3/resources/search/query', request, () => ({
        query: '1',
      }))
      results += JSON.parse(bytes).results.length
    }
    return { results, says: `${results} results` }
  },
}
