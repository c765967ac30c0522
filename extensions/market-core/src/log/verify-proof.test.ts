/** The script that checks a proof, as a stranger runs it: by itself, in a directory where there is nothing else. */
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { generateKeyPairSync, sign } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { InclusionProof } from '@openclaw-market/protocol/views/log'
import { Events } from '@openclaw-market/protocol/entities/records'
import { fund, openWorld } from '../market/market.fixture.ts'
import { checkpointText, signNote, verifierKey } from './signed-note.ts'

const script = join(import.meta.dirname, '..', '..', '..', '..', 'scripts', 'verify-proof.mjs')
const directory = mkdtempSync(join(tmpdir(), 'verify-proof-'))
const atEnd: (() => unknown)[] = []
let proof: InclusionProof
let neighbour: InclusionProof

beforeAll(async () => {
  copyFileSync(script, join(directory, 'verify-proof.mjs'))
  const world = await openWorld('sqlite', (end) => void atEnd.push(end))
  for (let n = 0; n < 11; n++) await fund(world, world.market.address, 1n)
  const { market } = world
  const { items } = await market.store.read({ as: 'market' }, (tx) => tx.list(Events, { limit: 11 }))
  const proofs = await Promise.all(
    items.slice(4, 6).map(({ eventId }) => market.log.prove(eventId, undefined, { as: 'market' })),
  )
  const [one, other] = proofs
  if (one === undefined || other === undefined) throw new Error('nothing was proved')
  proof = one
  neighbour = other
})
afterAll(async () => {
  for (const end of atEnd.toReversed()) await end()
  rmSync(directory, { recursive: true })
})

function verify(content: unknown, key = proof.key) {
  const json = typeof content === 'string' ? content : JSON.stringify(content)
  writeFileSync(join(directory, 'proof.json'), json)
  const run = ['verify-proof.mjs', 'proof.json', key]
  const { status, stdout, stderr } = spawnSync(process.execPath, run, {
    cwd: directory,
    encoding: 'utf8',
    env: {},
  })
  expect(stderr).toBe('')
  return { status, said: stdout.split('\n')[0] }
}

/** A log of somebody else that says the same of the same events. */
function forged() {
  const pair = generateKeyPairSync('ed25519')
  const publicKey = pair.publicKey.export({ format: 'der', type: 'spki' }).subarray(-32)
  const [origin = ''] = proof.key.split('+')
  const { size, rootHash } = proof.checkpoint
  const text = checkpointText({ origin, size, root: Buffer.from(rootHash, 'hex') })
  const note = signNote(text, origin, { publicKey, sign: (bytes) => sign(null, bytes, pair.privateKey) })
  return { note, key: verifierKey(origin, publicKey) }
}

it('says yes to a proof', () => {
  expect(verify(proof)).toEqual({
    status: 0,
    said: `yes: event ${proof.index} of the 11 that ${proof.key.split('+')[0]} has signed is`,
  })
})

const changes: Record<string, () => unknown> = {
  'another event': () => ({ ...proof, event: proof.event.replace('deposit', 'deposix') }),
  'the event of its neighbour': () => ({ ...proof, event: neighbour.event, eventId: neighbour.eventId }),
  'another id': () => ({ ...proof, eventId: neighbour.eventId }),
  'another place': () => ({ ...proof, index: neighbour.index }),
  'a place beyond the end': () => ({ ...proof, index: 11 }),
  'the path of its neighbour': () => ({ ...proof, proof: neighbour.proof }),
  'a shorter path': () => ({ ...proof, proof: proof.proof.slice(0, -1) }),
  'a longer path': () => ({ ...proof, proof: [...proof.proof, ...proof.proof.slice(0, 1)] }),
  'a path of no hashes': () => ({ ...proof, proof: ['AA=='] }),
  'no path': () => ({ ...proof, proof: undefined }),
  'another size beside the note': () => withCheckpoint({ size: 12 }),
  'another root beside the note': () => withCheckpoint({ rootHash: '00'.repeat(32) }),
  'another size in the note': () =>
    withCheckpoint({ size: 12, note: proof.checkpoint.note.replace('\n11\n', '\n12\n') }),
  'a note that another key has signed': () => withCheckpoint({ note: forged().note }),
  'no checkpoint': () => ({ ...proof, checkpoint: undefined }),
  'another key': () => ({ ...proof, key: forged().key }),
  'no object': () => '5',
  'no JSON': () => '{',
}

function withCheckpoint(change: object): object {
  return { ...proof, checkpoint: { ...proof.checkpoint, ...change } }
}

it.each(Object.keys(changes))('says no to %s', (what) => {
  const answer = verify(changes[what]?.())
  expect(answer).toEqual({ status: 1, said: expect.stringMatching(/^no: \w/) })
})

it('says no to the key of another log, to one with another id, and to none', () => {
  const { key, note } = forged()
  expect(verify(proof, key).status).toBe(1)
  expect(verify({ ...withCheckpoint({ note }), key }, proof.key).status).toBe(1)
  const unnamed = proof.key.replace(/\+[0-9a-f]{8}\+/, '+00000000+')
  expect(verify({ ...proof, key: unnamed }, unnamed)).toMatchObject({
    status: 1,
    said: 'no: the key is not the one that its id names',
  })
  expect(spawnSync(process.execPath, [script]).status).toBe(2)
})
