/**
 * What is shared, as it runs: the list on disk, the backends made of it beside those of the config, and what the market is
 * told of them. The list goes first at every step: what a crash leaves is at most a name that serves nobody yet, and the
 * next start or stop goes on from there.
 */
import { MarketError } from '@openclaw-market/protocol/errors'
import type { Backend } from '../provider/backends/backend.ts'
import { loadBackends, type LoadedBackends } from '../provider/backends/load.ts'
import { readShared, writeShared, type SharedThing } from './shared-file.ts'

export interface SharingOptions {
  readonly file: string
  /** All that serve, by name: this adds to them and takes its own away. */
  readonly backends: Map<string, Backend>
  /** Folders of filesystem backends: each is served by one. */
  readonly stores: string[]
  /** Told whenever the backends have changed. */
  readonly onChange: () => void
  readonly onTrouble: (backend: string, reason: string) => void
}

export interface Trouble {
  /** The config has taken its name, and serves something of its own under it. */
  readonly overridden: boolean
  /** In words that name no address and no path. */
  readonly problem: string
}

export interface Sharing {
  /** @throws MarketError E_NOT_CONFIGURED when the list could not be read */
  list(): readonly SharedThing[]
  /** Why a thing of the list is not served; undefined: it is. */
  trouble(name: string): Trouble | undefined
  /** Everything that is wrong with the list, for the owner. */
  problems(): readonly { readonly key: string; readonly problem: string }[]
  /** Puts it on the list, or changes it there, then serves it. @throws MarketError E_CONFLICT, E_UNAVAILABLE */
  put(thing: SharedThing): Promise<void>
  /** Serves it no more, and forgets it. */
  drop(name: string): Promise<void>
  /** One after the other: what looks and then changes must not meet another that does. */
  inTurn<T>(work: () => Promise<T>): Promise<T>
  close(): void
}

export async function openSharing(options: SharingOptions): Promise<Sharing> {
  const { file, backends, stores, onChange, onTrouble } = options
  const loaded = new Map<string, LoadedBackends>()
  const troubles = new Map<string, Trouble>()
  let things: readonly SharedThing[] = []
  let unread: MarketError | undefined
  let last: Promise<unknown> = Promise.resolve()

  const serve = ({ name, driver }: SharedThing): void => {
    troubles.delete(name)
    if (backends.has(name)) {
      const problem = 'the config has a backend of this name, and that one serves'
      troubles.set(name, { overridden: true, problem })
      return
    }
    const made = loadBackends({ [name]: driver }, { at: '/shared', stores, onTrouble })
    const backend = made.backends.get(name)
    if (backend === undefined) {
      const problem = made.problems.map((each) => `${each.path.split('/').at(-1)} ${each.problem}`).join('; ')
      troubles.set(name, { overridden: false, problem })
      return
    }
    loaded.set(name, made)
    backends.set(name, backend)
  }
  const unserve = (name: string): void => {
    const thing = things.find((each) => each.name === name)
    if (!loaded.has(name)) return
    loaded.get(name)?.close()
    loaded.delete(name)
    backends.delete(name)
    if (thing?.driver.driver !== 'filesystem') return
    const at = stores.indexOf(thing.driver.directory)
    if (at !== -1) stores.splice(at, 1)
  }
  const list = (): readonly SharedThing[] => {
    if (unread !== undefined) throw unread
    return things
  }

  try {
    things = await readShared(file)
  } catch (error) {
    // Told to whoever asks; the rest of the gateway has nothing to do with it.
    unread = error instanceof MarketError ? error : undefined
    if (unread === undefined) throw error
  }
  for (const thing of things) serve(thing)

  return {
    list,
    trouble: (name) => troubles.get(name),
    problems: () => [
      ...(unread === undefined ? [] : [{ key: 'shared', problem: unread.message }]),
      ...[...troubles].map(([name, { problem }]) => ({ key: `shared/${name}`, problem })),
    ],
    async put(thing) {
      const before = list().find(({ name }) => name === thing.name)
      if (before === undefined && backends.has(thing.name)) {
        throw new MarketError('E_CONFLICT', `there is a backend ${thing.name} already`, {
          hint: 'Look again: it will be given another name.',
        })
      }
      const rest = things.filter(({ name }) => name !== thing.name)
      await writeShared(file, [...rest, thing])
      if (before !== undefined && JSON.stringify(before.driver) === JSON.stringify(thing.driver)) {
        things = things.map((each) => (each.name === thing.name ? thing : each))
        return
      }
      unserve(thing.name)
      things = [...rest, thing]
      serve(thing)
      onChange()
    },
    async drop(name) {
      const rest = list().filter((each) => each.name !== name)
      await writeShared(file, rest)
      unserve(name)
      troubles.delete(name)
      things = rest
      onChange()
    },
    inTurn(work) {
      const turn = last.then(work, work)
      last = turn.catch(() => undefined)
      return turn
    },
    close() {
      for (const each of loaded.values()) each.close()
    },
  }
}
