import { core, protocol, web3, type Area } from './claim.ts'

const market = `${core}/market`
const execute = `${market}/execute.ts`
const executed = `${market}/execute.test.ts`
const ends = `${core}/sweep/sweep.test.ts`
const issuing = `${market}/leases/issue.test.ts`
const issuingWho = `${market}/leases/issue-who.test.ts`
const publishing = `${market}/resources/publish.test.ts`
const appending = `${market}/usage/append.test.ts`

export const authorityClaims: Area = {
  title: 'Who may do what',
  against: 'Actors that are proved and want more than is theirs: providers, consumers, operators.',
  claims: [
    {
      claim: 'An operation is carried out for the kinds of callers that it names, and for no other.',
      file: execute,
      enforcedBy: 'admitCaller',
      caughtBy: { file: executed, test: 'is for its callers alone, and reads its parameters strictly' },
      loss: {
        line: 'if (contract.callers.includes(who.kind)) return',
        replacement: "if (who.kind !== 'anyone') return",
      },
    },
    {
      claim: 'Usage of a lease is written by its provider, or the key that it delegated to, and nobody else.',
      file: `${market}/calls/serve.ts`,
      enforcedBy: 'mayServe',
      caughtBy: {
        file: appending,
        test: 'is for the provider alone; to anyone else the lease does not exist',
      },
      loss: {
        line: 'if (lease.providerActorId === who.actorId) return true',
        replacement: 'if ([lease.providerActorId, lease.consumerActorId].includes(who.actorId)) return true',
      },
    },
    {
      claim: 'No operator writes usage on behalf of somebody else.',
      file: `${market}/calls/serve.ts`,
      enforcedBy: 'mayServe',
      caughtBy: {
        file: appending,
        test: 'is for the provider alone; to anyone else the lease does not exist',
      },
      loss: {
        line: "if (who.kind === 'operator' && who.onBehalfOf !== undefined) {",
        replacement: "if (who.kind === 'operator' && who.onBehalfOf?.reason === '') {",
      },
    },
    {
      claim: 'A lease is revoked by its consumer or its provider, and nobody else.',
      file: `${market}/leases/revoke.ts`,
      enforcedBy: 'revokeLease',
      caughtBy: {
        file: ends,
        test: 'a lease ends by its parties alone, and is accepted by its consumer alone',
      },
      loss: {
        line: 'loadLease(tx, leaseId, (l) => l.consumerActorId === actorOf(who) || l.providerActorId === actorOf(who)),',
        replacement: 'loadLease(tx, leaseId, () => actorOf(who) !== undefined),',
      },
    },
    {
      claim: 'A lease is accepted by its consumer, and not by its provider.',
      file: `${market}/leases/complete.ts`,
      enforcedBy: 'completeLease',
      caughtBy: {
        file: ends,
        test: 'a lease ends by its parties alone, and is accepted by its consumer alone',
      },
      loss: {
        line: 'loadLease(tx, leaseId, (lease) => lease.consumerActorId === actorOf(who)),',
        replacement:
          'loadLease(tx, leaseId, (l) => l.consumerActorId === actorOf(who) || l.providerActorId === actorOf(who)),',
      },
    },
    {
      claim: 'Nobody leases from itself.',
      file: `${market}/resources/quote.ts`,
      enforcedBy: 'notOneself',
      caughtBy: { file: issuingWho, test: 'by the node wallet needs no quote, and not from itself' },
      loss: {
        line: 'if (resource.providerActorId !== consumer) return',
        replacement: "if (resource.providerActorId !== '') return",
      },
    },
    {
      claim: 'A lease of an outside wallet needs the wallet’s signature over exactly its quote.',
      file: `${market}/leases/consented.ts`,
      enforcedBy: 'proveConsent',
      caughtBy: {
        file: issuing,
        test: 'is refused by code when anything is wrong with it, and a refusal leaves nothing',
      },
      loss: {
        line: 'if (await prover.verify({ address: consumer, chainId: rules.chainId, signature, typedData })) {',
        replacement: 'if (signature !== typedData.primaryType) {',
      },
    },
    {
      claim: 'A lease never locks more than the consumer has consented to.',
      file: `${market}/leases/consented.ts`,
      enforcedBy: 'checkQuote',
      caughtBy: {
        file: issuing,
        test: 'is refused by code when anything is wrong with it, and a refusal leaves nothing',
      },
      loss: { line: 'if (input.maxCost > quote.maxCost) {', replacement: 'if (input.maxCost < 0n) {' },
    },
    {
      claim: 'A consent is not taken for an offer that has changed since.',
      file: `${market}/leases/consented.ts`,
      enforcedBy: 'checkQuote',
      caughtBy: {
        file: issuing,
        test: 'is refused when the offer changed, the quote is over or used, or the resource is gone',
      },
      loss: { line: 'if (quote.offerHash !== resource.offerHash) throw changedOffer()', replacement: '' },
    },
    {
      claim: 'A quote is used once, and only while it holds.',
      file: `${market}/leases/issue.ts`,
      enforcedBy: 'issueLease',
      caughtBy: {
        file: issuing,
        test: 'is refused when the offer changed, the quote is over or used, or the resource is gone',
      },
      loss: {
        line: '...(quote === undefined ? [] : [remove(Quotes, quote.quoteId)]),',
        replacement: '',
      },
    },
    {
      claim: 'A quote of somebody else is as if it did not exist.',
      file: `${market}/leases/consented.ts`,
      enforcedBy: 'checkQuote',
      caughtBy: {
        file: issuing,
        test: 'is refused by code when anything is wrong with it, and a refusal leaves nothing',
      },
      loss: {
        line: 'if (quote?.consumerActorId !== consumer || quote.resourceId !== resource.resourceId)',
        replacement: 'if (quote === undefined || quote.resourceId !== resource.resourceId)',
      },
    },
    {
      claim:
        'An outside wallet publishes only with a delegation that it has signed, for that resource and backend.',
      file: `${market}/resources/publish.ts`,
      enforcedBy: 'checkDelegation',
      caughtBy: {
        file: publishing,
        test: 'by another wallet needs a backend that lets it, and its signed delegation',
      },
      loss: { line: ': proof', replacement: ': proof || delegation.signature' },
    },
    {
      claim: 'Only those whom the config names beside a backend publish over it.',
      file: `${market}/resources/terms.ts`,
      enforcedBy: 'usableBackend',
      caughtBy: {
        file: publishing,
        test: 'by another wallet needs a backend that lets it, and its signed delegation',
      },
      loss: {
        line: 'const mine = backend !== undefined && (actor === rules.market || backend.publishers.includes(actor))',
        replacement: 'const mine = backend !== undefined',
      },
    },
    {
      claim: 'Nobody publishes a new version of somebody else’s resource.',
      file: `${market}/resources/publish.ts`,
      enforcedBy: 'checkSame',
      caughtBy: {
        file: publishing,
        test: 'by another wallet needs a backend that lets it, and its signed delegation',
      },
      loss: {
        line: 'if (before.providerActorId !== actor) {',
        replacement: "if (before.providerActorId === '') {",
      },
    },
    {
      claim: 'Nobody takes somebody else’s resource off the market.',
      file: `${market}/resources/unpublish.ts`,
      enforcedBy: 'unpublishResource',
      caughtBy: {
        file: `${web3}/resources/outside-wallet.test.ts`,
        test: 'someone else’s lease, quote or resource is as if it did not exist',
      },
      loss: {
        line: 'const mine = resource?.providerActorId === actorOf(who) ? resource : undefined',
        replacement: 'const mine = actorOf(who) ? resource : undefined',
      },
    },
    {
      claim: 'Serving under a delegation ends with it.',
      file: `${market}/calls/serve.ts`,
      enforcedBy: 'mayServe',
      caughtBy: {
        file: issuingWho,
        test: 'pays for what a call that was open when the delegation ended has delivered since',
      },
      loss: { line: 'at < delegation.expiresAt', replacement: 'delegation.expiresAt > 0' },
    },
    {
      claim: 'No lease is sold for longer than the delegation under which it would be served.',
      file: `${market}/leases/ttl.ts`,
      enforcedBy: 'assertServed',
      caughtBy: {
        file: issuingWho,
        test: 'is not sold beyond the delegation under which it would be served',
      },
      loss: {
        line: 'if (delegation === undefined || delegation.expiresAt >= expiresAt) return',
        replacement: 'if (delegation === undefined || delegation.expiresAt >= 0) return',
      },
    },
    {
      claim:
        'An entity is seen by its parties, by everyone while it is public, by operators, and by nobody else.',
      file: `${protocol}/collection.ts`,
      enforcedBy: 'isVisible',
      caughtBy: {
        file: `${protocol}/collection.test.ts`,
        test: 'is seen by its parties, by everyone while public, by the market always, and by nobody else',
      },
      loss: {
        line: "return scope.as === 'actor' && of.visibility.parties.some((name) => field(name) === scope.actorId)",
        replacement:
          "return scope.as === 'actor' && of.visibility.parties.some((name) => field(name) !== undefined)",
      },
    },
  ],
}
