/** A wallet outside of any gateway: what it sends to `POST /web3/api/<method>`, by session or signed request by request. */
import { createHash, randomBytes } from 'node:crypto'
import type { TypedDataDefinition } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { delegationTypedData, type DelegationValues } from '@openclaw-market/protocol/typed-data/delegation'
import { requestParamsHash, requestTypedData } from '@openclaw-market/protocol/typed-data/signed-request'
import type { ActorId } from '@openclaw-market/protocol/schema/scalars'
import type { JsonRecord } from '../scripts/gateway/json-value.ts'
import { record, text } from './market-gateway.fixture.ts'

export interface Answered {
  readonly status: number
  readonly headers: Headers
  readonly body: JsonRecord
}

export interface Leased {
  readonly leaseId: string
  readonly token: string
}

export interface OutsideWallet {
  readonly address: ActorId
  /** The session bearer, once signed in. */
  readonly session: () => string
  signIn(): Promise<string>
  /** With the session when there is one. */
  api(method: string, params?: JsonRecord, headers?: Readonly<Record<string, string>>): Promise<Answered>
  /** One request signed by itself; `nonce` when it must not be a fresh one. */
  signed(method: string, params?: JsonRecord, nonce?: string): Promise<Answered>
  /** By quote, consent and a token of its own. */
  lease(resourceId: string, maxCost: string, ttlMs?: number, mode?: 'postpaid'): Promise<Leased>
  delegate(values: Omit<DelegationValues, 'provider' | 'chainId'>): Promise<JsonRecord>
}

/** @param base where the market is: its listener or the gateway's own port */
export function outsideWallet(base: string, key = generatePrivateKey()): OutsideWallet {
  const account = privateKeyToAccount(key)
  let session: string | undefined
  const post: OutsideWallet['api'] = async (method, params = {}, headers = {}) => {
    const response = await fetch(`${base}/web3/api/${method}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(params),
    })
    return { status: response.status, headers: response.headers, body: record(await response.json()) }
  }
  const api: OutsideWallet['api'] = (method, params, headers) =>
    post(method, params, {
      ...(session === undefined ? {} : { authorization: `Bearer ${session}` }),
      ...headers,
    })
  return {
    address: account.address as ActorId,
    session: () => text(session),
    api,
    async signIn() {
      const challenge = good(await post('web3.siwe.challenge', { address: account.address }))
      const signature = await account.signMessage({ message: text(challenge['message']) })
      const verified = good(await post('web3.siwe.verify', { message: challenge['message'], signature }))
      session = text(verified['session'])
      return session
    },
    async signed(method, params = {}, nonce = randomBytes(24).toString('base64url')) {
      const { market } = good(await post('web3.capabilities.list'))
      const { address, chainId } = record(market)
      const expiresAt = Date.now() + 60_000
      const signature = await account.signTypedData(
        requestTypedData({
          chainId: Number(chainId),
          market: text(address) as ActorId,
          method,
          paramsHash: requestParamsHash(params),
          nonce,
          expiresAt,
        }),
      )
      return post(method, params, {
        'x-web3-address': account.address,
        'x-web3-nonce': nonce,
        'x-web3-expires': new Date(expiresAt).toISOString(),
        'x-web3-chain-id': String(chainId),
        'x-web3-signature': signature,
      })
    },
    async lease(resourceId, maxCost, ttlMs = 3_600_000, mode) {
      const plan = { resourceId, ttlMs, maxCost, ...(mode === undefined ? {} : { mode }) }
      const quote = good(await api('web3.resources.quote', plan))
      const token = `tok_${randomBytes(32).toString('base64url')}`
      const leased = good(
        await api('web3.resources.lease', {
          resourceId,
          ttlMs,
          maxCost,
          quoteId: quote['quoteId'],
          consentSignature: await account.signTypedData(quote['typedData'] as TypedDataDefinition),
          tokenHash: createHash('sha256').update(token).digest('hex'),
        }),
      )
      return { leaseId: text(leased['leaseId']), token }
    },
    async delegate(values) {
      const provider = account.address as ActorId
      const typed = delegationTypedData({ chainId: 1, provider, ...values })
      return {
        provider,
        ...values,
        expiresAt: new Date(values.expiresAt).toISOString(),
        signature: await account.signTypedData(typed),
      }
    },
  }
}

export function good({ status, body }: Answered): JsonRecord {
  if (status === 200 && body['ok'] === true) return body
  throw new Error(`${status}: ${JSON.stringify(body)}`)
}
