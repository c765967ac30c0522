/**
 * The Merkle tree of RFC 6962 (section 2.1) over any source of its nodes: roots, proofs and what they prove. A node is named
 * by its level and its place there: (0, n) is the hash of the n-th leaf, (l, n) the root over the 2^l leaves from n · 2^l on.
 */
import { createHash } from 'node:crypto'

export type Hash = Buffer

/** Gives a node whose leaves are all there. */
export type Nodes = (level: number, index: number) => Promise<Hash>

/** The root over no leaves. */
export const emptyRoot: Hash = createHash('sha256').digest()

export function leafHash(leaf: string | Uint8Array): Hash {
  return createHash('sha256').update(leafMark).update(leaf).digest()
}

export function nodeHash(left: Hash, right: Hash): Hash {
  return createHash('sha256').update(nodeMark).update(left).update(right).digest()
}

const leafMark = Buffer.of(0)
const nodeMark = Buffer.of(1)

/** The root over these nodes of one level, as many as a power of two. */
export function foldUp(nodes: readonly Hash[]): Hash {
  let level = nodes
  while (level.length > 1) {
    const above: Hash[] = []
    for (let i = 0; i + 1 < level.length; i += 2) above.push(nodeHash(level[i]!, level[i + 1]!))
    level = above
  }
  return level[0] ?? emptyRoot
}

/** The root over the first `size` leaves. */
export async function rootAt(size: number, nodes: Nodes): Promise<Hash> {
  return size === 0 ? emptyRoot : range(0, size, nodes)
}

/** Nodes by which leaf `index` is shown to be in the tree of `size`, from the leaf up. */
export async function inclusionProof(index: number, size: number, nodes: Nodes): Promise<readonly Hash[]> {
  const path: Hash[] = []
  let [from, to] = [0, size]
  while (to - from > 1) {
    const middle = from + split(to - from)
    if (index < middle) {
      path.push(await range(middle, to, nodes))
      to = middle
    } else {
      path.push(await range(from, middle, nodes))
      from = middle
    }
  }
  return path.reverse()
}

/** Nodes by which the tree of `older` leaves is shown to be the beginning of the one of `size`. */
export async function consistencyProof(older: number, size: number, nodes: Nodes): Promise<readonly Hash[]> {
  if (older === 0 || older === size) return []
  const path: Hash[] = []
  let [from, to, whole] = [0, size, true]
  while (older !== to) {
    const middle = from + split(to - from)
    if (older <= middle) {
      path.push(await range(middle, to, nodes))
      to = middle
    } else {
      path.push(await range(from, middle, nodes))
      from = middle
      whole = false
    }
  }
  if (!whole) path.push(await range(from, to, nodes))
  return path.reverse()
}

/** The root that follows from a leaf and its proof; undefined when the proof is not of this form. */
export function rootFromInclusion(
  leaf: Hash,
  index: number,
  size: number,
  proof: readonly Hash[],
): Hash | undefined {
  if (index < 0 || index >= size) return undefined
  let [at, last, root] = [index, size - 1, leaf]
  for (const beside of proof) {
    if (last === 0) return undefined
    if (at % 2 === 1 || at === last) {
      root = nodeHash(beside, root)
      while (at % 2 === 0 && at !== 0) [at, last] = [half(at), half(last)]
    } else root = nodeHash(root, beside)
    ;[at, last] = [half(at), half(last)]
  }
  return last === 0 ? root : undefined
}

/** Whether the proof shows that the tree of `size` with `root` begins with the tree of `older` with `olderRoot`. */
export function isConsistent(
  older: { readonly size: number; readonly root: Hash },
  newer: { readonly size: number; readonly root: Hash },
  proof: readonly Hash[],
): boolean {
  if (older.size > newer.size) return false
  if (older.size === newer.size) return proof.length === 0 && older.root.equals(newer.root)
  if (older.size === 0) return proof.length === 0 && older.root.equals(emptyRoot)
  // When the older tree is whole its root is the first node of the way, and is left out of the proof.
  const path = isPowerOfTwo(older.size) ? [older.root, ...proof] : [...proof]
  const [first, ...rest] = path
  if (first === undefined) return false
  let [at, last] = [older.size - 1, newer.size - 1]
  while (at % 2 === 1) [at, last] = [half(at), half(last)]
  let [was, is] = [first, first]
  for (const beside of rest) {
    if (last === 0) return false
    if (at % 2 === 1 || at === last) {
      was = nodeHash(beside, was)
      is = nodeHash(beside, is)
      while (at % 2 === 0 && at !== 0) [at, last] = [half(at), half(last)]
    } else is = nodeHash(is, beside)
    ;[at, last] = [half(at), half(last)]
  }
  return last === 0 && was.equals(older.root) && is.equals(newer.root)
}

/** The root over the leaves from `from` up to `to`; where a tree is split, both halves begin at a multiple of their size. */
async function range(from: number, to: number, nodes: Nodes): Promise<Hash> {
  const count = to - from
  if (isPowerOfTwo(count)) return nodes(Math.log2(count), from / count)
  const middle = from + split(count)
  return nodeHash(await range(from, middle, nodes), await range(middle, to, nodes))
}

/** The largest power of two below `count`. */
function split(count: number): number {
  let k = 1
  while (k * 2 < count) k *= 2
  return k
}

function isPowerOfTwo(count: number): boolean {
  return Number.isInteger(Math.log2(count))
}

const half = (n: number): number => Math.floor(n / 2)
