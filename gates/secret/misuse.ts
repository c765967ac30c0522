/** Every mistake that somebody could make with a secret in the hand, and everything that can go wrong behind a door. */
import { ways } from './confessing.ts'
import type { Used } from './use.ts'
import { chosen, type World } from './world.ts'

const messages = [{ role: 'user', content: chosen.prompt }]
const chat = { messages, max_tokens: 50 }
const chatPaths = ['/web3/resources/model/chat', '/web3/v1/chat/completions'] as const

/** The upstream and the other market repeat what they were sent, in each way in which they can fail. */
export async function hearConfessions(world: World, { leases, own, resources }: Used): Promise<void> {
  const { doors, upstream, across } = world
  for (const way of ways) {
    upstream.answer(way)
    across.answer(way)
    for (const path of chatPaths) {
      for (const stream of [false, true]) {
        const status = await doors.http({ path, token: leases.model.token, json: { ...chat, stream } })
        if (way === '500' && status !== 502)
          throw new Error(`${path} answers ${status} for an upstream's 500`)
      }
    }
    await doors.rpc('web3.model.chat', { messages, leaseId: own.model })
    const query = { q: chosen.query }
    await doors.http({ path: '/web3/resources/search/query', token: leases.lost.token, json: query })
    await doors.rpc('web3.search.query', { ...query, leaseId: own.remote })
    await doors.tool('web3_search', { ...query, leaseId: own.remote })
    await doors.rpc('web3.resources.status', { leaseId: own.remote })
    await doors.rpc('web3.resources.list', { market: 'harbour' })
    await doors.rpc('web3.resources.get', { resourceId: resources.search, market: 'harbour' })
    await doors.rpc('web3.resources.lease', {
      resourceId: resources.search,
      ttlMs: 60_000,
      maxCost: '1',
      market: 'harbour',
    })
  }
  upstream.answer('well')
  across.answer('well')
}

/** A secret where it has no business: in a path, a query, a header, another's place, a body of another form. */
export async function misplace({ doors }: World, used: Used, secrets: readonly string[]): Promise<void> {
  const { leases } = used
  const called = '(a path with a secret)'
  for (const secret of secrets) {
    const bearer = { authorization: `Bearer ${secret}` }
    const safe = encodeURIComponent(secret)
    await doors.http({ path: `/web3/api/${safe}`, json: {}, called })
    await doors.http({ path: `/web3/${safe}`, called })
    await doors.http({ path: `/web3/v1/${safe}`, headers: bearer, called })
    await doors.http({ path: `/web3/resources/model/chat?token=${safe}`, json: chat })
    await doors.http({ path: `/web3/resources/storage/get?path=${safe}`, headers: bearer })
    await doors.http({
      path: `/web3/resources/storage/get?path=a.txt&token=${safe}`,
      token: leases.storage.token,
    })
    await doors.http({ path: '/web3/v1/models', headers: { ...bearer, cookie: secret, 'x-api-key': secret } })
    const odd = { 'x-web3-address': secret, 'x-web3-nonce': secret, 'x-web3-signature': secret }
    const more = {
      'x-web3-expires': secret,
      'x-web3-chain-id': secret,
      'content-type': secret,
      origin: secret,
    }
    await doors.http({ path: '/web3/api/web3.resources.leases', json: {}, headers: odd })
    await doors.http({ path: '/web3/api/web3.resources.leases', body: '{}', headers: { ...odd, ...more } })
    await doors.http({ path: '/web3/api/web3.resources.leases', body: secret, headers: bearer })
    await doors.http({
      path: '/web3/resources/search/query',
      token: leases.lost.token,
      json: { q: 'x', token: secret },
      headers: { 'x-openclaw-request-id': `not an id ${secret}` },
    })
    for (const path of chatPaths) {
      await doors.http({ path, token: secret, json: chat })
      await doors.http({ path, token: leases.model.token, json: { ...chat, model: secret, stop: 7 } })
      await doors.http({
        path,
        token: leases.model.token,
        json: { ...chat, tool_choice: secret, user: secret },
      })
      await doors.http({ path, token: leases.model.token, body: `{"messages": ${secret}` })
    }
    await doors.http({
      path: '/web3/resources/storage/put',
      token: leases.storage.token,
      json: { path: `../${secret}`, bytesBase64: secret, mime: secret },
    })
    await doors.tool('web3_call', { name: secret, params: { [secret]: secret } })
    await doors.tool('web3_call', {
      name: 'web3.resources.lease',
      params: { resourceId: secret, ttlMs: secret },
    })
    await doors.tool('web3_capabilities', { name: secret, group: secret })
    await doors.tool('web3_storage_get', { path: secret, leaseId: secret })
  }
}

/** Badly, with the right token: too large, of a wrong type, outside of the folder, for another kind, and the token cut. */
export async function overstep({ doors, gateway }: World, { leases, own }: Used): Promise<void> {
  const put = (path: string, bytes: string, mime = 'text/plain') =>
    doors.http({
      path: '/web3/resources/storage/put',
      token: leases.storage.token,
      json: { path, bytesBase64: Buffer.from(bytes).toString('base64'), mime },
    })
  const statuses = [
    await put('notes/a.txt', chosen.file),
    await put('../a.txt', chosen.file),
    await put('/etc/passwd', chosen.file),
    await put('notes', chosen.file),
    await put('b.txt', 'x'.repeat(4_000)),
    await put('b.png', chosen.file, 'image/png'),
    await doors.http({ path: chatPaths[0], token: leases.model.token, json: { ...chat, temperature: 9 } }),
    await doors.http({ path: chatPaths[1], token: leases.storage.token, json: chat }),
    await doors.http({ path: chatPaths[1], token: `${leases.model.token}x`, json: chat }),
  ]
  // That each was refused as it should be, or not at all, is what makes its answer worth reading.
  if (statuses.join() !== '200,400,400,409,413,415,400,403,401')
    throw new Error(`answered ${statuses.join()}`)
  await doors.rpc('web3.search.query', { q: chosen.query, leaseId: own.storage })
  const { grantedScopes } = await gateway.host.connection(['operator.read'])
  await doors.rpc('market.lease.issue', {}, ['operator.read'])
  if (grantedScopes.includes('operator.admin')) throw new Error('a reader was made an operator')
}

/** At the terminal, in the owner's own directory. What one may print is the token of a lease, and to standard output. */
export async function atTheTerminal({ doors }: World, { own }: Used, secret: string): Promise<void> {
  const [token, none] = await Promise.all([
    doors.cli(['web3', 'lease', 'token', own.search]),
    doors.cli(
      ['web3', 'call', 'web3.resources.status', '--params', '-'],
      JSON.stringify({ leaseId: secret }),
    ),
  ])
  if (token.code !== 0 || none.code !== 1) throw new Error(`the command line: ${token.stderr} ${none.stdout}`)
}
