import { protocol, web3, type Area } from './claim.ts'

const identity = `${web3}/identity`
const authenticated = `${identity}/authenticate.test.ts`
const signedRequest = `${identity}/signed-request.test.ts`
const signIn = `${identity}/sign-in.test.ts`

export const identityClaims: Area = {
  title: 'Who is asking',
  against: 'Strangers over HTTP, other senders in a chat, and whoever overheard a request.',
  claims: [
    {
      claim: 'A signed request acts only for the wallet whose signature it carries.',
      file: `${identity}/signed-request.ts`,
      enforcedBy: 'verifySignedRequest',
      caughtBy: { file: authenticated, test: 'whose %s was exchanged is nobody’s' },
      loss: {
        line: 'if (!(await content.verify({ address, typedData, signature, chainId })))',
        replacement: 'if ((await content.verify({ address, typedData, signature, chainId })) === undefined)',
      },
    },
    {
      claim: 'The signature of a request covers its method.',
      file: `${identity}/signed-request.ts`,
      enforcedBy: 'verifySignedRequest',
      caughtBy: { file: signedRequest, test: 'refuses it with %s' },
      loss: { line: 'method: content.method,', replacement: "method: 'web3.resources.lease'," },
    },
    {
      claim: 'The signature of a request covers the hash of its parameters.',
      file: `${identity}/signed-request.ts`,
      enforcedBy: 'verifySignedRequest',
      caughtBy: { file: authenticated, test: 'that %s is nobody’s' },
      loss: {
        line: 'const paramsHash = requestParamsHash(content.params)',
        replacement: 'const paramsHash = requestParamsHash({ limit: 8 })',
      },
    },
    {
      claim: 'The signature of a request covers the market that it is for.',
      file: `${identity}/authenticate.ts`,
      enforcedBy: 'authenticate',
      caughtBy: { file: authenticated, test: 'that %s is nobody’s' },
      loss: {
        line: 'market: market.address,',
        replacement: "market: '0x70997970C51812dc3A010C7d01b50e0d17dc79C8',",
      },
    },
    {
      claim: 'A signed request is taken for the chain of this market only.',
      file: `${identity}/signed-request.ts`,
      enforcedBy: 'readSignedRequest',
      caughtBy: { file: authenticated, test: 'that %s is nobody’s' },
      loss: {
        line: "if (chainIds !== undefined && !chainIds.includes(chainId)) throw refused('x-web3-chain-id', 'not-served')",
        replacement: '',
      },
    },
    {
      claim: 'A signed request is refused from the moment of its expiry on.',
      file: `${identity}/signed-request.ts`,
      enforcedBy: 'readSignedRequest',
      caughtBy: { file: signedRequest, test: 'refuses %s: %s as %s' },
      loss: {
        line: "if (expiresAt <= now) throw refused('x-web3-expires', 'expired')",
        replacement: "if (expiresAt < now) throw refused('x-web3-expires', 'expired')",
      },
    },
    {
      claim: 'A signed request is refused when it expires more than five minutes ahead.',
      file: `${identity}/signed-request.ts`,
      enforcedBy: 'readSignedRequest',
      caughtBy: { file: signedRequest, test: 'refuses %s: %s as %s' },
      loss: {
        line: "if (expiresAt > now + maxLifetimeMs) throw refused('x-web3-expires', 'too-far-ahead')",
        replacement: '',
      },
    },
    {
      claim: 'A signed request acts once, also when it is sent twice at once.',
      file: `${identity}/spend-nonce.ts`,
      enforcedBy: 'spendNonce',
      caughtBy: { file: authenticated, test: 'acts for the wallet that signed it, once' },
      loss: {
        line: 'load: (tx, { nonceKey }) => tx.get(SpentNonces, nonceKey),',
        replacement: 'load: async () => undefined,',
      },
    },
    {
      claim: 'A signed request is not carried out again when proving it takes until its nonce is forgotten.',
      file: `${identity}/spend-nonce.ts`,
      enforcedBy: 'spendNonce',
      caughtBy: {
        file: authenticated,
        test: 'that was carried out is not again when its proof takes until its nonce is forgotten',
      },
      loss: { line: 'if (expiresAt <= now) {', replacement: 'if (expiresAt < 0) {' },
    },
    {
      claim: 'Nobody can spend the nonce of another wallet.',
      file: `${identity}/signed-request.ts`,
      enforcedBy: 'nonceKey',
      caughtBy: {
        file: signedRequest,
        test: 'is the same for every spelling of the address, and no other’s',
      },
      loss: { line: 'return `${address}/${nonce}`', replacement: 'return nonce' },
    },
    {
      claim: 'A sign-in message proves nobody unless the wallet that it names has signed exactly its text.',
      file: `${identity}/sign-in.ts`,
      enforcedBy: 'proveWallet',
      caughtBy: {
        file: signIn,
        test: 'signed by another, or changed after signing; and the rightful answer still holds',
      },
      loss: {
        line: 'if (!(await prover.verifyMessage({ address, chainId, signature, message }))) {',
        replacement: 'if (message === signature) {',
      },
    },
    {
      claim: 'A sign-in challenge is answered once.',
      file: `${identity}/sign-in.ts`,
      enforcedBy: 'signInOperation',
      caughtBy: { file: signIn, test: 'two answers to one challenge at once: one session' },
      loss: { line: 'remove(Challenges, challenge.nonce),', replacement: '' },
    },
    {
      claim: 'A sign-in challenge is answered only by the wallet that it was given to.',
      file: `${identity}/siwe-message.ts`,
      enforcedBy: 'checkSiwe',
      caughtBy: { file: signIn, test: 'for whom it was not given, though signed well' },
      loss: {
        line: "['wrong-address', expected.address !== undefined && fields.address !== expected.address],",
        replacement: '',
      },
    },
    {
      claim: 'A sign-in message of another domain is refused.',
      file: `${identity}/siwe-message.ts`,
      enforcedBy: 'checkSiwe',
      caughtBy: { file: signIn, test: '%s proves nobody' },
      loss: { line: "['wrong-domain', fields.domain !== expected.domain],", replacement: '' },
    },
    {
      claim: 'A sign-in message of another chain is refused.',
      file: `${identity}/siwe-message.ts`,
      enforcedBy: 'checkSiwe',
      caughtBy: { file: signIn, test: '%s proves nobody' },
      loss: { line: "['wrong-chain', !expected.chainIds.includes(fields.chainId)],", replacement: '' },
    },
    {
      claim: 'A sign-in challenge is over after five minutes, whatever the message says.',
      file: `${identity}/sign-in.ts`,
      enforcedBy: 'signInOperation',
      caughtBy: { file: signIn, test: '%s proves nobody' },
      loss: {
        line: 'if (problems.length > 0 || now >= challenge.expiresAt) {',
        replacement: 'if (problems.length > 0) {',
      },
    },
    {
      claim: 'A session ends at its expiry, to the millisecond.',
      file: `${identity}/authenticate.ts`,
      enforcedBy: 'bySession',
      caughtBy: { file: signIn, test: 'a session that is over, by a millisecond' },
      loss: {
        line: 'if (session === undefined || session.expiresAt <= market.now()) {',
        replacement: 'if (session === undefined) {',
      },
    },
    {
      claim: 'A session ends at logout.',
      file: `${identity}/sign-out.ts`,
      enforcedBy: 'signOut',
      caughtBy: {
        file: signIn,
        test: 'a challenge names this market and its chain, is answered once, and brings a session that ends at logout',
      },
      loss: { line: 'writes: [remove(Sessions, sessionId)]', replacement: 'writes: []' },
    },
    {
      claim: 'What the store keeps of a session bearer is its hash.',
      file: `${identity}/bearer.ts`,
      enforcedBy: 'hashBearer',
      caughtBy: {
        file: signIn,
        test: 'a challenge names this market and its chain, is answered once, and brings a session that ends at logout',
      },
      loss: { line: 'return sha256Hex(bearer)', replacement: 'return bearer' },
    },
    {
      claim: 'No parameter names who is asking: a parameter that an operation does not declare is refused.',
      file: `${protocol}/schema/scalars.ts`,
      enforcedBy: 'closed',
      caughtBy: {
        file: `${web3}/surface/http-api.test.ts`,
        test: 'who is asking is no parameter of any call',
      },
      loss: {
        line: 'return Type.Object(properties, { additionalProperties: false, ...options })',
        replacement: 'return Type.Object(properties, options)',
      },
    },
    {
      claim: 'Over HTTP what concerns an actor needs a wallet that has been proved.',
      file: `${web3}/capabilities/registry.ts`,
      enforcedBy: 'refuse',
      caughtBy: {
        file: authenticated,
        test: 'is asked for where nobody is not enough, and not where nobody is',
      },
      loss: {
        line: "if (facts.actor !== 'anyone' && who.kind === 'anyone') {",
        replacement: "if (facts.actor === 'anyone' && who.kind === 'anyone') {",
      },
    },
    {
      claim: 'A claim of an identity that does not hold is refused, also where none is needed.',
      file: `${identity}/authenticate.ts`,
      enforcedBy: 'authenticate',
      caughtBy: {
        file: authenticated,
        test: 'is asked for where nobody is not enough, and not where nobody is',
      },
      loss: {
        line: 'if (authorization !== undefined) return bySession(market, authorization)',
        replacement: 'if (readBearer(authorization)) return bySession(market, authorization ?? "")',
      },
    },
    {
      claim: 'A stranger in a group chat changes and spends nothing.',
      file: `${web3}/capabilities/registry.ts`,
      enforcedBy: 'refuse',
      caughtBy: {
        file: `${web3}/resources/node-wallet.test.ts`,
        test: 'a stranger in a group chat changes and spends nothing',
      },
      loss: {
        line: "return others && contract.effect !== 'read' && isValid(contract, json) ? ownerOnly(contract) : undefined",
        replacement:
          "return others && contract.effect === 'money' && isValid(contract, json) ? ownerOnly(contract) : undefined",
      },
    },
    {
      claim: 'A tool call is the owner’s only when the host proves that the owner has sent it.',
      file: `${web3}/surface/tools.ts`,
      enforcedBy: 'register',
      caughtBy: {
        file: `${web3}/surface/tools.test.ts`,
        test: 'take the owner’s word only when the host proves it',
      },
      loss: { line: 'ctx.senderIsOwner === true', replacement: 'ctx.senderIsOwner !== false' },
    },
    {
      claim: 'What is for the owner’s doors cannot be called over HTTP.',
      file: `${web3}/capabilities/registry.ts`,
      enforcedBy: 'refuse',
      caughtBy: {
        file: `${web3}/surface/http-api.test.ts`,
        test: 'operators’ methods and what only the owner’s doors open do not exist here, or are forbidden',
      },
      loss: { line: 'if (!facts.doors.includes(door)) {', replacement: 'if (facts.doors.length === 0) {' },
    },
    {
      claim: 'A plain key’s signature has one form: 65 bytes, v 27 or 28, the lower s.',
      file: 'extensions/market-core/src/keys/verify.ts',
      enforcedBy: 'isFromKey',
      caughtBy: {
        file: 'extensions/market-core/src/keys/verify.test.ts',
        test: 'has one form: the lower s, v 27 or 28, 65 bytes',
      },
      loss: {
        line: 'if (BigInt(`0x${signature.slice(66, 130)}`) > halfOrder) return false',
        replacement: '',
      },
    },
  ],
}
