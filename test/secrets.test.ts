/**
 * DESIGN §15, by canaries: after leases, calls and every kind of mistake, no secret stands in an answer, in a log or in a
 * file of the state directory; and no endpoint of a backend in an answer, in a log or in a file of ours.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { generatePrivateKey } from 'viem/accounts'
import { openSecretBox } from '@openclaw-market/market-core'
import type { LeaseId } from '@openclaw-market/protocol/ids'
import { openKeystore } from '../extensions/market-core/src/keys/keystore.ts'
import { openVault } from '../extensions/web3-core/src/consumer/vault.ts'
import type { JsonRecord } from '../scripts/gateway/json-value.ts'
import { startHeldUpstream, type HeldUpstream } from './held-upstream.fixture.ts'
import {
  bootMarket,
  freePort,
  record,
  temporaryDirectory,
  text,
  type MarketGateway,
  type Store,
} from './market-gateway.fixture.ts'
import { deposit, model, publishDelegated, search, writeDocs } from './offers.fixture.ts'
import { outsideWallet, type Leased, type OutsideWallet } from './outside-wallet.fixture.ts'

const apiKey = 'sk-canary-7f1d0c5e9a'
const upstreamWords = 'canary: worker 7 of cluster blue has no memory left'
const hour = 3_600_000

describe.each<Store>(['sqlite', 'file'])('a gateway that has been used and misused, store %s', (store) => {
  const home = temporaryDirectory('secrets-test')
  /** All that anybody was answered: by method or path. */
  const answers: [where: string, what: string][] = []
  /** Nowhere at all. */
  const secrets = new Map<string, string>()
  /** Nowhere but in the config. */
  const endpoints = new Map<string, string>()
  let upstream: HeldUpstream
  let gateway: MarketGateway
  let listener: string
  let consumer: OutsideWallet
  let lease: Leased

  const rpc = async (method: string, params: JsonRecord = {}): Promise<JsonRecord> => {
    const answer = await gateway.host.rpc(method, params)
    answers.push([`rpc ${method}`, JSON.stringify(answer)])
    return answer.ok ? record(answer.payload) : {}
  }

  /** Through both doors. @returns the status of the second */
  const http = async (
    path: string,
    { token, json }: { token?: string; json?: unknown } = {},
  ): Promise<number> => {
    const headers = {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(json === undefined ? {} : { 'content-type': 'application/json' }),
    }
    const request = json === undefined ? { headers } : { method: 'POST', headers, body: JSON.stringify(json) }
    let status = 0
    for (const base of [listener, gateway.host.url]) {
      const response = await fetch(base + path, request)
      const said = JSON.stringify([...response.headers]) + (await response.text())
      answers.push([`http ${path} ${response.status}`, said])
      status = response.status
    }
    return status
  }

  const api = async (method: string, params: JsonRecord = {}): Promise<void> => {
    const { status, headers, body } = await consumer.api(method, params)
    answers.push([`api ${method} ${status}`, JSON.stringify([...headers]) + JSON.stringify(body)])
  }

  beforeAll(async () => {
    upstream = await startHeldUpstream()
    const port = await freePort()
    listener = `http://127.0.0.1:${port}`
    const folder = (name: string) => join(home.path, `canary-${name}`)
    const [files, key] = [folder('files'), folder('api-key')]
    mkdirSync(files)
    writeFileSync(key, `${apiKey}\n`, { mode: 0o600 })
    const docs = writeDocs(folder('docs'))
    const publisher = outsideWallet(listener, generatePrivateKey())
    const openai = {
      driver: 'openai-compat',
      baseUrl: upstream.baseUrl,
      model: 'canary-upstream-model',
      apiKeyFile: key,
    }
    gateway = await bootMarket({
      dir: join(home.path, 'gateway'),
      store,
      web3: {
        provider: {
          listen: { port },
          backends: {
            docs: { driver: 'local-docs', directory: docs, publishers: [publisher.address] },
            files: { driver: 'filesystem', directory: files },
            held: openai,
            gone: { driver: 'local-docs', directory: folder('missing') },
          },
        },
      },
    })
    for (const name of ['docs', 'files', 'api-key', 'missing'])
      endpoints.set(`the path of ${name}`, folder(name))
    endpoints.set('the address of the upstream', new URL(upstream.baseUrl).host)
    endpoints.set('the name of its model', openai.model)
    secrets.set('the api key', apiKey)
    secrets.set('what the upstream says', upstreamWords)

    consumer = outsideWallet(listener)
    secrets.set('the session of the consumer', await consumer.signIn())
    secrets.set('the session of the publisher', await publisher.signIn())
    await deposit(gateway, consumer.address, '10000000')
    await deposit(gateway, gateway.address, '10000000')
    const { passphraseFile, passphrase } = readPassphrase(gateway)
    secrets.set('the passphrase', passphrase)
    const keystore = readFileSync(
      join(gateway.host.stateDir, 'market-core', 'keys', 'node-wallet.json'),
      'utf8',
    )
    secrets.set('the key of the node wallet', (await openKeystore(keystore, passphrase)).slice(2))

    const publish = async (resource: JsonRecord) =>
      text((await rpc('web3.resources.publish', { resource }))['resourceId'])
    const searchId = await publishDelegated(publisher, gateway, search('docs', '1000'))
    const modelId = await publish(model('held', ['3', '7']))
    const price = { unit: 'put', amount: '10', per: '1', currency: 'USDC' }
    const policy = { maxBytes: 2_000, allowMime: ['text/plain'] }
    const storage = { kind: 'storage', label: 'A shelf', prices: [price], policy, backend: 'files' }
    const storageId = await publish(storage)
    await rpc('web3.resources.publish', { resource: search('gone', '1') })

    // As the owner.
    const { leaseId } = await rpc('web3.resources.lease', {
      resourceId: searchId,
      ttlMs: hour,
      maxCost: '50000',
    })
    await rpc('web3.search.query', { q: 'moon', leaseId })
    await rpc('tools.invoke', { name: 'web3_search', args: { q: 'bread' }, sessionKey: 'agent:main:main' })
    const box = await openSecretBox({ passphraseFile, purpose: 'consumer-vault' })
    const vault = await openVault({
      file: join(gateway.host.stateDir, 'web3-core', 'vault'),
      box,
      now: Date.now,
    })
    secrets.set('the token in the vault', vault.token(text(leaseId) as LeaseId))

    // An operator's: the one answer that may hold a token, and holds it once.
    const issue = {
      resourceId: searchId,
      ttlMs: hour,
      maxCost: '50000',
      idempotencyKey: 'issue-for-the-canary',
    }
    const { accessToken } = await gateway.call('market.lease.issue', issue)
    secrets.set('the token that an operator issued', text(accessToken))
    await rpc('market.lease.issue', issue)

    // As an outside wallet, well and badly.
    lease = await consumer.lease(modelId, '500000')
    const shelf = await consumer.lease(storageId, '5000')
    secrets.set('the token of the model lease', lease.token)
    secrets.set('the token of the storage lease', shelf.token)
    const chat = { messages: [{ role: 'user', content: 'Hello' }], max_tokens: 50 }
    for (const path of ['/web3/resources/model/chat', '/web3/v1/chat/completions']) {
      expect(await http(path, { token: lease.token, json: chat })).toBe(200)
      await http(path, { token: lease.token, json: { ...chat, temperature: 9 } })
      await http(path, { token: shelf.token, json: chat })
      await http(path, { token: `${lease.token}x`, json: chat })
    }
    upstream.fail(500, upstreamWords)
    for (const stream of [false, true]) {
      expect(
        await http('/web3/resources/model/chat', { token: lease.token, json: { ...chat, stream } }),
      ).toBe(502)
      await http('/web3/v1/chat/completions', { token: lease.token, json: { ...chat, stream } })
    }
    await http('/web3/v1/models', { token: lease.token })
    const put = (path: string, bytes: string, mime = 'text/plain') =>
      http('/web3/resources/storage/put', {
        token: shelf.token,
        json: { path, bytesBase64: Buffer.from(bytes).toString('base64'), mime },
      })
    expect(await put('notes/a.txt', 'a note')).toBe(200)
    expect(await put('../a.txt', 'a note')).toBe(400)
    expect(await put('/etc/passwd', 'a note')).toBe(400)
    expect(await put('notes', 'a note')).toBe(409)
    expect(await put('b.txt', 'x'.repeat(4_000))).toBe(413)
    expect(await put('b.png', 'a picture', 'image/png')).toBe(415)
    await http('/web3/resources/storage/get?path=notes/a.txt', { token: shelf.token })
    await http('/web3/resources/storage/get?path=../../x', { token: shelf.token })
    await http('/web3/api/web3.resources.leases', { token: 'ses_none', json: {} })
    await http('/web3/anything')
    await api('web3.resources.publish', { resource: search('held', '1') })
    await api('web3.resources.status', { leaseId: lease.leaseId })
    await api('web3.resources.get', { resourceId: modelId })
    await api('web3.resources.completeLease', { leaseId: lease.leaseId })
    for (const method of [
      'web3.resources.list',
      'web3.resources.leases',
      'web3.status.summary',
      'web3.billing.summary',
    ]) {
      await rpc(method)
      await api(method)
    }
    await rpc('web3.capabilities.describe')
    await rpc('web3.model.chat', { messages: chat.messages })
    await rpc('web3.resources.lease', { resourceId: searchId, ttlMs: 1, maxCost: '1' })
    await rpc('market.resource.get', { resourceId: modelId })
    await rpc('market.lease.list')
    for (const method of [
      'market.ledger.list',
      'market.settlement.list',
      'market.account.transfers',
      'market.status.summary',
    ]) {
      await rpc(method, method === 'market.account.transfers' ? { currency: 'USDC' } : {})
    }
    // Nothing changes the files while they are searched, and the write-ahead log is still there.
    await gateway.host.kill()
  })
  afterAll(async () => {
    await gateway?.host.kill()
    await upstream?.close()
    home.remove()
  })

  const logs = (): [string, string][] => [
    ['what the gateway printed', gateway.host.log()],
    ['the log file of the host', readFileSync(join(gateway.host.stateDir, 'openclaw.log'), 'latin1')],
  ]

  it('looked where it would have been found', () => {
    const all = [...answers, ...logs(), ...filesBelow(gateway.host.stateDir)]
    const tokenHash = createHash('sha256').update(lease.token).digest('hex')
    expect(placesOf(tokenHash, all).join()).toMatch(store === 'sqlite' ? /wal|sqlite/ : /journal/)
    expect(placesOf(lease.leaseId, answers)).not.toEqual([])
    expect(placesOf('serving leaseholders', logs())).toHaveLength(2)
    expect(placesOf(new URL(upstream.baseUrl).host, filesBelow(gateway.host.stateDir)).join()).toContain(
      'openclaw.json',
    )
    expect([secrets.size, endpoints.size]).toEqual([10, 6])
  })

  it('no secret is in an answer, a log, or a file of the state directory', () => {
    const all = [...answers, ...logs(), ...filesBelow(gateway.host.stateDir)]
    const found = [...secrets].flatMap(([what, secret]) =>
      placesOf(secret, all).map((place) => `${what}: ${place}`),
    )
    expect(found).toEqual([])
  })

  it('no endpoint of a backend is in an answer, a log, or a file of ours', () => {
    const ours = ['market-core', 'web3-core'].flatMap((name) => filesBelow(join(gateway.host.stateDir, name)))
    const all = [...answers, ...logs(), ...ours]
    const found = [...endpoints].flatMap(([what, where]) =>
      placesOf(where, all).map((place) => `${what}: ${place}`),
    )
    expect(found).toEqual([])
  })
})

function placesOf(canary: string, where: readonly (readonly [string, string])[]): readonly string[] {
  const forms = [
    canary,
    JSON.stringify(canary).slice(1, -1),
    Buffer.from(canary).toString('base64').replace(/=+$/, ''),
  ]
  return where.filter(([, what]) => forms.some((form) => what.includes(form))).map(([place]) => place)
}

/** Every file as it lies there, write-ahead log and journal too; but not the host's copies of the plugins' code. */
function filesBelow(folder: string): readonly [string, string][] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry): readonly [string, string][] => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return entry.name === 'plugin-captures' ? [] : filesBelow(path)
    return entry.isFile() ? [[path, readFileSync(path, 'latin1')]] : []
  })
}

function readPassphrase({ host }: MarketGateway): { passphraseFile: string; passphrase: string } {
  const folder = join(host.home, '.config', 'openclaw-market')
  const [name] = readdirSync(folder)
  const passphraseFile = join(folder, text(name))
  return { passphraseFile, passphrase: readFileSync(passphraseFile, 'utf8').trim() }
}
