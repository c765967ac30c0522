/** All that DESIGN §15 calls secret, by name: what the world was given, and what it has made for itself. */
import { createHash, hkdfSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { openKeystore } from '../../extensions/market-core/src/keys/keystore.ts'
import { secretBox } from '../../extensions/market-core/src/keys/secret-box.ts'
import { record, text } from '../../test/market-gateway.fixture.ts'
import { secretOf, type Secret } from './canary.ts'
import type { Used } from './use.ts'
import { chosen, passphraseOf, type World } from './world.ts'

export interface Secrets {
  readonly all: readonly Secret[]
  /** Those that somebody could send to a wrong place, as a text. */
  readonly canaries: readonly string[]
}

export async function secretsOf(world: World, used: Used): Promise<Secrets> {
  const { host } = world.gateway
  const passphrase = passphraseOf(world).text
  const keystore = readFileSync(join(host.stateDir, 'market-core', 'keys', 'node-wallet.json'), 'utf8')
  const nodeKey = (await openKeystore(keystore, passphrase)).slice(2)
  const inHex = new Map([
    ['the passphrase', passphrase],
    ['the key of the node wallet', nodeKey],
    ['the key of the vault', vaultKey(passphrase)],
    ['the key of the log', logKey(join(host.stateDir, 'market-core', 'keys', 'log-key.json'), passphrase)],
    ['the key of the consumer', world.keys.consumer.slice(2)],
    ['the key of the publisher', world.keys.publisher.slice(2)],
    ['the token of the gateway', host.token],
  ])
  const words = new Map([
    ['what the upstream says', chosen.upstreamWords],
    ['the prompt', chosen.prompt],
    ['the query', chosen.query],
    ['the answer of the model', chosen.answer],
    ['the text of a stored file', chosen.file],
    ...world.endpoints,
  ])
  const hashed = new Map([
    ['the hash of the model token', used.leases.model.token],
    ['the hash of the session of the consumer', world.consumer.session()],
  ])
  const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
  return {
    all: [
      secretOf('the api key', chosen.apiKey, 'key'),
      ...[...used.secrets].map(([name, text]) => secretOf(name, text, 'key', bytesOf(text))),
      ...[...inHex].map(([name, text]) => secretOf(name, text, 'key', Buffer.from(text, 'hex'))),
      ...[...hashed].map(([name, text]) => secretOf(name, sha256(text), 'key')),
      ...[...words].map(([name, text]) => secretOf(name, text, 'words')),
      secretOf('the name of a backend', chosen.backend, 'words'),
      secretOf('where the state is', host.stateDir, 'words'),
      secretOf('where the remains are', join(world.home, 'remains'), 'words'),
    ],
    canaries: [chosen.apiKey, ...used.secrets.values(), ...inHex.values()],
  }
}

/** What follows the prefix of a token or a session, or 0x. */
function bytesOf(text: string): Buffer {
  return text.startsWith('0x') ? Buffer.from(text.slice(2), 'hex') : Buffer.from(text.slice(4), 'base64url')
}

/** What the log's checkpoints are signed with, in hex. */
function logKey(file: string, passphrase: string): string {
  const { sealed } = record(JSON.parse(readFileSync(file, 'utf8')))
  const box = secretBox(passphrase, 'log-key')
  return Buffer.from(box.open(Buffer.from(text(sealed), 'base64'), 'log-key')).toString('hex')
}

/** As `secret-box.ts` derives it. */
function vaultKey(passphrase: string): string {
  const info = 'openclaw-web3-market/secret-box/1/consumer-vault'
  return Buffer.from(hkdfSync('sha256', passphrase, '', info, 32)).toString('hex')
}
