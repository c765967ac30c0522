import { expect, it } from 'vitest'
import {
  consistencyProof,
  emptyRoot,
  inclusionProof,
  isConsistent,
  leafHash,
  nodeHash,
  rootAt,
  rootFromInclusion,
  type Hash,
  type Nodes,
} from './merkle.ts'

/** The tree of eight leaves that implementations of RFC 6962 share. */
const leaves = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
].map((hex) => leafHash(Buffer.from(hex, 'hex')))

const roots = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
]

const [n00, n1, n23, n45, n47] = [
  '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
  '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
  'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
  '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
  '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
]
const n67 = 'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0'

const inclusions: readonly (readonly [index: number, size: number, proof: readonly unknown[]])[] = [
  [0, 1, []],
  [0, 8, [n1, n00, n47]],
  [5, 8, [n23, n67, roots[4]]],
  [2, 3, [roots[2]]],
  [1, 5, [roots[1], n00, n23]],
]

const consistencies: readonly (readonly [older: number, size: number, proof: readonly unknown[]])[] = [
  [1, 1, []],
  [1, 8, [n1, n00, n47]],
  [6, 8, [n45, n67, roots[4]]],
  [2, 5, [n00, n23]],
]

function nodesOver(of: readonly Hash[]): Nodes {
  const nodes: Nodes = async (level, index) => {
    if (level > 0) return nodeHash(await nodes(level - 1, index * 2), await nodes(level - 1, index * 2 + 1))
    const leaf = of[index]
    if (leaf === undefined) throw new Error('a node beyond the end')
    return leaf
  }
  return nodes
}
const nodes = nodesOver(leaves)
const hex = (hashes: readonly Hash[]) => hashes.map((hash) => hash.toString('hex'))

it('has the known roots', async () => {
  expect(emptyRoot.toString('hex')).toBe(roots[0])
  for (const [size, root] of roots.entries()) expect((await rootAt(size, nodes)).toString('hex')).toBe(root)
})

it.each(inclusions)('has the known proof that leaf %i is among %i', async (index, size, proof) => {
  expect(hex(await inclusionProof(index, size, nodes))).toEqual(proof)
})

it.each(consistencies)('has the known proof that %i leaves begin %i', async (older, size, proof) => {
  expect(hex(await consistencyProof(older, size, nodes))).toEqual(proof)
})

/** What RFC 6962 defines in section 2.1, over lists and each time anew. */
const largest = (count: number): number => 2 ** Math.floor(Math.log2(count - 1))
function rootOf(of: readonly Hash[]): Hash {
  const [only = emptyRoot] = of
  if (of.length < 2) return only
  const k = largest(of.length)
  return nodeHash(rootOf(of.slice(0, k)), rootOf(of.slice(k)))
}
function pathOf(m: number, of: readonly Hash[]): Hash[] {
  if (of.length === 1) return []
  const k = largest(of.length)
  return m < k
    ? [...pathOf(m, of.slice(0, k)), rootOf(of.slice(k))]
    : [...pathOf(m - k, of.slice(k)), rootOf(of.slice(0, k))]
}
function proofOf(m: number, of: readonly Hash[], whole = true): Hash[] {
  if (m === of.length) return whole ? [] : [rootOf(of)]
  const k = largest(of.length)
  return m <= k
    ? [...proofOf(m, of.slice(0, k), whole), rootOf(of.slice(k))]
    : [...proofOf(m - k, of.slice(k), false), rootOf(of.slice(0, k))]
}

it('has the roots and proofs that the RFC defines, at every size', async () => {
  const at = nodesOver(many)
  for (let size = 1; size <= 40; size++) {
    const all = many.slice(0, size)
    expect(hex([await rootAt(size, at)])).toEqual(hex([rootOf(all)]))
    for (let m = 1; m <= size; m++) {
      expect(hex(await inclusionProof(m - 1, size, at))).toEqual(hex(pathOf(m - 1, all)))
      expect(hex(await consistencyProof(m, size, at))).toEqual(hex(proofOf(m, all)))
    }
  }
})

const many = Array.from({ length: 70 }, (_, n) => leafHash(`leaf ${n}`))

it('proves each leaf of each tree, and nothing else', async () => {
  const at = nodesOver(many)
  for (let size = 1; size <= many.length; size++) {
    const root = await rootAt(size, at)
    for (const [index, leaf] of many.slice(0, size).entries()) {
      const proof = await inclusionProof(index, size, at)
      expect(rootFromInclusion(leaf, index, size, proof)).toEqual(root)
      const other = many[(index + 1) % many.length] ?? leaf
      expect(rootFromInclusion(other, index, size, proof)).not.toEqual(root)
      expect(rootFromInclusion(leaf, index, size, [...proof, leaf])).toBeUndefined()
      if (size > 1) {
        expect(rootFromInclusion(leaf, (index + 1) % size, size, proof)).not.toEqual(root)
        expect(rootFromInclusion(leaf, index, size, proof.slice(1))).not.toEqual(root)
      }
    }
    expect(rootFromInclusion(many[0] ?? root, size, size, [])).toBeUndefined()
  }
})

it('proves each beginning of each tree, and no other', async () => {
  const at = nodesOver(many)
  const rewritten = nodesOver(many.with(0, leafHash('another past')))
  for (let size = 1; size <= 40; size++) {
    const newer = { size, root: await rootAt(size, at) }
    for (let older = 1; older <= size; older++) {
      const proof = await consistencyProof(older, size, at)
      const began = { size: older, root: await rootAt(older, at) }
      const other = { size: older, root: await rootAt(older, rewritten) }
      expect(isConsistent(began, newer, proof)).toBe(true)
      expect(isConsistent(other, newer, proof)).toBe(false)
      expect(isConsistent(began, { size, root: await rootAt(size, rewritten) }, proof)).toBe(false)
      expect(isConsistent(newer, began, proof)).toBe(older === size)
      if (proof.length > 0) {
        expect(isConsistent(began, newer, proof.slice(1))).toBe(false)
        expect(isConsistent(began, newer, [...proof, newer.root])).toBe(false)
      }
    }
  }
})
