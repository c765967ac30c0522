import { web3, type Area } from './claim.ts'

const consumer = `${web3}/consumer`
const lying = `${consumer}/lying-provider.test.ts`
const lyingMarket = `${consumer}/lying-market.test.ts`
const other = `${consumer}/other-market.test.ts`
const fallback = `${consumer}/fallback.test.ts`
const marketOff = `${consumer}/seen/market-off.test.ts`
const seenWithoutMarket =
  'others are listed as they were last seen, local is said to be missing and why, and nothing is leased'
const vault = `${consumer}/vault.test.ts`

export const consumerClaims: Area = {
  title: 'Leasing from others',
  against: 'Other markets, and providers that answer, count or bill otherwise than was agreed.',
  claims: [
    {
      claim:
        'The node wallet signs only terms that it asked for: the quoted maximum is the one that was wished.',
      file: `${consumer}/signed-terms.ts`,
      enforcedBy: 'newQuote',
      caughtBy: { file: lying, test: 'a quote over %s is not signed' },
      loss: {
        line: 'quote.maxCost !== maxCost ||',
        replacement: '',
      },
    },
    {
      claim: 'With a quote it signs for the terms that were quoted, and for no others.',
      file: `${consumer}/signed-terms.ts`,
      enforcedBy: 'namedQuote',
      caughtBy: {
        file: lyingMarket,
        test: 'a quote is not signed for other terms than it was given for, whatever its market would take',
      },
      loss: {
        line: 'if (wish.maxCost > quote.maxCost)',
        replacement: 'if (wish.maxCost < 0n)',
      },
    },
    {
      claim:
        'What it signs elsewhere is the figure that is locked and counted, and no larger one of a quote.',
      file: `${consumer}/signed-terms.ts`,
      enforcedBy: 'signedTerms',
      caughtBy: {
        file: lyingMarket,
        test: 'what is signed, locked and counted is one figure: less than a quote is a quote of its own',
      },
      loss: {
        line: 'const quote = named?.maxCost === wish.maxCost ? named : await newQuote(remote, wish, resource, named)',
        replacement: 'const quote = named ?? (await newQuote(remote, wish, resource, named))',
      },
    },
    {
      claim: 'A resource that another market gives in place of the one that was asked for is none.',
      file: `${consumer}/locate.ts`,
      enforcedBy: 'locate',
      caughtBy: { file: lying, test: 'another resource than was asked for is none' },
      loss: {
        line: 'if (resource.resourceId === resourceId) return { where, resource }',
        replacement: 'return { where, resource }',
      },
    },
    {
      claim: 'A market that is not the one whose address the config names gets no signature.',
      file: `${consumer}/remote-market.ts`,
      enforcedBy: 'remoteMarket',
      caughtBy: {
        file: other,
        test: 'one that is not the market that the config names gets no signature, and is named as silent',
      },
      loss: {
        line: 'if (config.address !== undefined && market.address !== config.address) throw anotherMarket(config.name)',
        replacement: '',
      },
    },
    {
      claim: 'A market that claims to be this one gets nothing signed.',
      file: `${consumer}/remote-market.ts`,
      enforcedBy: 'remoteMarket',
      caughtBy: {
        file: lying,
        test: 'a market that claims to be this one gets nothing signed: it could have that carried out here',
      },
      loss: { line: 'if (market.address === local().address) throw ourselves(config.name)', replacement: '' },
    },
    {
      claim: 'A redirect of another market is not followed.',
      file: `${consumer}/remote-market.ts`,
      enforcedBy: 'remoteMarket',
      caughtBy: {
        file: lyingMarket,
        test: 'a redirect is followed nowhere, neither with a signature nor with a token',
      },
      loss: { line: "redirect: 'error',", replacement: "redirect: 'follow'," },
    },
    {
      claim: 'A redirect of a provider is not followed, so that a token goes nowhere else.',
      file: `${consumer}/call-lease.ts`,
      enforcedBy: 'send',
      caughtBy: {
        file: lyingMarket,
        test: 'a redirect is followed nowhere, neither with a signature nor with a token',
      },
      loss: { line: "redirect: 'error',", replacement: "redirect: 'follow'," },
    },
    {
      claim: 'An answer of another market that is not of its schema is refused.',
      file: `${consumer}/remote-market.ts`,
      enforcedBy: 'readResult',
      caughtBy: { file: lying, test: 'a list of %s counts as silence' },
      loss: {
        line: 'if (ok === true && codec(contract.result).problem(rest) === undefined)\n    return codec(contract.result).decode(rest)',
        replacement: 'if (ok === true) return rest as Static<R>',
      },
    },
    {
      claim: 'An answer of another machine is read up to a bound.',
      file: `${consumer}/read-bounded.ts`,
      enforcedBy: 'readBounded',
      caughtBy: {
        file: `${consumer}/read-bounded.test.ts`,
        test: 'reads a body up to its bound, and no more of a larger one',
      },
      loss: {
        line: 'if (size > maxBytes) throw new RangeError(`more than ${maxBytes} bytes`)',
        replacement: '',
      },
    },
    {
      claim: 'What another machine says of a failure is bounded.',
      file: `${consumer}/foreign-failure.ts`,
      enforcedBy: 'foreignText',
      caughtBy: { file: `${consumer}/foreign-failure.test.ts`, test: 'is bounded' },
      loss: { line: '.slice(0, longestText)', replacement: '' },
    },
    {
      claim: 'The token of a lease goes to the market of that lease only.',
      file: `${consumer}/call-lease.ts`,
      enforcedBy: 'baseOf',
      caughtBy: {
        file: other,
        test: 'a lease outlives a restart of this gateway, and its market’s name in the config',
      },
      loss: {
        line: 'markets.remotes.find(({ name }) => name === market)?.url ?? baseUrl ?? ownUrl',
        replacement: 'markets.remotes.find(({ name }) => name === market)?.url ?? (baseUrl && ownUrl)',
      },
    },
    {
      claim: 'A market that answers with the lease of another one is not sent that one’s token.',
      file: `${consumer}/vault.ts`,
      enforcedBy: 'openVault',
      caughtBy: { file: vault, test: 'refuses what cannot be' },
      loss: {
        line: "throw conflict('this lease has another token already')",
        replacement: 'void 0',
      },
    },
    {
      claim: 'A market that calls its lease by the id of one of ours does not keep us from ending ours.',
      file: `${consumer}/activate-entry.ts`,
      enforcedBy: 'activateEntry',
      caughtBy: {
        file: lyingMarket,
        test: 'that calls its lease by the id of one of ours does not keep us from ending ours',
      },
      loss: {
        line: 'if (market !== localName && here !== undefined) {',
        replacement: 'if (here === null) {',
      },
    },
    {
      claim: 'What this gateway counted itself is compared with what the provider states.',
      file: `${consumer}/receipt.ts`,
      enforcedBy: 'keepReceipt',
      caughtBy: { file: lying, test: 'stated in the answer as %s, is shown at once and in the status' },
      loss: {
        line: 'const agrees = totals !== undefined && agreement(totals)',
        replacement: 'const agrees = totals !== undefined',
      },
    },
    {
      claim: 'What the books of a provider say is compared with what its answers stated.',
      file: `${consumer}/own-count.ts`,
      enforcedBy: 'agrees',
      caughtBy: { file: lying, test: 'stated well and recorded otherwise, is shown in the status' },
      loss: {
        line: 'return units.every((unit) => (stated[unit] ?? 0n) === (billed[unit] ?? 0n))',
        replacement: 'return stated !== billed',
      },
    },
    {
      claim: 'Bytes of a file that do not match its etag are shown as a disagreement.',
      file: `${consumer}/storage/file.ts`,
      enforcedBy: 'exactlyOf',
      caughtBy: { file: lying, test: 'of files: bytes that are not those of the etag' },
      loss: {
        line: 'return (stated) => etag === sha256Hex(bytes) && asCounted(stated)',
        replacement: 'return (stated) => asCounted(stated)',
      },
    },
    {
      claim:
        'After a crash a lease that was paid is found by its token’s hash: nothing is paid and unusable.',
      file: `${consumer}/recover.ts`,
      enforcedBy: 'recoverEntry',
      caughtBy: {
        file: `${consumer}/killed-lease-here.test.ts`,
        test: 'killed after the lease: it is found, serves, and was paid once',
      },
      loss: {
        line: 'if (lease === undefined) return undefined\n',
        replacement: "if (lease === undefined || lease.leaseId !== '') return undefined\n",
      },
    },
    {
      claim: 'An entry is not forgotten while its request may still arrive at another market.',
      file: `${consumer}/recover.ts`,
      enforcedBy: 'mayStillCome',
      caughtBy: {
        file: lying,
        test: 'is not forgotten while the request may still arrive, and is recovered by itself',
      },
      loss: {
        line: 'if (market === localName) return false',
        replacement: 'if (market !== undefined) return false',
      },
    },
    {
      claim: 'A vault that another process has changed is not overwritten.',
      file: `${consumer}/vault-file.ts`,
      enforcedBy: 'vaultFile',
      caughtBy: { file: vault, test: 'is not overwritten when another process has written it' },
      loss: { line: 'if ((await identityAt(path)) !== known) throw inUse()', replacement: '' },
    },
    {
      claim: 'An outside wallet cannot make this gateway talk to another market.',
      file: `${consumer}/markets.ts`,
      enforcedBy: 'chooseMarkets',
      caughtBy: { file: `${web3}/resources/outside-wallet.test.ts`, test: 'deals with this market only' },
      loss: {
        line: 'if (actsAsNode(who)) return marketsNamed(web3, named)',
        replacement: "if (who.kind !== 'anyone') return marketsNamed(web3, named)",
      },
    },
    {
      claim:
        'While there is no market, what is configured as the owner’s own serves the owner and nobody else.',
      file: `${web3}/capabilities/registry.ts`,
      enforcedBy: 'registry',
      caughtBy: { file: fallback, test: '%s: the owner’s own serve the owner, and nobody else' },
      loss: {
        line: 'if (!owner && capability.facts.fromSeen !== true) return undefined',
        replacement: '',
      },
    },
    {
      claim:
        'Whoever else sees what other markets have offered while there is no market does not learn why there is none.',
      file: `${web3}/surface/gateway-methods.ts`,
      enforcedBy: 'callAsNode',
      caughtBy: { file: marketOff, test: seenWithoutMarket },
      loss: { line: 'off: owner ? off : withoutCause(off)', replacement: 'off' },
    },
    {
      claim: 'An outside wallet is not told whether other markets have been heard.',
      file: `${web3}/plugin/unavailable.ts`,
      enforcedBy: 'seenServes',
      caughtBy: { file: marketOff, test: seenWithoutMarket },
      loss: { line: "door !== 'api' && ", replacement: '' },
    },
    {
      claim: 'Who may spend of the owner’s budget is not served from the owner’s own files and notes.',
      file: `${consumer}/own-backend.ts`,
      enforcedBy: 'asksForItself',
      caughtBy: { file: fallback, test: 'is not for somebody else, who may spend but is not the owner' },
      loss: { line: "who.kind === 'node' && who.owner", replacement: "who.kind === 'node'" },
    },
    {
      claim: 'A call whose answer was lost is not done again by the owner’s own backend.',
      file: `${consumer}/unserved.ts`,
      enforcedBy: 'whyNot',
      caughtBy: { file: fallback, test: 'is not made up for by the owner’s own: it may have been done' },
      loss: { line: "case 'E_EXPIRED':", replacement: "case 'E_EXPIRED':\n    case 'E_OUTCOME_UNKNOWN':" },
    },
    {
      claim:
        'The wish to end a lease on another market is on disk before it is sent, and the lease ends once.',
      file: `${consumer}/end-elsewhere.ts`,
      enforcedBy: 'endElsewhere',
      caughtBy: {
        file: `${consumer}/waiting-end.test.ts`,
        test: 'killed %s its market heard of it: it ends once',
      },
      loss: { line: 'await web3.vault().wishEnd(leaseId, wish)', replacement: '' },
    },
    {
      claim: 'A lease by what a silent market offered before is checked against its terms of now.',
      file: `${consumer}/take-lease.ts`,
      enforcedBy: 'take',
      caughtBy: {
        file: `${consumer}/seen/seen.test.ts`,
        test: 'a lease by what was seen is checked against the terms of now, and a change is said once',
      },
      loss: { line: 'if (outdated !== undefined) throw changedSince(outdated, resource)', replacement: '' },
    },
  ],
}
