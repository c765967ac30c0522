import { core, web3, type Area } from './claim.ts'

const provider = `${web3}/provider`
const backends = `${provider}/backends`
const paths = `${backends}/storage-path.test.ts`
const files = `${backends}/filesystem.test.ts`
const chatRequest = `${backends}/chat-request.test.ts`

export const backendsClaims: Area = {
  title: 'Files, documents and upstreams',
  against: 'Leaseholders who reach for what is not theirs, and what upstreams answer.',
  claims: [
    {
      claim: 'A storage path has no segment “..”.',
      file: `${backends}/storage-path.ts`,
      enforcedBy: 'pathProblem',
      caughtBy: { file: paths, test: 'refuses %s' },
      loss: {
        line: "if (segment === '.' || segment === '..') return 'has a segment . or ..'",
        replacement: '',
      },
    },
    {
      claim: 'A storage path is not absolute.',
      file: `${backends}/storage-path.ts`,
      enforcedBy: 'pathProblem',
      caughtBy: { file: paths, test: 'refuses %s' },
      loss: {
        line: "if (path.startsWith('/') || /^[A-Za-z]:/.test(path)) return 'is absolute'",
        replacement: '',
      },
    },
    {
      claim: 'A storage path has no control characters.',
      file: `${backends}/storage-path.ts`,
      enforcedBy: 'pathProblem',
      caughtBy: { file: paths, test: 'refuses %s' },
      loss: { line: "if (/\\p{Cc}/u.test(path)) return 'has control characters'", replacement: '' },
    },
    {
      claim: 'A storage path never names what the provider keeps for itself in a tenant’s folder.',
      file: `${backends}/storage-path.ts`,
      enforcedBy: 'pathProblem',
      caughtBy: { file: paths, test: 'refuses %s' },
      loss: {
        line: 'if (segment.toLowerCase().startsWith(internalPrefix))',
        replacement: 'if (segment === internalPrefix)',
      },
    },
    {
      claim: 'No file is read through a symbolic link.',
      file: `${backends}/durable-file.ts`,
      enforcedBy: 'readWhole',
      caughtBy: { file: files, test: 'never follows a link, in or out' },
      loss: {
        line: 'open(place, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)',
        replacement: 'open(place, constants.O_RDONLY | constants.O_NONBLOCK)',
      },
    },
    {
      claim: 'No file is read or written through a folder that is a symbolic link.',
      file: `${backends}/tenant-files.ts`,
      enforcedBy: 'TenantFiles',
      caughtBy: { file: files, test: 'never follows a link, in or out' },
      loss: {
        line: 'if ((await whatIsAt(path.join(this.#root, folder)))?.isDirectory() !== true) return false',
        replacement: 'if ((await whatIsAt(path.join(this.#root, folder))) === undefined) return false',
      },
    },
    {
      claim: 'Bytes that were altered on disk are not passed off as those that were put.',
      file: `${backends}/tenant-files.ts`,
      enforcedBy: 'TenantFiles',
      caughtBy: { file: files, test: 'does not pass altered bytes off as those that were put' },
      loss: {
        line: 'return bytes !== undefined && etagOf(bytes) === file.etag ? bytes : undefined',
        replacement: 'return bytes',
      },
    },
    {
      claim: 'Files belong to one consumer at one resource; nobody else reads them.',
      file: `${provider}/tenant.ts`,
      enforcedBy: 'tenantOf',
      caughtBy: {
        file: `${provider}/storage-route.test.ts`,
        test: 'belongs to the consumer at the resource: the next lease finds it, nobody else does',
      },
      loss: {
        line: 'return `${resourceId}_${consumerActorId.toLowerCase()}`',
        replacement: 'return `${resourceId}_`',
      },
    },
    {
      claim: 'A tenant keeps no more bytes than its lease allows, also when puts race.',
      file: `${backends}/filesystem.ts`,
      enforcedBy: 'filesystemBackend',
      caughtBy: { file: files, test: 'holds a tenant to its bytes before it writes' },
      loss: { line: "if (after > limits.maxTotalBytes) throw overQuota('bytes')", replacement: '' },
    },
    {
      claim: 'What was stored is given back as a download, never as a page of this host.',
      file: `${provider}/storage-route.ts`,
      enforcedBy: 'fileAsBytes',
      caughtBy: {
        file: `${provider}/storage-route.test.ts`,
        test: 'keeps, gives back and lists, for its price',
      },
      loss: { line: "'content-disposition': 'attachment',", replacement: '' },
    },
    {
      claim: 'A search in documents stays inside their folder.',
      file: `${backends}/local-docs.ts`,
      enforcedBy: 'folderOf',
      caughtBy: { file: `${backends}/local-docs.test.ts`, test: 'narrows to a folder, and only to one' },
      loss: {
        line: "segments.some((s) => s === '' || s.startsWith('.'))",
        replacement: "segments.some((s) => s === '')",
      },
    },
    {
      claim: 'A document that is hidden or a symbolic link is not read.',
      file: `${backends}/doc-scan.ts`,
      enforcedBy: 'scanDocs',
      caughtBy: {
        file: `${backends}/local-docs.test.ts`,
        test: 'reads nothing that is hidden, linked, large, foreign, binary or no file',
      },
      loss: {
        line: "if (entry.name.startsWith('.')) continue",
        replacement: "if (entry.name === '.') continue",
      },
    },
    {
      claim: 'No caller names an address for an upstream to fetch: a picture comes as data.',
      file: `${backends}/chat-request.ts`,
      enforcedBy: 'readPart',
      caughtBy: { file: chatRequest, test: 'not %s' },
      loss: { line: '/^data:image\\/[a-z0-9.+-]+;base64,/i.test(url)', replacement: "url !== ''" },
    },
    {
      claim: 'Fields that an upstream could act on and that we do not know stay here.',
      file: `${backends}/chat-request.ts`,
      enforcedBy: 'readMessage',
      caughtBy: { file: chatRequest, test: 'is rebuilt, so that unknown keys stay here' },
      loss: { line: 'const kept = {\n', replacement: 'const kept = {\n    ...message,\n' },
    },
    {
      claim: 'A redirect of an upstream is not followed.',
      file: `${backends}/upstream-fetch.ts`,
      enforcedBy: 'openUpstream',
      caughtBy: { file: `${backends}/openai-compat.test.ts`, test: 'status %i' },
      loss: { line: "redirect: 'manual',", replacement: "redirect: 'follow'," },
    },
    {
      claim: 'An event of a stream that has no end is refused before it fills the memory.',
      file: `${backends}/sse-parser.ts`,
      enforcedBy: 'SseParser',
      caughtBy: {
        file: `${backends}/sse-parser.test.ts`,
        test: 'refuses an endless line and an endless event before they fill the memory',
      },
      loss: { line: 'this.#bound(this.#rest.length)', replacement: '' },
    },
    {
      claim: 'A contract wallet cannot make this host fetch a URL (EIP-3668).',
      file: `${core}/keys/chain-clients.ts`,
      enforcedBy: 'askChain',
      caughtBy: { file: `${core}/keys/verify.test.ts`, test: 'cannot make this host fetch a URL (EIP-3668)' },
      loss: {
        line: 'return await client.request(question)',
        replacement:
          "return question.method === 'eth_getCode' ? await client.request(question) : (await createPublicClient({ transport: http(client.transport.url) }).call(question.params[0])).data",
      },
    },
    {
      claim: 'An upstream’s own figures are billed only when they can be true, else what was counted.',
      file: `${backends}/count-tokens.ts`,
      enforcedBy: 'plausibleUsage',
      caughtBy: {
        file: `${backends}/count-tokens.test.ts`,
        test: 'does not believe more output than was delivered',
      },
      loss: {
        line: 'outputTokens > bounds.deliveredBytes + outputOverhead)',
        replacement: 'outputTokens < 0)',
      },
    },
  ],
}
