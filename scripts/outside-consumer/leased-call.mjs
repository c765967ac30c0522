/** A call to a provider's route with the token of a lease, and what can be known of it on this side. */
import { createHash, randomUUID } from 'node:crypto'

export const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex')

/** @throws with the provider's own words when the call was refused */
export async function send({ base, token }, path, { method = 'POST', body, headers = {} } = {}) {
  const requestId = `req_${randomUUID()}`
  const response = await fetch(`${base}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      'x-openclaw-request-id': requestId,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  if (response.headers.get('x-openclaw-request-id') !== requestId) {
    throw new Error(`${path} answered to another request id`)
  }
  if (response.status === 200) return { requestId, response }
  const { error, message } = await response.json()
  throw new Error(`${path}: ${response.status} ${error?.code ?? error} ${error?.message ?? message}`)
}

/**
 * A call with a whole answer. `count` says what was received; the provider must state the same in its headers.
 * @returns the answer's bytes
 */
export async function whole({ record, ...lease }, what, path, request, count) {
  const { requestId, response } = await send(lease, path, request)
  const bytes = Buffer.from(await response.arrayBuffer())
  const usage = count(bytes)
  const stated = JSON.parse(response.headers.get('x-openclaw-usage') ?? '[]')
  const { headers } = response
  record(
    counted({
      what,
      requestId,
      usage,
      stated: Object.fromEntries(stated.map(({ unit, quantity }) => [unit, quantity])),
      cost: headers.get('x-openclaw-cost'),
      seq: Number(headers.get('x-openclaw-seq')),
      sha256: sha256(bytes),
    }),
  )
  return bytes
}

/** @throws when the provider states other usage than was counted here */
export function counted({ stated, ...call }) {
  const units = new Set([...Object.keys(stated), ...Object.keys(call.usage)])
  for (const unit of units) {
    if (BigInt(stated[unit] ?? 0) === BigInt(call.usage[unit] ?? 0)) continue
    throw new Error(
      `${call.what}: the provider states ${stated[unit] ?? 0} ${unit}, ${call.usage[unit] ?? 0} arrived`,
    )
  }
  if (!/^\d+$/.test(call.cost ?? '')) throw new Error(`${call.what}: the answer does not say what it cost`)
  return call
}
