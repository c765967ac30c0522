/**
 * A sorted map that never changes: putting and taking give a new map that shares almost all of the old one (a B-tree
 * whose changed path is copied). So a snapshot, a savepoint and an undo are each no more than keeping the old map.
 * Keys are compared by `<`; all keys of one map are of one type.
 */
const width = 32

interface Leaf<K, V> {
  readonly keys: readonly K[]
  readonly values: readonly V[]
  readonly children?: undefined
}

interface Branch<K, V> {
  /** The lowest key of each child. */
  readonly keys: readonly K[]
  readonly children: readonly Node<K, V>[]
}

type Node<K, V> = Leaf<K, V> | Branch<K, V>

export class Sorted<K extends string | number, V> {
  readonly size: number
  readonly #root: Node<K, V>

  private constructor(root: Node<K, V>, size: number) {
    this.#root = root
    this.size = size
  }

  static empty<K extends string | number, V>(): Sorted<K, V> {
    return new Sorted<K, V>({ keys: [], values: [] }, 0)
  }

  get(key: K): V | undefined {
    let node = this.#root
    while (node.children !== undefined) node = childAt(node, childFor(node, key))
    const at = firstAbove(node.keys, key) - 1
    return at >= 0 && node.keys[at] === key ? node.values[at] : undefined
  }

  with(key: K, value: V): Sorted<K, V> {
    const grown = this.get(key) === undefined ? this.size + 1 : this.size
    const parts = put(this.#root, key, value)
    return new Sorted(parts.length === 1 ? parts[0] : branch(parts), grown)
  }

  without(key: K): Sorted<K, V> {
    if (this.get(key) === undefined) return this
    let root = take(this.#root, key) ?? { keys: [], values: [] }
    while (root.children !== undefined && root.children.length === 1) root = childAt(root, 0)
    return new Sorted(root, this.size - 1)
  }

  /** Entries by rising key, those above `after` when it is given. */
  rising(after?: K): Generator<readonly [K, V]> {
    return rise(this.#root, after)
  }

  /** Entries by falling key, those below `before` when it is given. */
  falling(before?: K): Generator<readonly [K, V]> {
    return fall(this.#root, before)
  }
}

/** How many keys are not above `key`: where the next one above it stands. */
function firstAbove<K>(keys: readonly K[], key: K): number {
  let low = 0
  let high = keys.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (keys[middle]! <= key) low = middle + 1
    else high = middle
  }
  return low
}

function childFor<K, V>(node: Branch<K, V>, key: K): number {
  return Math.max(0, firstAbove(node.keys, key) - 1)
}

function childAt<K, V>(node: Branch<K, V>, at: number): Node<K, V> {
  return node.children[at]!
}

function branch<K, V>(children: readonly Node<K, V>[]): Branch<K, V> {
  return { keys: children.map((child) => child.keys[0]!), children }
}

type Parts<K, V> = readonly [Node<K, V>] | readonly [Node<K, V>, Node<K, V>]

function put<K, V>(node: Node<K, V>, key: K, value: V): Parts<K, V> {
  if (node.children !== undefined) {
    const at = childFor(node, key)
    const children = node.children.toSpliced(at, 1, ...put(childAt(node, at), key, value))
    if (children.length <= width) return [branch(children)]
    const half = splitAt(children.length, at)
    return [branch(children.slice(0, half)), branch(children.slice(half))]
  }
  const above = firstAbove(node.keys, key)
  if (above > 0 && node.keys[above - 1] === key)
    return [{ keys: node.keys, values: node.values.with(above - 1, value) }]
  const keys = node.keys.toSpliced(above, 0, key)
  const values = node.values.toSpliced(above, 0, value)
  if (keys.length <= width) return [{ keys, values }]
  const half = splitAt(keys.length, above)
  return [
    { keys: keys.slice(0, half), values: values.slice(0, half) },
    { keys: keys.slice(half), values: values.slice(half) },
  ]
}

/** In the middle; at the end when it grew there, so that keys that come in order leave full nodes behind. */
function splitAt(length: number, grewAt: number): number {
  return grewAt >= length - 2 ? length - 1 : length >>> 1
}

/** The node without the key, or undefined when nothing is left of it. Nodes may grow thin; they are never empty. */
function take<K, V>(node: Node<K, V>, key: K): Node<K, V> | undefined {
  if (node.children !== undefined) {
    const at = childFor(node, key)
    const child = take(childAt(node, at), key)
    const children = child === undefined ? node.children.toSpliced(at, 1) : node.children.with(at, child)
    return children.length === 0 ? undefined : branch(children)
  }
  const at = firstAbove(node.keys, key) - 1
  if (node.keys.length === 1) return undefined
  return { keys: node.keys.toSpliced(at, 1), values: node.values.toSpliced(at, 1) }
}

function* rise<K, V>(node: Node<K, V>, after: K | undefined): Generator<readonly [K, V]> {
  if (node.children !== undefined) {
    const first = after === undefined ? 0 : childFor(node, after)
    for (let at = first; at < node.children.length; at++)
      yield* rise(childAt(node, at), at === first ? after : undefined)
    return
  }
  const first = after === undefined ? 0 : firstAbove(node.keys, after)
  for (let at = first; at < node.keys.length; at++) yield [node.keys[at]!, node.values[at]!]
}

function* fall<K, V>(node: Node<K, V>, before: K | undefined): Generator<readonly [K, V]> {
  if (node.children !== undefined) {
    const first = before === undefined ? node.children.length - 1 : childFor(node, before)
    for (let at = first; at >= 0; at--) yield* fall(childAt(node, at), at === first ? before : undefined)
    return
  }
  let at = node.keys.length - 1
  if (before !== undefined) {
    at = firstAbove(node.keys, before) - 1
    if (at >= 0 && node.keys[at] === before) at--
  }
  for (; at >= 0; at--) yield [node.keys[at]!, node.values[at]!]
}
