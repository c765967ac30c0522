import { core, web3, type Area } from './claim.ts'

const provider = `${web3}/provider`
const handled = `${provider}/handler.test.ts`
const body = `${provider}/read-body.test.ts`
const listener = `${provider}/listener.test.ts`
const calling = `${core}/market/calls/calls.test.ts`

export const providerClaims: Area = {
  title: 'Serving leaseholders',
  against: 'Leaseholders and strangers at the provider’s door.',
  claims: [
    {
      claim: 'A request without the token of a lease is nobody’s, and hears nothing else.',
      file: `${provider}/authenticate.ts`,
      enforcedBy: 'authenticate',
      caughtBy: {
        file: handled,
        test: 'is nobody’s without a token that somebody has, and hears nothing else',
      },
      loss: {
        line: 'if (lease === undefined) throw unknownToken()',
        replacement: "if (lease === undefined) throw new MarketError('E_EXPIRED', 'the lease has ended')",
      },
    },
    {
      claim: 'A token opens its own lease only.',
      file: `${core}/market/calls/gate.ts`,
      enforcedBy: 'callGate',
      caughtBy: {
        file: `${provider}/storage-route.test.ts`,
        test: 'belongs to the consumer at the resource: the next lease finds it, nobody else does',
      },
      loss: {
        line: 'const known = byToken.get(tokenHash)',
        replacement: 'const [known] = [byToken.get(tokenHash), ...byToken.values()].reverse()',
      },
    },
    {
      claim: 'A lease of one kind opens no other kind of resource.',
      file: `${provider}/authenticate.ts`,
      enforcedBy: 'authenticate',
      caughtBy: { file: handled, test: 'is refused on another kind of resource' },
      loss: { line: 'if (lease.kind !== kind) {', replacement: 'if (lease.kind === undefined) {' },
    },
    {
      claim: 'A lease that has ended or expired opens nothing at the door.',
      file: `${provider}/authenticate.ts`,
      enforcedBy: 'assertRuns',
      caughtBy: { file: `${provider}/handler.test.ts`, test: 'is over when the lease is' },
      loss: { line: 'assertRuns(lease, market.now())', replacement: '' },
    },
    {
      claim: 'A lease that has ended or expired admits no call, whatever the gate remembers.',
      file: `${core}/market/calls/open.ts`,
      enforcedBy: 'assertOpen',
      caughtBy: {
        file: calling,
        test: 'is not admitted once the lease has ended, by whatever the gate remembers',
      },
      loss: {
        line: "if (status === 'lease_active' && now < expiresAt) return",
        replacement: 'if (now < expiresAt) return',
      },
    },
    {
      claim: 'A body has no more bytes than the lease allows for one request.',
      file: `${provider}/read-body.ts`,
      enforcedBy: 'bodyReader',
      caughtBy: {
        file: `${provider}/request.test.ts`,
        test: 'refuses too large a body that does not say its length, and reads no more of it than that',
      },
      loss: { line: 'if (mine + bytes > maxBytes) throw tooLarge(maxBytes)', replacement: '' },
    },
    {
      claim: 'All bodies together are bounded in memory.',
      file: `${provider}/read-body.ts`,
      enforcedBy: 'bodyReader',
      caughtBy: { file: body, test: 'counts towards what the process holds until it is released' },
      loss: { line: 'if (held + bytes > bounds.inMemory) throw crowded()', replacement: '' },
    },
    {
      claim: 'A body keeps coming, or its sender is dropped.',
      file: `${provider}/read-body.ts`,
      enforcedBy: 'collect',
      caughtBy: { file: body, test: 'must keep coming' },
      loss: {
        line: 'const timer = setTimeout(late, idleMs)',
        replacement: 'const timer = setTimeout(late, idleMs + 60_000)',
      },
    },
    {
      claim: 'A body from somebody who is not proved yet is whole in time, however steadily it drips.',
      file: `${provider}/read-body.ts`,
      enforcedBy: 'collect',
      caughtBy: { file: body, test: 'must be whole in time, however steadily a byte comes now and then' },
      loss: {
        line: 'const last = wholeMs === undefined ? undefined : setTimeout(late, wholeMs)',
        replacement: 'const last = undefined',
      },
    },
    {
      claim: 'No JSON of a caller is nested deeper than 64.',
      file: `${provider}/json-body.ts`,
      enforcedBy: 'parseJson',
      caughtBy: {
        file: `${provider}/request.test.ts`,
        test: 'refuses what is not JSON, not UTF-8 or nested without end',
      },
      loss: { line: 'if (deeperThan(value, maxDepth)) {', replacement: 'if (deeperThan(value, Infinity)) {' },
    },
    {
      claim: 'The same request id with another body is refused.',
      file: `${provider}/replay-store.ts`,
      enforcedBy: 'replayStore',
      caughtBy: {
        file: `${provider}/replay.test.ts`,
        test: 'is refused with another body, and belongs to one lease',
      },
      loss: {
        line: 'return found?.bodyHash === bodyHash ? found.answer : undefined',
        replacement: 'return bodyHash ? found?.answer : undefined',
      },
    },
    {
      claim: 'A request id belongs to one lease: no other gets its answer.',
      file: `${provider}/replay-store.ts`,
      enforcedBy: 'replayStore',
      caughtBy: {
        file: `${provider}/replay.test.ts`,
        test: 'is refused with another body, and belongs to one lease',
      },
      loss: {
        line: 'const found = kept.get(`${leaseId}/${requestId}`)',
        replacement: 'const found = [...kept].find(([key]) => key.endsWith(`/${requestId}`) && leaseId)?.[1]',
      },
    },
    {
      claim: 'Answers that are kept to be given again are bounded in bytes, number and time.',
      file: `${provider}/replay-store.ts`,
      enforcedBy: 'replayStore',
      caughtBy: {
        file: `${provider}/replay.test.ts`,
        test: 'is bounded in number, bytes and time, and forgets the oldest first',
      },
      loss: {
        line: 'if (until > now() && bytes <= maxBytes && kept.size <= maxAnswers) return',
        replacement: 'if (until > now() && kept.size <= maxAnswers) return',
      },
    },
    {
      claim: 'The calls of a lease in a minute are bounded by its policy.',
      file: `${core}/market/calls/gate.ts`,
      enforcedBy: 'callGate',
      caughtBy: { file: calling, test: 'is bounded in number at a time and a minute' },
      loss: { line: 'rate.take(now)', replacement: 'void rate' },
    },
    {
      claim: 'The calls of a lease at a time are bounded by its policy.',
      file: `${core}/market/calls/gate.ts`,
      enforcedBy: 'callGate',
      caughtBy: { file: calling, test: 'is bounded in number at a time and a minute' },
      loss: {
        line: 'if (inFlight.size >= maxConcurrent) throw tooMany(maxConcurrent)',
        replacement: '',
      },
    },
    {
      claim: 'The requests of one address to the API in a minute are bounded, before a body is read.',
      file: `${web3}/surface/http-api.ts`,
      enforcedBy: 'apiHandler',
      caughtBy: {
        file: `${web3}/surface/http-api.test.ts`,
        test: 'beyond the rate: 429 and when to come again; the body is not read',
      },
      loss: { line: "rates.take(request.socket.remoteAddress ?? '', running.now())", replacement: '' },
    },
    {
      claim: 'The listener serves /web3/ and nothing else.',
      file: `${provider}/listener.ts`,
      enforcedBy: 'answer',
      caughtBy: {
        file: listener,
        test: 'is on this machine alone unless told, and serves /web3/* and nothing else',
      },
      loss: {
        line: "request.url?.startsWith('/web3/') === true && (await handler(request, response))",
        replacement: 'await handler(request, response)',
      },
    },
    {
      claim: 'The listener is on this machine alone unless the config says otherwise.',
      file: `${provider}/listener.ts`,
      enforcedBy: 'startListener',
      caughtBy: {
        file: listener,
        test: 'is on this machine alone unless told, and serves /web3/* and nothing else',
      },
      loss: { line: "host = '127.0.0.1'", replacement: "host = '0.0.0.0'" },
    },
    {
      claim: 'The connections to the listener are bounded.',
      file: `${provider}/listener.ts`,
      enforcedBy: 'startListener',
      caughtBy: { file: listener, test: 'has a bound of connections' },
      loss: { line: 'server.maxConnections = maxConnections', replacement: '' },
    },
    {
      claim: 'A stream is cut where its budget ends.',
      file: `${provider}/stream-meter.ts`,
      enforcedBy: 'streamMeter',
      caughtBy: {
        file: `${provider}/stream-call.test.ts`,
        test: 'is cut: `length`, budget spent, and a bill within the reserve',
      },
      loss: {
        line: 'const over = bytes + deliveredBytes(chunk) > limit',
        replacement: 'const over = bytes < 0',
      },
    },
    {
      claim: 'Nothing of an answer reaches the caller before its call is on disk.',
      file: `${provider}/whole-call.ts`,
      enforcedBy: 'serveWhole',
      caughtBy: {
        file: `${provider}/storage-route.test.ts`,
        test: 'writes nothing before its call is on disk',
      },
      loss: {
        line: 'const running = job.changes ? undefined : attempt(job, call, stop)',
        replacement: 'const running = attempt(job, call, stop)',
      },
    },
  ],
}
