/** `POST /web3/api/<method>` with a SIWE session. */
import { SiweMessage } from 'siwe'

/** Signs in. @returns how to call the market as this wallet; the session never leaves this closure. */
export async function openMarket(url, account) {
  const base = url.replace(/\/+$/, '')
  const post = async (method, params, headers = {}) => {
    const response = await fetch(`${base}/web3/api/${method}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(params),
    })
    const answer = await response.json()
    if (answer.ok === true) return answer
    throw new Error(`${method}: ${answer.error} ${answer.message}${answer.hint ? ` (${answer.hint})` : ''}`)
  }
  const { address } = account
  const { message } = await post('web3.siwe.challenge', { address })
  checkChallenge(new SiweMessage(message), base, address)
  const signature = await account.signMessage({ message })
  const { session } = await post('web3.siwe.verify', { message, signature })
  const { market } = await post('web3.capabilities.list', {})
  return {
    base,
    account,
    /** Its address: whom a consent is given to. */
    address: market.address,
    call: (method, params = {}) => post(method, params, { authorization: `Bearer ${session}` }),
  }
}

/** A wallet signs in where it is, as itself, and nothing else (EIP-4361). */
function checkChallenge({ domain, uri, address }, base, own) {
  if (domain !== new URL(base).host) throw new Error(`asked to sign in at ${domain}, not at ${base}`)
  if (new URL(uri).origin !== new URL(base).origin)
    throw new Error(`asked to sign in for ${uri}, not ${base}`)
  if (address !== own) throw new Error(`asked to sign in as ${address}, not as ${own}`)
}
