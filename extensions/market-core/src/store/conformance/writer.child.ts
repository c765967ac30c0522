/**
 * Writes to a store until it is killed, or until the store refuses; says on stdout what happened to each write, at once
 * and by itself (a synchronous write to a pipe). Arguments: backend, directory, number of writers.
 */
import { writeSync } from 'node:fs'
import type { Collection } from '@openclaw-market/protocol/collection'
import { isMarketError } from '@openclaw-market/protocol/errors'
import { openStore } from '../open.ts'
import { Pairs } from './pairs.ts'

const [kind, directory = '', writers = '1'] = process.argv.slice(2)
const collections = [Pairs] as readonly unknown[] as readonly Collection[]
const say = (line: string): void => void writeSync(1, `${line}\n`)
const store = await openStore(kind === 'file' ? 'file' : 'sqlite', { directory, collections }).catch(
  (error: unknown) => {
    say(`refused open ${String(error)}`)
    process.exit(1)
  },
)
say('open')

/** Each write makes two records; half of them must never be seen. */
async function write(name: string): Promise<boolean> {
  try {
    await store.write(async (tx) => {
      for (const half of ['left', 'right'])
        await tx.insert(Pairs, { rev: 0, pairId: `${name}-${half}`, name, text: 'x'.repeat(200) })
    })
    say(`kept ${name}`)
    return true
  } catch (error) {
    say(
      `refused ${name} ${isMarketError(error) ? `${error.code} ${String(error.details?.['outcome'])}` : String(error)}`,
    )
    return false
  }
}

await Promise.all(
  Array.from({ length: Number(writers) }, async (_, writer) => {
    for (let n = 0, going = true; going; n++) going = await write(`w${writer}-${String(n).padStart(6, '0')}`)
  }),
)
const seen = await store.read({ as: 'market' }, (tx) => tx.list(Pairs, { limit: 1 }))
say(`reads ${seen.items.length}`)
await write('after')
await store.close()
say('closed')
