/** An outside wallet: a viem account that speaks HTTP with a market, by session or by signed requests. */
import { createHash, randomBytes } from 'node:crypto'
import type { TypedDataDefinition } from 'viem'
import { generatePrivateKey, privateKeyToAccount, type PrivateKeyAccount } from 'viem/accounts'
import type { Envelope } from '@openclaw-market/protocol/errors'
import { idSource, type ResourceId } from '@openclaw-market/protocol/ids'
import { codec } from '@openclaw-market/protocol/schema/codec'
import { ActorId } from '@openclaw-market/protocol/schema/scalars'
import { delegationTypedData } from '@openclaw-market/protocol/typed-data/delegation'
import { requestParamsHash, requestTypedData } from '@openclaw-market/protocol/typed-data/signed-request'
import { good, type Json } from './world.fixture.ts'
import { chainId, type RunningWorld } from './running-world.fixture.ts'

export interface Answered {
  readonly status: number
  readonly headers: Headers
  readonly body: Envelope
}

export type Headers_ = Readonly<Record<string, string>>

/** One request to the API, as it is. */
export async function post(
  url: string,
  method: string,
  params: unknown,
  headers: Headers_ = {},
): Promise<Answered> {
  const response = await fetch(`${url}/web3/api/${method}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof params === 'string' ? params : JSON.stringify(params),
  })
  return { status: response.status, headers: response.headers, body: (await response.json()) as Envelope }
}

/** What of a signed request is signed, and what is sent, may differ in a test. */
export interface Signed {
  readonly method?: string
  readonly params?: unknown
  readonly market?: string
  readonly chainId?: number
  readonly nonce?: string
  readonly expiresAt?: number
}

export interface OutsideWallet {
  readonly account: PrivateKeyAccount
  readonly actorId: ActorId
  signIn(): Promise<string>
  /** By the session. */
  api(method: string, params?: object): Promise<Answered>
  /** The headers of a request signed by itself. */
  sign(method: string, params: object, otherwise?: Signed): Promise<Headers_>
  /** The parameters of a lease: by quote, consent and a token of its own. */
  wish(resourceId: string, maxCost: string, ttlMs?: number): Promise<Json & { readonly token: string }>
  delegation(resourceId: string, backend: string, otherwise?: object): Promise<Json>
}

export function outsideWallet(
  { url, market }: Pick<RunningWorld, 'url'> & { readonly market: { readonly address: string } },
  account = privateKeyToAccount(generatePrivateKey()),
): OutsideWallet {
  const actorId = codec(ActorId).decode(account.address)
  let session: string | undefined
  const api: OutsideWallet['api'] = async (method, params = {}) => {
    session ??= await signIn()
    return post(url, method, params, { authorization: `Bearer ${session}` })
  }
  const signIn = async (): Promise<string> => {
    const { message } = good((await post(url, 'web3.siwe.challenge', { address: actorId })).body)
    const signature = await account.signMessage({ message: String(message) })
    session = String(good((await post(url, 'web3.siwe.verify', { message, signature })).body)['session'])
    return session
  }
  return {
    account,
    actorId,
    signIn,
    api,
    async sign(method, params, otherwise = {}) {
      const nonce = otherwise.nonce ?? randomBytes(24).toString('base64url')
      const expiresAt = otherwise.expiresAt ?? Date.now() + 60_000
      const chain = otherwise.chainId ?? chainId
      const typed = requestTypedData({
        chainId: chain,
        market: codec(ActorId).decode(otherwise.market ?? market.address),
        method: otherwise.method ?? method,
        paramsHash: requestParamsHash(otherwise.params ?? params),
        nonce,
        expiresAt,
      })
      return {
        'x-web3-address': actorId,
        'x-web3-nonce': nonce,
        'x-web3-expires': new Date(expiresAt).toISOString(),
        'x-web3-chain-id': String(chain),
        'x-web3-signature': await account.signTypedData(typed),
      }
    },
    async wish(resourceId, maxCost, ttlMs = 3_600_000) {
      const { quoteId, typedData } = good(
        (await api('web3.resources.quote', { resourceId, ttlMs, maxCost })).body,
      )
      const consentSignature = await account.signTypedData(typedData as TypedDataDefinition)
      const token = `tok_${randomBytes(32).toString('base64url')}`
      const tokenHash = createHash('sha256').update(token).digest('hex')
      return { token, resourceId, ttlMs, maxCost, quoteId, consentSignature, tokenHash }
    },
    async delegation(resourceId, backend, otherwise = {}) {
      const expiresAt = Date.now() + 86_400_000
      const values = {
        provider: actorId,
        delegate: codec(ActorId).decode(market.address),
        resourceId: resourceId as ResourceId,
        backend,
        expiresAt,
        ...otherwise,
      }
      const signature = await account.signTypedData(delegationTypedData({ chainId, ...values }))
      return { ...values, expiresAt: new Date(values.expiresAt).toISOString(), signature }
    },
  }
}

const ids = idSource(Date.now, (bytes) => void crypto.getRandomValues(bytes))

export function newResourceId(): string {
  return ids.next('res')
}

/** Publishes over a backend of this world, which its config lets the wallet do. @returns the resourceId */
export async function publishAs(wallet: OutsideWallet, resource: Json): Promise<string> {
  const resourceId = newResourceId()
  const delegation = await wallet.delegation(resourceId, String(resource['backend']))
  const { body } = await wallet.api('web3.resources.publish', {
    resource: { ...resource, resourceId, delegation },
  })
  return String(good(body)['resourceId'])
}

/** Takes a lease of its own, and has the token. */
export async function leaseAs(wallet: OutsideWallet, resourceId: string, maxCost: string) {
  const { token, ...params } = await wallet.wish(resourceId, maxCost)
  const { leaseId } = good((await wallet.api('web3.resources.lease', params)).body)
  return { leaseId: String(leaseId), token, params }
}
