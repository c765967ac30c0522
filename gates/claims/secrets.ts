import { core, protocol, web3, type Area } from './claim.ts'

const keys = `${core}/keys`
const secretFile = `${keys}/secret-file.test.ts`
const box = `${keys}/secret-box.test.ts`
const vault = `${web3}/consumer/vault.test.ts`
const shown = `${protocol}/views/views.test.ts`
const backends = `${web3}/provider/backends`

export const secretsClaims: Area = {
  title: 'Secrets',
  against:
    'Whoever has a copy of the store or a backup, reads logs and answers, or is another user of the machine.',
  claims: [
    {
      claim: 'A market gets the hash of a token that this gateway has made for a lease, and not the token.',
      file: `${web3}/consumer/vault.ts`,
      enforcedBy: 'openVault',
      caughtBy: { file: vault, test: 'keeps a lease from its wish to its end, and through a restart' },
      loss: { line: 'tokenHash: sha256Hex(token),', replacement: "tokenHash: sha256Hex('') && token," },
    },
    {
      claim: 'The token that an operator is given is kept as a hash.',
      file: `${core}/market/leases/issue.ts`,
      enforcedBy: 'mintToken',
      caughtBy: {
        file: `${core}/market/leases/issue-who.test.ts`,
        test: 'shows an operator without tokenHash its token once, and never again',
      },
      loss: {
        line: 'return { accessToken, tokenHash: sha256Hex(accessToken) }',
        replacement: 'return { accessToken, tokenHash: accessToken }',
      },
    },
    {
      claim: 'The token that an operator is given is shown once, and not again for the same key.',
      file: `${core}/market/leases/issue.ts`,
      enforcedBy: 'issueLease',
      caughtBy: {
        file: `${core}/market/leases/issue-who.test.ts`,
        test: 'shows an operator without tokenHash its token once, and never again',
      },
      loss: { line: "onceOnly: ['accessToken'],", replacement: 'onceOnly: [],' },
    },
    {
      claim: 'No view of a lease has its token’s hash, its backend or its delegation.',
      file: `${protocol}/views/lease.ts`,
      enforcedBy: 'leaseHidden',
      caughtBy: { file: shown, test: 'hides every secret and the revision, and is what its schema says' },
      loss: { line: "  'tokenHash',\n", replacement: '' },
    },
    {
      claim: 'No view of a resource says where it is served from.',
      file: `${protocol}/views/resource.ts`,
      enforcedBy: 'resourceHidden',
      caughtBy: { file: shown, test: 'hides every secret and the revision, and is what its schema says' },
      loss: { line: "['rev', 'backend', 'delegation']", replacement: "['rev', 'delegation']" },
    },
    {
      claim: 'Of the parameters of a request the log of events keeps the hash alone.',
      file: `${core}/log/event.ts`,
      enforcedBy: 'eventOf',
      caughtBy: {
        file: `${core}/market/execute.test.ts`,
        test: 'keeps the hash of what was asked in its event, and not what it says',
      },
      loss: {
        line: '{ paramsHash: canonicalHash(codec(op.params).encode(params)) }',
        replacement: '{ paramsHash: JSON.stringify(codec(op.params).encode(params)) }',
      },
    },
    {
      claim: 'What was sealed does not open when a bit of it was changed.',
      file: `${keys}/secret-box.ts`,
      enforcedBy: 'open',
      caughtBy: { file: box, test: 'does not open when any bit or length was changed' },
      loss: {
        line: 'return Buffer.concat([decipher.update(box.subarray(headBytes, -tagBytes)), decipher.final()])',
        replacement: 'return decipher.update(box.subarray(headBytes, -tagBytes))',
      },
    },
    {
      claim: 'What was sealed for one purpose does not open for another.',
      file: `${keys}/secret-box.ts`,
      enforcedBy: 'secretBox',
      caughtBy: { file: box, test: 'does not open with another secret, purpose or context' },
      loss: { line: 'secret-box/${version}/${purpose}`', replacement: 'secret-box/${version}`' },
    },
    {
      claim: 'What was sealed in one place does not open in another.',
      file: `${keys}/secret-box.ts`,
      enforcedBy: 'associated',
      caughtBy: { file: box, test: 'does not open with another secret, purpose or context' },
      loss: {
        line: "return Buffer.concat([head.subarray(0, 1), Buffer.from(context, 'utf8')])",
        replacement: 'return Buffer.concat([head.subarray(0, 1), Buffer.from(context.slice(0, 0))])',
      },
    },
    {
      claim: 'The keystore of the node wallet opens with its passphrase only.',
      file: `${keys}/keystore.ts`,
      enforcedBy: 'openKeystore',
      caughtBy: { file: `${keys}/keystore.test.ts`, test: 'does not open with another passphrase' },
      loss: {
        line: 'const { privateKey } = await decryptKeystoreJson(JSON.stringify(parsed), passphrase)',
        replacement:
          "const { privateKey } = { privateKey: `0x${passphrase.length.toString(16).padStart(64, '0')}` }",
      },
    },
    {
      claim: 'Secret files are made with mode 0600.',
      file: `${keys}/secret-file.ts`,
      enforcedBy: 'makeSecretFile',
      caughtBy: { file: secretFile, test: 'makes it 0600 in a directory 0700, and leaves nothing beside it' },
      loss: { line: "open(temporary, 'wx', 0o600)", replacement: "open(temporary, 'wx', 0o644)" },
    },
    {
      claim: 'A passphrase file that others may read or change is refused.',
      file: `${keys}/secret-file.ts`,
      enforcedBy: 'readSecretFile',
      caughtBy: { file: secretFile, test: 'refuses mode %o' },
      loss: {
        line: 'if (modesMatter && (found.mode & othersBits) !== 0) {\n      throw',
        replacement: 'if (modesMatter && (found.mode & 0o004) !== 0) {\n      throw',
      },
    },
    {
      claim: 'A passphrase is not made anew for a keystore that is there.',
      file: `${keys}/node-wallet.ts`,
      enforcedBy: 'openNodeWallet',
      caughtBy: {
        file: `${keys}/node-wallet.test.ts`,
        test: 'when its passphrase is gone, and makes no new one',
      },
      loss: {
        line: 'if (passphrase === undefined) throw passphraseMissing()\n    return openWallet(file, existing, passphrase)',
        replacement:
          'return openWallet(file, existing, passphrase ?? (await makePassphrase(options.passphraseFile)))',
      },
    },
    {
      claim: 'The passphrase does not lie beside the key that it opens.',
      file: `${keys}/node-wallet.ts`,
      enforcedBy: 'refuseTogether',
      caughtBy: {
        file: `${keys}/node-wallet.test.ts`,
        test: 'when passphrase and keystore are to lie together, and makes neither',
      },
      loss: { line: 'refuseTogether(options)\n', replacement: '\n' },
    },
    {
      claim: 'A passphrase of fewer than sixteen characters is refused.',
      file: `${keys}/passphrase.ts`,
      enforcedBy: 'readPassphrase',
      caughtBy: { file: `${keys}/passphrase.test.ts`, test: '%j is refused as %s, and not shown' },
      loss: { line: 'if (text.length < shortest) {', replacement: 'if (text.length < 1) {' },
    },
    {
      claim: 'The vault of lease tokens is sealed, in a file of mode 0600.',
      file: `${web3}/consumer/vault-file.ts`,
      enforcedBy: 'writeSynced',
      caughtBy: { file: vault, test: 'is 0600 in a directory 0700, and alone there' },
      loss: { line: "open(path, 'wx', 0o600)", replacement: "open(path, 'wx', 0o644)" },
    },
    {
      claim: 'The vault shows a token nowhere but where it is asked for.',
      file: `${web3}/consumer/vault-entry.ts`,
      enforcedBy: 'withoutToken',
      caughtBy: { file: vault, test: 'shows tokens nowhere but where they are asked for' },
      loss: { line: 'const { token: _, ...entry } = stored\n  return entry', replacement: 'return stored' },
    },
    {
      claim: 'What an upstream says in a failure never reaches a caller: its body is not read.',
      file: `${backends}/upstream-fetch.ts`,
      enforcedBy: 'openUpstream',
      caughtBy: { file: `${backends}/openai-compat.test.ts`, test: 'status %i' },
      loss: {
        line: 'if (response.status !== 200) throw failureOfStatus(response.status, report)',
        replacement: 'if (response.status !== 200) throw new Error(await response.text())',
      },
    },
    {
      claim: 'A connection to an upstream that fails comes out in our words, without its address.',
      file: `${backends}/failures.ts`,
      enforcedBy: 'upstreamFailure',
      caughtBy: { file: `${backends}/openai-compat.test.ts`, test: 'nobody listens' },
      loss: {
        line: 'details: { upstream: trouble },',
        replacement: "details: { upstream: trouble, cause: 'ECONNREFUSED 127.0.0.1' },",
      },
    },
    {
      claim: 'A defect in a leased call is answered without its text.',
      file: `${web3}/provider/faults.ts`,
      enforcedBy: 'publicError',
      caughtBy: {
        file: `${web3}/provider/faults.test.ts`,
        test: 'passes our own errors, and tells of a defect only that there was one',
      },
      loss: {
        line: "return new MarketError('E_INTERNAL', 'the provider failed for a reason of its own', {",
        replacement: "return new MarketError('E_INTERNAL', String(error), {",
      },
    },
    {
      claim: 'A refusal of the key files names the config key, and never the path.',
      file: `${keys}/secret-file.ts`,
      enforcedBy: 'unusable',
      caughtBy: { file: secretFile, test: 'says only the code of what went wrong' },
      loss: {
        line: '`${config} cannot be used (${code})`,',
        replacement: '`${config} cannot be used (${String(error)})`,',
      },
    },
    {
      claim: 'A refusal of the store carries no path to whoever asks.',
      file: `${core}/plugin/service.ts`,
      enforcedBy: 'marketService',
      caughtBy: {
        file: `${core}/plugin/service.test.ts`,
        test: 'stays off with a store that is not its own, and says so without a path',
      },
      loss: {
        line: "const reason = isMarketError(error) ? error.message : 'the store or the wallet could not be opened'",
        replacement: 'const reason = `${stateDir}: ${String(error)}`',
      },
    },
    {
      claim: 'A mistake in the config is told to the owner, and not to an outsider.',
      file: `${web3}/surface/http-api.ts`,
      enforcedBy: 'marketOf',
      caughtBy: {
        file: `${web3}/plugin/lifecycle.test.ts`,
        test: 'turns our part off and tells the owner which key and why; outsiders learn nothing of it',
      },
      loss: {
        line: "} catch {\n    throw new MarketError('E_UNAVAILABLE', 'the market is not running', { hint: 'Try again in a while.' })",
        replacement: '} catch (error) {\n    throw error',
      },
    },
    {
      claim: 'A sender in a chat that is not the owner learns nothing of what is wrong with the config.',
      file: `${web3}/surface/gateway-methods.ts`,
      enforcedBy: 'withoutCause',
      caughtBy: {
        file: `${web3}/surface/tools.test.ts`,
        test: 'tell a stranger nothing of the config, and the owner what is wrong with it',
      },
      loss: {
        line: "if (error.code !== 'E_NOT_CONFIGURED') return error",
        replacement: "if (error.code !== 'E_TIMEOUT') return error",
      },
    },
  ],
}
