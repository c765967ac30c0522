/**
 * The provider's door for leaseholders (DESIGN §11): one handler of node:http, mounted in the gateway under `/web3` and on
 * a listener of its own. Authenticate, read, replay, understand, admit, serve: in this order, so that nobody without a
 * lease makes us read, and nothing that was not paid for goes upstream.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { isMarketError, MarketError } from '@openclaw-market/protocol/errors'
import { errorAnswer, type Answer } from './answer.ts'
import { authenticate } from './authenticate.ts'
import type { ProviderEnvironment, Serving } from './environment.ts'
import type { Exchange, Job } from './exchange.ts'
import { publicError } from './faults.ts'
import { bodyReader } from './read-body.ts'
import { replayStore } from './replay-store.ts'
import { hashRequest, identityOf, type RequestIdentity } from './request-identity.ts'
import { routes, targetOf, type CallRoute, type FreeRoute, type Target } from './routes.ts'
import { send } from './send.ts'
import { serveStream } from './stream-call.ts'
import { serveWhole } from './whole-call.ts'

/** @returns false when the path is not ours and nothing was done. Never rejects. */
export type ProviderHandler = (request: IncomingMessage, response: ServerResponse) => Promise<boolean>

export function providerHandler(env: ProviderEnvironment): ProviderHandler {
  const serving: Serving = { ...env, replays: replayStore(env.now, env.replay), bodies: bodyReader() }
  return async (request, response) => {
    const target = targetOf(request.url ?? '')
    const { dialect } = target
    if (dialect === undefined) return false
    let identity: RequestIdentity | undefined
    try {
      const route = routeOf(target, request.method)
      identity = identityOf(request)
      const answer = await serve(serving, request, response, target, route, identity)
      if (answer !== undefined) await send(request, response, named(answer, identity))
    } catch (error) {
      const answer = errorAnswer(publicError(error, 'a request of a leaseholder', env.report), dialect)
      // A stream that has begun says for itself how it ended; what comes here then is beyond words.
      if (response.headersSent) response.destroy()
      else await send(request, response, identity === undefined ? answer : named(answer, identity))
    }
    return true
  }
}

/** @throws MarketError E_NOT_FOUND, with `allow` when it is only the method that is wrong. */
function routeOf({ path }: Target, method: string | undefined): FreeRoute | CallRoute {
  const route = routes.get(path)
  if (route === undefined) {
    throw new MarketError('E_NOT_FOUND', 'there is nothing at this path', {
      hint: 'Leased resources are at /web3/resources/{model/chat, search/query, storage/put, get, list} and /web3/v1/….',
    })
  }
  if (route.method === method) return route
  throw new MarketError('E_NOT_FOUND', `this path takes ${route.method} only`, {
    details: { allow: route.method },
    hint: `Use ${route.method}.`,
  })
}

function named(answer: Answer, { requestId }: RequestIdentity): Answer {
  return {
    ...answer,
    headers: { ...answer.headers, 'x-openclaw-request-id': requestId, 'x-request-id': requestId },
  }
}

/** @returns undefined when the answer has gone out already, as a stream. */
async function serve(
  serving: Serving,
  request: IncomingMessage,
  response: ServerResponse,
  { query, dialect = 'envelope' }: Target,
  route: FreeRoute | CallRoute,
  identity: RequestIdentity,
): Promise<Answer | undefined> {
  const holder = await authenticate(serving, request, route.kind)
  if ('answer' in route) return route.answer(holder)
  const read = await serving.bodies.read(request, holder.policy.maxBytes)
  try {
    const bodyHash = hashRequest(route.method, request.url ?? '', read.bytes)
    const exchange = { ...holder, ...identity, request, response, dialect, query, body: read.bytes, bodyHash }
    return (
      replayed(serving, exchange) ??
      (await answerCall(serving, exchange, await route.prepare(serving, exchange)))
    )
  } finally {
    read.release()
  }
}

async function answerCall(serving: Serving, exchange: Exchange, job: Job): Promise<Answer | undefined> {
  try {
    return job.kind === 'whole'
      ? await serveWhole(serving, exchange, job)
      : await serveStream(serving, exchange, job)
  } catch (error) {
    // The first of two equal requests may have ended since we looked.
    const late = isMarketError(error) && error.code === 'E_CONFLICT' ? replayed(serving, exchange) : undefined
    if (late === undefined) throw error
    return late
  }
}

function replayed(serving: Serving, { chosen, lease, requestId, bodyHash }: Exchange): Answer | undefined {
  const kept = chosen ? serving.replays.find(lease.leaseId, requestId, bodyHash) : undefined
  return kept === undefined
    ? undefined
    : { ...kept, headers: { ...kept.headers, 'x-openclaw-replayed': 'true' } }
}
