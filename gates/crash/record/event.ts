/** What a recorder writes down: each change that a process made to the files under one directory, in the order it was made. */
export type Event =
  /** Made a file, or emptied one. */
  | { readonly did: 'open'; readonly path: string; readonly empties: boolean }
  | { readonly did: 'write'; readonly path: string; readonly at: number; readonly bytes: Buffer }
  | { readonly did: 'truncate'; readonly path: string; readonly size: number }
  /** A sync of a file or a directory covers what came before its `begin`, once it is `synced`. */
  | { readonly did: 'begin' | 'synced' | 'failed'; readonly path: string; readonly sync: number }
  | { readonly did: 'rename'; readonly path: string; readonly to: string }
  | { readonly did: 'unlink' | 'mkdir'; readonly path: string }
  /** The process told its reader something: what it had promised by then. */
  | { readonly did: 'said'; readonly text: string }

/** SQLite's shared memory: built anew from the log after every crash, so that no byte of it is ever trusted. */
export function matters(path: string, watch: string): boolean {
  return (path === watch || path.startsWith(`${watch}/`)) && !path.endsWith('-shm')
}

/** The lines of shim.c: what was done, bytes as hex, path, second path; between tabs. */
export function* eventsOfShim(text: string): Generator<Event> {
  for (const line of text.split('\n')) {
    const [head = '', hex = '', path = '', to = ''] = line.split('\t')
    const [did, figure] = head.split(' ')
    switch (did) {
      case '':
      case 'fault':
        break
      case 'open':
        yield { did, path, empties: figure === 'empty' }
        break
      case 'write':
        yield { did, path, at: Number(figure), bytes: Buffer.from(hex, 'hex') }
        break
      case 'truncate':
        yield { did, path, size: Number(figure) }
        break
      case 'begin':
      case 'synced':
      case 'failed':
        yield { did, path, sync: Number(figure) }
        break
      case 'rename':
        yield { did, path, to }
        break
      case 'unlink':
      case 'mkdir':
        yield { did, path }
        break
      case 'said':
        yield { did, text: Buffer.from(hex, 'hex').toString() }
        break
      default:
        throw new Error(`the crash gate cannot model: ${head} on ${path}`)
    }
  }
}
