/**
 * A disk under a recorded history: what is surely on it, and what may be or not if the power fails now. The weakest that
 * POSIX allows: an unsynced write is there in any part of whole sectors, or only its length is; a name that was made, changed
 * or removed is durable when its directory was synced; of what is unsynced, any part survives, in no order. What a failed
 * sync was to cover no later one makes durable (Linux forgets such pages). Rename is atomic.
 */
import { dirname } from 'node:path'
import type { Event } from './record/event.ts'

export const sector = 512

/** A change that the disk has not promised. */
export type Pending = Change & { durable: boolean; readonly order: number }

interface Change {
  /** Its sync failed: never durable. */
  lost: boolean
  readonly did: { readonly at: number; readonly bytes: Buffer } | { readonly size: number } | Names
}

/** An atomic change of one directory: each name's new file, or none. */
interface Names {
  readonly names: readonly (readonly [string, Node | undefined])[]
}

class Node {
  readonly kind: 'file' | 'directory'
  /** What is durable: bytes of a file, names of a directory. */
  bytes: Buffer = Buffer.alloc(0)
  names: ReadonlyMap<string, Node> = new Map()
  /** What a directory holds for the running process. */
  readonly now = new Map<string, Node>()
  log: Pending[] = []

  constructor(kind: 'file' | 'directory') {
    this.kind = kind
  }
}

/** Which part of what is pending survives. */
export interface Survival {
  keeps(change: Pending, sector: number): boolean
  /** A write whose bytes are lost has made its file longer all the same. */
  readonly lengthens?: boolean
}

export type Files = ReadonlyMap<string, Buffer>

export class Disk {
  readonly #watch: string
  readonly #root = new Node('directory')
  readonly #syncs = new Map<number, { readonly node: Node; readonly order: number }>()
  #order = 0

  /** @param watch the directory that the record is of; it is there and empty */
  constructor(watch: string) {
    this.#watch = watch
  }

  apply(event: Event): void {
    this.#order++
    switch (event.did) {
      case 'said':
        return
      case 'open': {
        const there = this.#find(event.path)
        if (there === undefined) this.#name(event.path, new Node('file'))
        else if (event.empties) this.#log(there, { size: 0 })
        return
      }
      case 'mkdir':
        return this.#name(event.path, new Node('directory'))
      case 'write':
        return this.#log(this.#at(event.path), { at: event.at, bytes: event.bytes })
      case 'truncate':
        return this.#log(this.#at(event.path), { size: event.size })
      case 'unlink':
        return this.#name(event.path, undefined)
      case 'rename':
        return this.#rename(event.path, event.to)
      case 'begin':
        this.#syncs.set(event.sync, { node: this.#at(event.path), order: this.#order })
        return
      case 'synced':
      case 'failed':
        return this.#sync(event.sync, event.did)
    }
  }

  /** In the order in which they were made. */
  pending(): readonly Pending[] {
    const nodes = new Set<Node>()
    const reach = (node: Node): void => {
      if (nodes.has(node)) return
      nodes.add(node)
      for (const child of [...node.names.values(), ...node.now.values()]) reach(child)
      for (const { did } of node.log)
        if ('names' in did) for (const [, child] of did.names) if (child) reach(child)
    }
    reach(this.#root)
    return [...nodes]
      .flatMap((node) => node.log.filter((change) => !change.durable))
      .sort((a, b) => a.order - b.order)
  }

  /** What is found after a power failure. Directories end in a slash. */
  image(survival: Survival): Files {
    const files = new Map<string, Buffer>()
    const walk = (node: Node, path: string): void => {
      if (node.kind === 'file') {
        files.set(path, contentAfter(node, survival))
        return
      }
      files.set(`${path}/`, Buffer.alloc(0))
      for (const [name, child] of namesAfter(node, survival)) walk(child, `${path}/${name}`)
    }
    for (const [name, child] of namesAfter(this.#root, survival)) walk(child, name)
    return files
  }

  #sync(id: number, end: 'synced' | 'failed'): void {
    const begun = this.#syncs.get(id)
    if (begun === undefined) throw new Error('a sync ended that did not begin')
    const { node, order } = begun
    for (const change of node.log) {
      if (change.order > order) continue
      // (Names are in a file system's own log: when that fails, there is no later sync at all.)
      if (end === 'failed') change.lost ||= !change.durable && node.kind === 'file'
      else change.durable = !change.lost
    }
    settle(node)
  }

  #log(node: Node, did: Change['did']): void {
    node.log.push({ did, durable: false, lost: false, order: this.#order })
  }

  #name(path: string, child: Node | undefined): void {
    const [directory, name] = this.#place(path)
    if (child === undefined) directory.now.delete(name)
    else directory.now.set(name, child)
    this.#log(directory, { names: [[name, child]] })
  }

  #rename(path: string, to: string): void {
    const node = this.#at(path)
    const [from, oldName] = this.#place(path)
    const [into, newName] = this.#place(to)
    if (from !== into) throw new Error('the crash gate cannot model a rename between directories')
    from.now.delete(oldName)
    into.now.set(newName, node)
    this.#log(into, {
      names: [
        [oldName, undefined],
        [newName, node],
      ],
    })
  }

  #place(path: string): readonly [Node, string] {
    const directory = dirname(path)
    return [this.#at(directory), path.slice(directory.length + 1)]
  }

  #at(path: string): Node {
    const node = this.#find(path)
    if (node === undefined) throw new Error(`the record speaks of ${path}, which nobody made`)
    return node
  }

  #find(path: string): Node | undefined {
    let node: Node | undefined = this.#root
    for (const name of path.slice(this.#watch.length + 1).split('/')) {
      if (name !== '') node = node?.now.get(name)
    }
    return node
  }
}

/** Takes what is durable, up to the first change that is not, into what is kept. */
function settle(node: Node): void {
  const until = node.log.findIndex((change) => !change.durable)
  const done = until === -1 ? node.log : node.log.slice(0, until)
  if (done.length === 0) return
  const rest = node.log.slice(done.length)
  node.log = done
  const all: Survival = { keeps: () => true }
  if (node.kind === 'file') node.bytes = contentAfter(node, all)
  else node.names = namesAfter(node, all)
  node.log = rest
}

function namesAfter(node: Node, { keeps }: Survival): ReadonlyMap<string, Node> {
  const names = new Map(node.names)
  for (const change of node.log) {
    if (!('names' in change.did) || !(change.durable || keeps(change, 0))) continue
    for (const [name, child] of change.did.names) {
      if (child === undefined) names.delete(name)
      else names.set(name, child)
    }
  }
  return names
}

function contentAfter(node: Node, { keeps, lengthens }: Survival): Buffer {
  if (node.log.length === 0) return node.bytes
  const most = node.log.reduce((most, { did }) => Math.max(most, endOf(did)), node.bytes.length)
  const content = Buffer.alloc(most)
  node.bytes.copy(content)
  let length = node.bytes.length
  for (const change of node.log) {
    const { did } = change
    if ('size' in did && (change.durable || keeps(change, 0))) {
      content.fill(0, Math.min(did.size, length))
      length = did.size
    }
    if (!('bytes' in did)) continue
    const end = did.at + did.bytes.length
    for (let from = did.at, to = 0; from < end; from = to) {
      to = Math.min(end, (Math.floor(from / sector) + 1) * sector)
      if (!change.durable && !keeps(change, Math.floor(from / sector))) continue
      did.bytes.copy(content, from, from - did.at, to - did.at)
      length = Math.max(length, to)
    }
    if (lengthens === true) length = Math.max(length, end)
  }
  return content.subarray(0, length)
}

function endOf(did: Change['did']): number {
  if ('bytes' in did) return did.at + did.bytes.length
  return 'size' in did ? did.size : 0
}
