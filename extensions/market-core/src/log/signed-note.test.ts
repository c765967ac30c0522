import { generateKeyPairSync, sign } from 'node:crypto'
import { expect, it } from 'vitest'
import { checkpointText, keyId, openNote, readCheckpoint, signNote, verifierKey } from './signed-note.ts'

/** The example that implementations of C2SP signed notes share. */
const known = {
  key: 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW',
  note: `If you think cryptography is the answer to your problem,
then you don't know what your problem is.

— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=
`,
}
const [name = '', id = '', ...rest] = known.key.split('+')
const publicKey = Buffer.from(rest.join('+'), 'base64').subarray(1)

it('opens the known note with the known key', () => {
  expect(keyId(name, publicKey).toString('hex')).toBe(id)
  expect(verifierKey(name, publicKey)).toBe(known.key)
  expect(openNote(known.note, name, publicKey)).toBe(known.note.slice(0, known.note.indexOf('\n\n') + 1))
})

it.each([
  ['a changed text', known.note.replace('answer', 'cause')],
  ['a changed signature', known.note.replace('ZJku', 'ZJkv')],
  ['another name', known.note.replace('— Peter', '— Paul')],
  ['no signature', known.note.slice(0, known.note.indexOf('—'))],
  ['no end of its text', known.note.replace('\n\n', '\n')],
  ['nothing', ''],
])('does not open a note with %s', (_what, note) => {
  expect(openNote(note, name, publicKey)).toBeUndefined()
})

it('signs what it opens, and reads from it what it wrote', () => {
  const pair = generateKeyPairSync('ed25519')
  const own = pair.publicKey.export({ format: 'der', type: 'spki' }).subarray(-32)
  const head = { origin: 'a.market/log', size: 12, root: Buffer.alloc(32, 7) }
  const signer = { publicKey: own, sign: (message: Uint8Array) => sign(null, message, pair.privateKey) }
  const note = signNote(checkpointText(head), head.origin, signer)
  expect(readCheckpoint(openNote(note, head.origin, own) ?? '')).toEqual(head)
  expect(openNote(note, head.origin, publicKey)).toBeUndefined()
})

it.each(['', 'a\n-1\n', 'a\n1\nshort\n', `a\n01\n${'A'.repeat(43)}=\n`, `a\n1\n${'A'.repeat(43)}=`])(
  'reads no checkpoint from %j',
  (text) => {
    expect(readCheckpoint(text)).toBeUndefined()
  },
)
