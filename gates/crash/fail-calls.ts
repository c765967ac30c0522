/** Makes calls of Node itself fail, for machines where nothing can stand beneath it: what the file store asks of its disk. */
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { errnos, type Fault } from './record/recorder.ts'

type Call = 'writeSync' | 'fsyncSync' | 'fdatasyncSync' | 'fdatasync' | 'renameSync' | 'ftruncateSync'

const callsOf = {
  write: ['writeSync'],
  sync: ['fsyncSync', 'fdatasyncSync', 'fdatasync'],
  name: ['renameSync'],
  truncate: ['ftruncateSync'],
} as const satisfies Record<Fault['calls'], readonly Call[]>

/** @returns how to have them work again */
export function failCalls({ calls, error, first, last }: Fault): () => void {
  if (error === 'half') throw new Error('calls of Node fail whole')
  let count = 0
  const undo = callsOf[calls].map((name: Call) => {
    const real = fs[name]
    const failing = (...words: readonly unknown[]): unknown => {
      // What the process says is no file of the store.
      if (words[0] === 1 || !(++count >= first && count <= last)) return Reflect.apply(real, fs, words)
      const failure = Object.assign(new Error(`${error}: injected`), { code: error, errno: -errnos[error] })
      const done = words.at(-1)
      if (typeof done !== 'function') throw failure
      setImmediate(() => Reflect.apply(done, undefined, [failure]))
    }
    Object.assign(fs, { [name]: failing })
    return () => Object.assign(fs, { [name]: real })
  })
  syncBuiltinESMExports()
  return () => {
    for (const each of undo) each()
    syncBuiltinESMExports()
  }
}
