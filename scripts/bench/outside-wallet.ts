/** A consumer as the market meets one: a wallet that signs in over HTTP and calls `/web3/api`. */
import { generatePrivateKey, privateKeyToAccount, type PrivateKeyAccount } from 'viem/accounts'
import { isRecord, stringAt, type JsonRecord } from '../gateway/json-value.ts'

export interface OutsideWallet {
  readonly account: PrivateKeyAccount
  /** Where the market says that leaseholders reach it. */
  readonly siteUrl: string
  /** Calls `web3.*` as this wallet. @throws with the market's own words when it refuses. */
  ask(method: string, params: object): Promise<JsonRecord>
}

export async function signedInWallet(gatewayUrl: string): Promise<OutsideWallet> {
  const account = privateKeyToAccount(generatePrivateKey())
  const challenge = await post(gatewayUrl, 'web3.siwe.challenge', { address: account.address })
  const message = String(challenge['message'])
  const siteUrl = /^URI: (\S+)$/m.exec(message)?.[1]
  if (siteUrl === undefined) throw new Error('the challenge names no URI')
  const signature = await account.signMessage({ message })
  const { session } = await post(gatewayUrl, 'web3.siwe.verify', { message, signature })
  return {
    account,
    siteUrl,
    ask: (method, params) => post(gatewayUrl, method, params, String(session)),
  }
}

async function post(url: string, method: string, params: object, session?: string): Promise<JsonRecord> {
  const response = await fetch(`${url}/web3/api/${method}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(session === undefined ? {} : { authorization: `Bearer ${session}` }),
    },
    body: JSON.stringify(params),
  })
  const answer: unknown = await response.json()
  if (isRecord(answer) && answer['ok'] === true) return answer
  throw new Error(`${method}: ${stringAt(answer, 'error')} ${stringAt(answer, 'message')}`)
}
