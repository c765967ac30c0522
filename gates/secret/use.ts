/** The loop by every door, well: what is learnt on the way is a secret, and what is left behind may be used badly. */
import { privateKeyToAccount } from 'viem/accounts'
import { openSecretBox } from '@openclaw-market/market-core'
import type { LeaseId } from '@openclaw-market/protocol/ids'
import { join } from 'node:path'
import { openVault } from '../../extensions/web3-core/src/consumer/vault.ts'
import { list, record, text } from '../../test/market-gateway.fixture.ts'
import { deposit, model, publishDelegated, search } from '../../test/offers.fixture.ts'
import { good, type Leased } from '../../test/outside-wallet.fixture.ts'
import { chosen, passphraseOf, type World } from './world.ts'

const hour = 3_600_000

/** What the rest of the gate goes on with. */
export interface Used {
  readonly resources: {
    readonly search: string
    readonly model: string
    readonly storage: string
    readonly lost: string
  }
  /** Of the consumer, with its tokens. */
  readonly leases: { readonly model: Leased; readonly storage: Leased; readonly lost: Leased }
  /** Of the node wallet: its tokens are in the vault. */
  readonly own: {
    readonly search: string
    readonly model: string
    readonly storage: string
    readonly remote: string
  }
  readonly settlementId: string
  readonly secrets: ReadonlyMap<string, string>
}

export async function use(world: World): Promise<Used> {
  const { gateway, doors, consumer, publisher, other } = world
  const secrets = new Map<string, string>()
  secrets.set('the session of the consumer', await consumer.signIn())
  secrets.set('the session of the publisher', await publisher.signIn())
  for (const [name, value] of await signInAndAgain(world)) secrets.set(name, value)
  await deposit(gateway, consumer.address, '100000000')
  await deposit(gateway, gateway.address, '100000000')

  const publish = (resource: Parameters<typeof publishDelegated>[2]) =>
    publishDelegated(publisher, gateway, resource)
  const put = [{ unit: 'put', amount: '10', per: '1', currency: 'USDC' }]
  const policy = { maxBytes: 2_000, allowMime: ['text/plain'] }
  const resources = {
    search: await publish(search('docs', '1000')),
    model: await publish(model('held', ['3', '7'])),
    storage: await publish({
      kind: 'storage',
      label: 'A shelf',
      prices: put,
      policy,
      backend: chosen.backend,
    }),
    lost: await publish(search('lost', '1')),
  }
  const mine = async (resourceId: string, more = {}): Promise<string> => {
    const terms = { resourceId, ttlMs: hour, maxCost: '500000', ...more }
    return text((await doors.rpc('web3.resources.lease', terms))['leaseId'])
  }
  await other.fund(gateway.address, 10_000_000n)
  const far = await other.call('web3.resources.publish', { resource: search('docs', '1000') })
  const own = {
    search: await mine(resources.search),
    model: await mine(resources.model),
    storage: await mine(resources.storage),
    remote: await mine(text(record(far)['resourceId']), { market: 'harbour' }),
  }
  const tokenOf = await vaultOf(world)
  secrets.set('the token in the vault', tokenOf(own.search))
  secrets.set('the token for the other market', tokenOf(own.remote))

  const issue = { resourceId: resources.search, ttlMs: hour, maxCost: '50000', idempotencyKey: 'issued-once' }
  const { accessToken, settlementId } = await doors.rpc('market.lease.issue', issue)
  await doors.rpc('market.lease.issue', issue)
  secrets.set('the token that an operator issued', text(accessToken))
  const leases = {
    model: await consumer.lease(resources.model, '500000'),
    storage: await consumer.lease(resources.storage, '50000'),
    lost: await consumer.lease(resources.lost, '50000'),
  }
  for (const [kind, { token }] of Object.entries(leases)) secrets.set(`the token of the ${kind} lease`, token)
  return { resources, leases, own, settlementId: text(settlementId), secrets }
}

/** A wallet that signs in by a door that is watched; then once more with the same message, as a thief would. */
async function signInAndAgain({ doors, keys }: World): Promise<readonly (readonly [string, string])[]> {
  const account = privateKeyToAccount(`0x${keys.publisher.slice(2)}`)
  const { message } = await doors.api('web3.siwe.challenge', { address: account.address })
  const signature = await account.signMessage({ message: text(message) })
  const { session } = await doors.api('web3.siwe.verify', { message, signature })
  await doors.api('web3.siwe.verify', { message, signature })
  await doors.api('web3.siwe.verify', { message: `${text(message)} `, signature })
  // A contract wallet is looked for on its chain, where nobody answers.
  const { message: other } = await doors.api('web3.siwe.challenge', { address: `0x${'7'.repeat(40)}` })
  await doors.api('web3.siwe.verify', { message: other, signature })
  return [
    ['the session of a visitor', text(session)],
    ['the signature of a sign-in', signature],
  ]
}

async function vaultOf(world: World): Promise<(leaseId: string) => string> {
  const box = await openSecretBox({ passphraseFile: passphraseOf(world).file, purpose: 'consumer-vault' })
  const file = join(world.gateway.host.stateDir, 'web3-core', 'vault')
  const vault = await openVault({ file, box, now: Date.now })
  return (leaseId) => vault.token(leaseId as LeaseId)
}

/** Every kind of call that can go well, by the owner, its butler and a leaseholder. */
export async function callAll({ doors, consumer }: World, { leases, own }: Used): Promise<void> {
  const messages = [{ role: 'user', content: chosen.prompt }]
  await doors.rpc('web3.model.chat', { messages, leaseId: own.model })
  await doors.rpc('web3.search.query', { q: chosen.query, leaseId: own.search })
  await doors.rpc('web3.search.query', { q: chosen.query, leaseId: own.remote })
  await doors.rpc('web3.storage.put', { path: 'own.txt', text: chosen.file, leaseId: own.storage })
  await doors.rpc('web3.storage.get', { path: 'own.txt', leaseId: own.storage })
  await doors.tool('web3_search', { q: chosen.query, leaseId: own.search })
  await doors.tool('web3_storage_put', { path: 'tool.txt', text: chosen.file, leaseId: own.storage })
  await doors.tool('web3_storage_list', { leaseId: own.storage })
  await doors.tool('web3_call', { name: 'web3.model.chat', params: { messages, leaseId: own.model } })
  await doors.tool('web3_capabilities', {})
  for (const path of ['/web3/resources/model/chat', '/web3/v1/chat/completions']) {
    for (const stream of [false, true])
      await doors.http({ path, token: leases.model.token, json: { messages, max_tokens: 50, stream } })
  }
  await doors.http({ path: '/web3/v1/models', token: leases.model.token })
  const bytesBase64 = Buffer.from(chosen.file).toString('base64')
  await doors.http({
    path: '/web3/resources/storage/put',
    token: leases.storage.token,
    json: { path: 'notes/a.txt', bytesBase64, mime: 'text/plain' },
  })
  for (const accept of ['*/*', 'application/json']) {
    await doors.http({
      path: '/web3/resources/storage/get?path=notes/a.txt',
      token: leases.storage.token,
      headers: { accept },
    })
  }
  await doors.http({ path: '/web3/resources/storage/list', token: leases.storage.token, json: {} })
  good(await consumer.signed('web3.resources.leases'))
}

/** A folder that is shared, one that must not be, and everything that is said of both. Last: the stop of all would undo it. */
export async function lend({ doors, gateway, home }: World, terminal: boolean): Promise<void> {
  const docs = join(home, 'lent')
  const { found } = await doors.rpc('web3.share.find', { docs })
  const [thing] = list(found)
  const name = text(thing?.['name'])
  const started = await doors.rpc('web3.share.start', { docs, things: [{ name }] })
  if (started['ok'] !== true) throw new Error(JSON.stringify(started))
  for (const folder of [gateway.host.stateDir, join(docs, 'missing'), home])
    await doors.rpc('web3.share.start', { disk: { folder, bytes: 1_000_000 }, things: [{ name: 'disk' }] })
  await doors.rpc('web3.share.status')
  await doors.rpc('web3.status.summary')
  if (terminal) await doors.cli(['share', 'status', '--json'])
}
