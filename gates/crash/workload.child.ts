/** Plays workloads on real stores and markets, says what becomes of each write, and is recorded, disturbed or killed meanwhile. */
import Database from 'better-sqlite3'
import { openStore } from '../../extensions/market-core/src/store/open.ts'
import { diceOf } from '../run.ts'
import { contentOf } from './content.ts'
import { failCalls } from './fail-calls.ts'
import { storeIn, type Job } from './job.ts'
import { smallStore, writeNotes } from './notes.ts'
import { outcomeOf, say, tellingWrite } from './told.ts'

/** None changes what SQLite writes: a checkpoint after few pages, a disk that is soon full, the loss that the gate must see. */
function turnPragmas({ synchronous, pages }: Job): void {
  const { pragma } = original
  Database.prototype.pragma = function (
    this: Database.Database,
    text: string,
    options?: Database.PragmaOptions,
  ) {
    if (text.startsWith('wal_autocheckpoint')) return pragma.call(this, 'wal_autocheckpoint = 40', options)
    if (text === 'synchronous = FULL' && synchronous !== undefined)
      return pragma.call(this, `synchronous = ${synchronous}`, options)
    if (text.startsWith('journal_size_limit') && pages !== undefined)
      pragma.call(this, `max_page_count = ${pages}`)
    // The store looks at what it has set, and would refuse.
    if (text === 'synchronous' && synchronous !== undefined) return 2n
    return pragma.call(this, text, options)
  }
}
const original = { pragma: Database.prototype.pragma }

async function play(job: Job): Promise<void> {
  const dice = diceOf(job.seed)
  const { child = 0 } = job
  const count = { writes: child * 10_000 }
  turnPragmas(job)
  if (job.workload === 'trade') {
    // A market takes long to load.
    const { trade } = await import('./trade.ts')
    return trade(job, dice, count)
  }
  for (let life = child * 100; life < child * 100 + job.lives; life++) {
    const store = await openStore(job.backend, smallStore(storeIn(job.home)))
    say({ job: job.name, opened: true })
    say({ job: job.name, read: (await contentOf(store)).toString(16) })
    await writeNotes(tellingWrite(store, job, count), dice, life, Math.ceil(job.writes / job.lives))
    await store.close()
  }
}

for (const job of JSON.parse(process.argv[2] ?? '[]') as readonly Job[]) {
  const mend = job.fault === undefined ? undefined : failCalls(job.fault)
  await play(job).catch((error: unknown) =>
    say({ job: job.name, failed: 'opening or closing', outcome: outcomeOf(error), why: String(error) }),
  )
  mend?.()
}
