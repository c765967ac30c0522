import { core, type Area } from './claim.ts'

const store = `${core}/store`
const conformance = `${store}/conformance`
const records = `${conformance}/records.test.ts`
const damaged = `${store}/sqlite/damage.test.ts`
const journalTest = `${store}/file/store.test.ts`
const powerLoss = 'gates/crash/power-loss.test.ts'

export const storeClaims: Area = {
  title: 'What was said stays said',
  against: 'Crashes, power loss, a disk that fails or flips bytes, and a second process.',
  claims: [
    {
      claim: 'What SQLite has acknowledged is on disk: each commit is synced in full.',
      file: `${store}/sqlite/connection.ts`,
      enforcedBy: 'openWriter',
      caughtBy: {
        file: `${store}/sqlite/store.test.ts`,
        test: 'is synced in full at every commit, on every open',
      },
      loss: {
        line: "database.pragma('synchronous = FULL')",
        replacement: "database.pragma('synchronous = NORMAL')",
      },
    },
    {
      claim: 'What the file store has acknowledged is on disk: its journal is synced first.',
      file: `${store}/file/journal.ts`,
      enforcedBy: 'append',
      caughtBy: {
        file: powerLoss,
        test: 'costs a %s store nothing, and one that leaves out a sync what it acknowledged',
      },
      loss: {
        line: 'fdatasync(this.#fd, (error) => (error === null ? resolve() : reject(error))),',
        replacement: 'void (fdatasync === undefined ? reject(new Error()) : resolve()),',
      },
    },
    {
      claim: 'A write answers only when the batch that it is in is durable.',
      file: `${store}/queue.ts`,
      enforcedBy: 'WriteQueue',
      caughtBy: {
        file: `${conformance}/durability.test.ts`,
        test: 'survives a disk that takes no more, which ends writing but not reading',
      },
      loss: {
        line: 'return () => resolve(value)',
        replacement: 'resolve(value)\n      return () => undefined',
      },
    },
    {
      claim: 'A write is kept whole or not at all.',
      file: `${store}/queue.ts`,
      enforcedBy: 'WriteQueue',
      caughtBy: {
        file: `${conformance}/writes.test.ts`,
        test: 'keeps nothing of a write that fails, whatever it did before',
      },
      loss: { line: 'this.#backend.undo()', replacement: 'this.#backend.release()' },
    },
    {
      claim: 'When it is unknown whether a commit is on disk, the store says so and takes no more writes.',
      file: `${store}/queue.ts`,
      enforcedBy: 'WriteQueue',
      caughtBy: {
        file: `${conformance}/durability.test.ts`,
        test: 'survives a disk that takes no more, which ends writing but not reading',
      },
      loss: {
        line: 'return this.#lose(batch, cause, outcomeUnknown(cause))',
        replacement: 'for (const each of settle) each()\n      return',
      },
    },
    {
      claim: 'A record of the database that does not match its checksum is refused when it is read.',
      file: `${store}/sqlite/records.ts`,
      enforcedBy: 'checked',
      caughtBy: {
        file: damaged,
        test: 'refuses a record whose body does not match its checksum while it runs, and serves the others',
      },
      loss: { line: 'if (BigInt(crc32(body)) !== sum)', replacement: 'if (BigInt(crc32(body)) < 0n)' },
    },
    {
      claim: 'A journal in which a byte was changed is refused.',
      file: `${store}/file/load.ts`,
      enforcedBy: 'load',
      caughtBy: {
        file: journalTest,
        test: 'is refused, by file and offset, when any byte of it is flipped or its end is cut',
      },
      loss: {
        line: "if (step.kind === 'damaged') throw damaged(journal.name, start)",
        replacement: "if (step.kind === 'damaged') break",
      },
    },
    {
      claim: 'A line of the journal that is missing, doubled or moved is noticed by the chain of checksums.',
      file: `${store}/file/frames.ts`,
      enforcedBy: 'sumOf',
      caughtBy: { file: journalTest, test: 'is refused when a line is missing, doubled or moved' },
      loss: {
        line: ".update(previousSum).update('\\n')",
        replacement: ".update(previousSum.slice(0, 0)).update('\\n')",
      },
    },
    {
      claim: 'A journal that ends before what was acknowledged is refused, and not taken for one cut short.',
      file: `${store}/file/store.ts`,
      enforcedBy: 'openFileStore',
      caughtBy: {
        file: journalTest,
        test: 'is refused, by file and offset, when any byte of it is flipped or its end is cut',
      },
      loss: {
        line: '{ generation: loaded.generation, at: loaded.end },',
        replacement: '{ generation: loaded.generation, at: Infinity },',
      },
    },
    {
      claim: 'A database that has lost a commit that was acknowledged is refused.',
      file: `${store}/mark.ts`,
      enforcedBy: 'assertMarked',
      caughtBy: {
        file: damaged,
        test: 'is refused when the log loses a commit that was acknowledged, its last one too',
      },
      loss: {
        line: 'if (marked === undefined || compare(found, marked) >= 0) return',
        replacement: 'if (marked === undefined || found.at >= 0) return',
      },
    },
    {
      claim: 'A store is open in one process at a time.',
      file: `${store}/lock.ts`,
      enforcedBy: 'takeLock',
      caughtBy: {
        file: `${conformance}/durability.test.ts`,
        test: 'is behind a lock that one process has at a time, and that dies with it',
      },
      loss: { line: "held.exec('BEGIN EXCLUSIVE')", replacement: "held.exec('BEGIN')" },
    },
    {
      claim: 'The directory of a store is private to its user.',
      file: `${store}/directory.ts`,
      enforcedBy: 'prepareDirectory',
      caughtBy: { file: `${conformance}/durability.test.ts`, test: 'is private to its user' },
      loss: { line: 'chmodSync(directory, 0o700)', replacement: 'return' },
    },
    {
      claim: 'The files of a store are private to its user.',
      file: `${store}/directory.ts`,
      enforcedBy: 'makePrivateFile',
      caughtBy: { file: `${conformance}/durability.test.ts`, test: 'is private to its user' },
      loss: { line: "fd = openSync(path, 'wx', 0o600)", replacement: "fd = openSync(path, 'wx', 0o644)" },
    },
    {
      claim: 'A write that was made from a stale revision is refused.',
      file: `${store}/sqlite/records.ts`,
      enforcedBy: 'update',
      caughtBy: {
        file: records,
        test: 'counts revisions: inserted at 0, each update one more, an older one refused',
      },
      loss: {
        line: "if (before?.[0] !== from) return { reason: 'revision' }",
        replacement: "if (before === undefined) return { reason: 'revision' }",
      },
    },
    {
      claim: 'The file store refuses a stale revision likewise.',
      file: `${store}/file/records.ts`,
      enforcedBy: 'update',
      caughtBy: {
        file: records,
        test: 'counts revisions: inserted at 0, each update one more, an older one refused',
      },
      loss: {
        line: 'if (this.table(layout).records.get(row.key)?.rev !== from)',
        replacement: 'if (this.table(layout).records.get(row.key) === undefined)',
      },
    },
    {
      claim: 'Records that are appended are never changed.',
      file: `${store}/transaction.ts`,
      enforcedBy: 'WriteTransaction',
      caughtBy: { file: records, test: 'never changes what is appended, and removes only what is ephemeral' },
      loss: { line: "if (of.keeping === 'append') throw kept(of.name, 'changed')", replacement: '' },
    },
    {
      claim: 'Only what is kept for a while is ever removed.',
      file: `${store}/transaction.ts`,
      enforcedBy: 'WriteTransaction',
      caughtBy: { file: records, test: 'never changes what is appended, and removes only what is ephemeral' },
      loss: {
        line: "if (from.keeping !== 'ephemeral') throw kept(from.name, 'removed')",
        replacement: "if (from.keeping === 'append') throw kept(from.name, 'removed')",
      },
    },
    {
      claim: 'A store whose database is gone is refused, and not taken for a new one.',
      file: `${store}/sqlite/store.ts`,
      enforcedBy: 'openSqliteStore',
      caughtBy: {
        file: `${store}/sqlite/store.test.ts`,
        test: 'is refused when it is gone after something was acknowledged, and not made anew',
      },
      loss: {
        line: 'if (readMark(directory) !== undefined) throw unreadable(`${databaseName} is missing`)',
        replacement: '',
      },
    },
  ],
}
