/**
 * Checks a proof of `web3.audit.prove` by itself: plain Node, no package, no market, no network.
 *
 *   node scripts/verify-proof.mjs <proof.json> <key>
 *
 * The key is the log's, as its market showed it to you at another time and by another way than the proof: a proof brings a
 * key along, but whoever makes up a proof can make up a key. Says what is proved and ends with 0; says what does not hold
 * and ends with 1; ends with 2 when it was not asked rightly.
 */
import { createHash, createPublicKey, verify } from 'node:crypto'
import { readFileSync } from 'node:fs'

const [file, key, ...more] = process.argv.slice(2)
if (file === undefined || key === undefined || more.length > 0) {
  console.error('usage: node verify-proof.mjs <proof.json> <key of the log>')
  process.exit(2)
}

class Refused extends Error {}

try {
  const proved = check(read(file), key)
  console.log(`yes: event ${proved.index} of the ${proved.size} that ${proved.origin} has signed is`)
  console.log(proved.event)
} catch (error) {
  if (!(error instanceof Refused)) throw error
  console.log(`no: ${error.message}`)
  process.exitCode = 1
}

function check(proof, key) {
  const { event, eventId, index, proof: path, checkpoint } = proof
  const { origin, publicKey, id } = readKey(key)
  const signed = readCheckpoint(openNote(text(checkpoint?.note, 'checkpoint.note'), origin, publicKey, id))
  if (signed.origin !== origin) refuse('the checkpoint is of another log')
  // What stands beside the note proves nothing; but whoever reads it must not be told yes to it.
  if (checkpoint.size !== signed.size) refuse('the proof names another size than was signed')
  if (checkpoint.rootHash !== signed.root.toString('hex'))
    refuse('the proof names another root than was signed')
  if (proof.key !== key) refuse('the proof names another key')
  if (parsed(text(event, 'event'), 'the event')?.eventId !== eventId)
    refuse('the event has another id than the proof')
  if (!Number.isSafeInteger(index) || index < 0 || index >= signed.size)
    refuse('the place of the event is not among those that were signed')
  if (!Array.isArray(path)) refuse('there is no path')
  const root = rootOf(sha256(Buffer.of(0), Buffer.from(event, 'utf8')), index, signed.size, path.map(hash))
  if (!root?.equals(signed.root)) refuse('the event is not at this place of the log that was signed')
  return { event, index, size: signed.size, origin }
}

function read(file) {
  let content
  try {
    content = readFileSync(file, 'utf8')
  } catch {
    refuse('the file cannot be read')
  }
  return parsed(content, 'the file') ?? refuse('the file holds no proof')
}

function parsed(json, what) {
  try {
    return JSON.parse(json)
  } catch {
    return refuse(`${what} is no JSON`)
  }
}

/** C2SP signed note: name, key id in hex, and in base64 one byte for the algorithm (1: Ed25519) and the key. */
function readKey(key) {
  const [, origin, id, base64] = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+=*)$/.exec(key) ?? []
  const bytes = Buffer.from(base64 ?? '', 'base64')
  if (origin === undefined || bytes.length !== 33 || bytes[0] !== 1) refuse('that is no Ed25519 key of a log')
  if (
    sha256(Buffer.from(`${origin}\n`), bytes)
      .subarray(0, 4)
      .toString('hex') !== id
  )
    refuse('the key is not the one that its id names')
  // RFC 8410: what stands before the 32 bytes of an Ed25519 key in DER.
  const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), bytes.subarray(1)])
  return { origin, id, publicKey: createPublicKey({ key: der, format: 'der', type: 'spki' }) }
}

function openNote(note, origin, publicKey, id) {
  const end = note.lastIndexOf('\n\n')
  const body = note.slice(0, end + 1)
  for (const line of end < 0 ? [] : note.slice(end + 2).split('\n')) {
    const [dash, name, base64 = ''] = line.split(' ')
    const bytes = Buffer.from(base64, 'base64')
    if (dash !== '—' || name !== origin || bytes.subarray(0, 4).toString('hex') !== id) continue
    if (verify(null, Buffer.from(body, 'utf8'), publicKey, bytes.subarray(4))) return body
  }
  return refuse('the checkpoint is not signed by this key')
}

/** C2SP tlog-checkpoint: origin, size, root. */
function readCheckpoint(body) {
  const [origin, size, root] = body.split('\n')
  if (!/^(0|[1-9][0-9]{0,15})$/.test(size ?? '')) refuse('the checkpoint has no size')
  return { origin, size: Number(size), root: hash(root) }
}

/** RFC 6962, section 2.1.1: the root that follows from a leaf and its path. Undefined when the path has another length. */
function rootOf(leaf, index, size, path) {
  let [at, last, root] = [index, size - 1, leaf]
  for (const beside of path) {
    if (last === 0) return undefined
    if (at % 2 === 1 || at === last) {
      root = sha256(Buffer.of(1), beside, root)
      for (; at % 2 === 0 && at !== 0; last = Math.floor(last / 2)) at /= 2
    } else root = sha256(Buffer.of(1), root, beside)
    at = Math.floor(at / 2)
    last = Math.floor(last / 2)
  }
  return last === 0 ? root : undefined
}

function hash(base64) {
  const bytes = Buffer.from(text(base64, 'a hash'), 'base64')
  return bytes.length === 32 ? bytes : refuse('a hash does not have 32 bytes')
}

function text(value, what) {
  return typeof value === 'string' ? value : refuse(`${what} is missing`)
}

function sha256(...parts) {
  return createHash('sha256').update(Buffer.concat(parts)).digest()
}

function refuse(message) {
  throw new Refused(message)
}
