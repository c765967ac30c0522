import { core, web3, type Area } from './claim.ts'

const log = `${core}/log`
const tested = `${log}/audit-log.test.ts`
const recorded = `${web3}/audit/recorder.test.ts`

export const logClaims: Area = {
  title: 'The audit log',
  against:
    'Whoever has the store and would have had another past, and whoever reads in the log what was said.',
  claims: [
    {
      claim: 'A market does not open when an event is not what it was when it was signed.',
      file: `${log}/past.ts`,
      enforcedBy: 'brokenHead',
      caughtBy: { file: tested, test: 'does not open with event %i rewritten' },
      loss: {
        line: 'if ((await rootAt(head.size, tree.nodes)).equals(head.root)) return undefined',
        replacement: 'if (head.size <= tree.size) return undefined',
      },
    },
    {
      claim: 'A market does not open over an older store than the checkpoint beside it was signed for.',
      file: `${log}/past.ts`,
      enforcedBy: 'brokenHead',
      caughtBy: {
        file: tested,
        test: 'does not open over an older store than was signed, unless the file is removed',
      },
      loss: { line: 'if (head.size > tree.size)', replacement: 'if (head.size < 0)' },
    },
    {
      claim: 'A checkpoint that the key of the log has not signed is none.',
      file: `${log}/past.ts`,
      enforcedBy: 'headOf',
      caughtBy: {
        file: tested,
        test: 'does not open with a checkpoint that another key signed',
      },
      loss: {
        line: 'const text = openNote(note, origin, publicKey)',
        replacement:
          "const text = note.slice(0, note.lastIndexOf('\\n\\n') + 1) || openNote(note, origin, publicKey)",
      },
    },
    {
      claim: 'Nothing more is signed over a past that was rewritten while the market runs.',
      file: `${log}/audit-log.ts`,
      enforcedBy: 'AuditLog',
      caughtBy: { file: tested, test: 'signs nothing more over a past that is rewritten while it runs' },
      loss: {
        line: 'if (newest !== undefined && hexRoot(await rootAt(newest.size, tree.nodes)) !== newest.rootHash)',
        replacement: 'if (newest !== undefined && newest.size < 0)',
      },
    },
    {
      claim: 'A proof is given of what the asker may see, and of nothing else.',
      file: `${log}/audit-log.ts`,
      enforcedBy: 'prove',
      caughtBy: {
        file: `${core}/market/audit/audit.test.ts`,
        test: 'shows each its own events, and those an operator left for it, on %s',
      },
      loss: {
        line: 'const event = await this.#parts.store.read(scope, (tx) => tx.get(Events, eventId))',
        replacement: 'const event = await this.#read((tx) => (void scope, tx.get(Events, eventId)))',
      },
    },
    {
      claim: 'What is put on record of a conversation has its hash and not its words.',
      file: `${web3}/audit/facts.ts`,
      enforcedBy: 'hash',
      caughtBy: {
        file: recorded,
        test: 'says of a turn its names, figures and hashes, and not a word of it',
      },
      loss: {
        line: "return createHash('sha256').update(canonicalJson(json)).digest('hex')",
        replacement: 'return canonicalJson(json) || createHash.name',
      },
    },
  ],
}
