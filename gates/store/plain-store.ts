/** The reference: a store that is a value in memory, one write after another. It is the simulation's, without its accidents. */
import type { Scope } from '@openclaw-market/protocol/collection'
import { allCollections } from '@openclaw-market/protocol/entities/all'
import type { MarketStore, ReadTx, WriteTx } from '../../extensions/market-core/src/store/store.ts'
import { State } from '../simulation/state.ts'
import { MemoryRead, MemoryWrite } from '../simulation/transaction.ts'

export class PlainStore implements MarketStore {
  readonly backend = 'file'
  readonly collections = allCollections
  #state = new State()
  #last: Promise<unknown> = Promise.resolve()

  read<T>(scope: Scope, fn: (tx: ReadTx) => Promise<T>): Promise<T> {
    return fn(new MemoryRead(this.#state, scope))
  }

  write<T>(fn: (tx: WriteTx) => Promise<T>): Promise<T> {
    const writing = this.#last.then(async () => {
      const tx = new MemoryWrite(this.#state)
      const value = await fn(tx)
      this.#state = tx.state
      return value
    })
    this.#last = writing.catch(() => undefined)
    return writing
  }

  findDamage(): Promise<undefined> {
    return Promise.resolve(undefined)
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}
