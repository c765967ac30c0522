/** The log over the events: its tiles are over the events that are there, and what was signed is its beginning. */
import { Checkpoints } from '@openclaw-market/protocol/entities/log'
import { rootAt } from '../../log/merkle.ts'
import { brokenEvent } from '../../log/past.ts'
import { readCheckpoint } from '../../log/signed-note.ts'
import { Tree } from '../../log/tree.ts'
import type { ReadTx } from '../../store/store.ts'
import type { Books } from './books.ts'

/** Who signed is not looked at: that is known when the market opens. */
export async function checkLog(tx: ReadTx, books: Books): Promise<void> {
  const { findings } = books
  try {
    const broken = await brokenEvent((fn) => fn(tx))
    if (broken !== undefined) findings.add('log.events', 'the log', broken.message)
    const tree = await Tree.read(tx)
    await books.each(Checkpoints, async ({ checkpointKey, size, rootHash, note }) => {
      const head = readCheckpoint(note.slice(0, note.lastIndexOf('\n\n') + 1))
      if (head?.size !== size || head.root.toString('hex') !== rootHash || Number(checkpointKey) !== size)
        findings.add('checkpoint.note', checkpointKey, 'is not what its note says')
      else if (size > tree.size || !(await rootAt(size, tree.nodes)).equals(head.root))
        findings.add('checkpoint.root', checkpointKey, `is not over the first ${size} events that are there`)
    })
  } catch {
    findings.add('log.events', 'the log', 'cannot be checked: there is a record in it that cannot be read')
  }
}
