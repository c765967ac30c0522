/** Records and disturbs a child through strace: slower than the shim, for machines without a compiler. */
import { readFile, rm } from 'node:fs/promises'
import { runChild } from './child.ts'
import { matters, type Event } from './event.ts'
import type { Fault, Recorder } from './recorder.ts'

const calls = [
  'openat open creat lseek write pwrite64 writev pwritev pwritev2 ftruncate truncate fallocate rename renameat renameat2',
  'unlink unlinkat rmdir mkdir mkdirat fsync fdatasync sync_file_range copy_file_range sendfile link linkat',
]
  .join(' ')
  .replaceAll(' ', ',')

export function straceRecorder(): Recorder {
  return {
    name: 'strace',
    async record(jobs, watch, fault) {
      const file = `${watch}.record`
      const look = [
        '-f',
        '-y',
        '-xx',
        '-s',
        '10000000',
        '-e',
        'signal=none',
        '-e',
        `trace=${calls}`,
        '-o',
        file,
      ]
      // Not with injection: that is for calls which this faster way may pass over.
      const more = fault === undefined ? ['--seccomp-bpf'] : inject(fault)
      const ran = await runChild(jobs, { command: ['strace', ...look, ...more] })
      const events = [...eventsOfStrace(await readFile(file, 'latin1'), watch)]
      await rm(file)
      return { events, ran }
    },
  }
}

/** It cannot tell files by their directory; but only the store calls these. (A snapshot's own writes are plain ones.) */
function namesOf({ calls }: Fault): string {
  return { write: 'pwrite64', sync: 'fsync,fdatasync', name: 'rename', truncate: 'ftruncate' }[calls]
}

function inject(fault: Fault): readonly string[] {
  const { error, first, last } = fault
  if (error === 'half') throw new Error('strace cannot make a call write half of its bytes')
  const when = last === first ? `${first}` : last === Infinity ? `${first}+` : `${first}..${last}`
  return ['-e', `inject=${namesOf(fault)}:error=${error}:when=${when}`]
}

interface Call {
  readonly name: string
  readonly words: readonly string[]
  readonly result: string
}

/** One call a line; one that waited while another thread was at work stands on two. */
export function* eventsOfStrace(log: string, watch: string): Generator<Event> {
  const places = new Map<string, number>()
  const begun = new Map<string, string>()
  const syncs = new Map<string, number>()
  let count = 0
  for (const line of log.split('\n')) {
    const [, thread = '', rest = ''] = /^(\d+) +(.*)$/.exec(line) ?? []
    const unfinished = /^(.*) <unfinished \.\.\.>$/.exec(rest)?.[1]
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest)?.[1]
    const text = resumed === undefined ? (unfinished ?? rest) : `${begun.get(thread) ?? ''}${resumed}`
    const sync = /^f(?:data)?sync\(\d+<(.*?)>(?!\(deleted)/.exec(text)?.[1]
    const path = sync === undefined ? undefined : unhex(sync)
    if (path !== undefined && resumed === undefined && matters(path, watch)) {
      syncs.set(thread, ++count)
      yield { did: 'begin', path, sync: count }
    }
    if (unfinished !== undefined) begun.set(thread, unfinished)
    else {
      const call = parse(text)
      if (call !== undefined) yield* eventsOf(call, watch, places, syncs.get(thread) ?? 0)
    }
  }
}

function parse(text: string): Call | undefined {
  const [, name = '', words = '', result = ''] = /^(\w+)\((.*)\) += (.*)$/.exec(text) ?? []
  return name === '' ? undefined : { name, words: words.split(', '), result }
}

/** `places` knows where each descriptor's next plain write goes. */
function* eventsOf(call: Call, watch: string, places: Map<string, number>, sync: number): Generator<Event> {
  const { name, words, result } = call
  const [first = '', second = '', third = '', fourth = ''] = words
  const fd = descriptorOf(first)
  const failed = result.startsWith('-1') || result.startsWith('?')
  const ours = fd !== undefined && matters(fd.path, watch)
  switch (name) {
    case 'open':
    case 'openat':
    case 'creat': {
      const made = descriptorOf(result)
      if (made === undefined || !matters(made.path, watch)) return
      const flags = name === 'creat' ? 'O_CREAT|O_TRUNC' : name === 'open' ? second : third
      if (flags.includes('O_APPEND')) throw new Error(`the crash gate cannot model appending to ${made.path}`)
      places.set(made.number, 0)
      const empties = flags.includes('O_TRUNC')
      if (empties || flags.includes('O_CREAT')) yield { did: 'open', path: made.path, empties }
      return
    }
    case 'lseek':
      if (ours && !failed) places.set(fd.number, Number(result))
      return
    case 'write':
    case 'pwrite64': {
      if (failed) return
      const bytes = Buffer.from(unhex(second), 'latin1').subarray(0, Number(result))
      if (fd?.number === '1') yield { did: 'said', text: bytes.toString() }
      if (!ours) return
      const at = name === 'write' ? (places.get(fd.number) ?? 0) : Number(fourth)
      if (name === 'write') places.set(fd.number, at + bytes.length)
      yield { did: 'write', path: fd.path, at, bytes }
      return
    }
    case 'ftruncate':
      if (ours && !failed) yield { did: 'truncate', path: fd.path, size: Number(second) }
      return
    case 'fsync':
    case 'fdatasync':
      if (ours) yield { did: failed ? 'failed' : 'synced', path: fd.path, sync }
      return
    default:
      if (!failed) yield* named(name, words, watch)
  }
}

/** Calls that change names; paths are whole in what Node and SQLite call. */
function* named(name: string, words: readonly string[], watch: string): Generator<Event> {
  const paths = words.filter((word) => word.startsWith('"')).map(unhex)
  const inside = words.map((word) => descriptorOf(word)?.path ?? '').concat(paths)
  if (!inside.some((path) => matters(path, watch)) || words[0]?.startsWith('AT_FDCWD') === true) {
    if (!paths.some((path) => matters(path, watch))) return
  }
  const [path = '', to = ''] = paths
  switch (name) {
    case 'rename':
    case 'renameat':
    case 'renameat2':
      yield { did: 'rename', path, to }
      return
    case 'unlink':
    case 'unlinkat':
    case 'rmdir':
      yield { did: 'unlink', path }
      return
    case 'mkdir':
    case 'mkdirat':
      yield { did: 'mkdir', path }
      return
    default:
      throw new Error(`the crash gate cannot model: ${name} on ${inside.join(' ')}`)
  }
}

/** `5<\x2f\x61>`, or undefined for what is no open file, or one without a name. */
function descriptorOf(word: string): { readonly number: string; readonly path: string } | undefined {
  const [, number, hex] = /^(\d+)<(.*?)>(?!\(deleted)/.exec(word) ?? []
  if (number === undefined || hex === undefined) return undefined
  return { number, path: Buffer.from(unhex(hex), 'latin1').toString() }
}

/** Every byte is written as `\xNN`, in quotes or not. @returns one character a byte */
function unhex(text: string): string {
  return Buffer.from(text.replaceAll(/[^0-9a-f]/g, ''), 'hex').toString('latin1')
}
