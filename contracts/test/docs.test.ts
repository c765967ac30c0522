import { expect, it } from 'vitest'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { leavesOf, trees } from './branches.fixture.ts'

/** What docs/contracts.md says, and where it is tried: a leaf of a tree, or a test in a file beside this one. */
const claims: readonly (readonly [said: string, file: string, test: string])[] = [
  ['it\nis another with each other term, contract and chain', 'idOf', 'it is another with each other term'],
  ['makes the same hash', 'idOf', 'it is the EIP-712 hash of the terms'],
  ['before it is locked; `lock` before `expiresAt`', 'lock', 'it reverts with Expired'],
  [
    'while it is open, disputed or not',
    'release',
    'it pays the payee nevertheless, and the rest stays frozen',
  ],
  ['before `refundableAt`, disputed or not', 'claim', 'it reverts with VoucherTooLate'],
  ['from `refundableAt` on, unless disputed', 'refund', 'it reverts with Frozen'],
  ['before `refundableAt`, when there is an arbiter', 'dispute', 'it reverts with NoArbiter'],
  ['what the payee gets in all', 'decide', 'it pays the payee what it lacks'],
  ['the rest is split by `undecidedPayeeBps`', 'conclude', 'it splits what is left as was agreed on'],
  ['what it does not take is kept for it', 'release', 'it keeps the money for the payee'],
  ['A receiver gets 50,000 gas', 'receivers.test.ts', 'wants more gas than is given'],
  ['the escrow does nothing twice', 'reentrancy.test.ts', 'cannot make use of %s'],
  ['only what is new is paid', 'claim', 'it pays the payee what is new, whoever brings it'],
  [
    'passes over what somebody else can bring about',
    'claimBatch',
    'it passes over the claim and pays the others',
  ],
  ['is undone by a mistake', 'claimBatch', 'it reverts with BadSignature, and nobody is paid'],
  ['can withdraw what it has signed', 'claim', 'when it accepted the signature once and does no more'],
  ['whatever code there is at its address', 'claim', 'it pays the payee whatever the code says'],
  ['A token that keeps a fee cannot be locked', 'odd-tokens.test.ts', 'is refused when it is locked'],
  ['orders beside it stay whole to the unit', 'odd-tokens.test.ts', 'after it they are whole'],
  ['burns all gas can undo a batch', 'odd-tokens.test.ts', 'a token that burns all gas can undo a batch'],
  ['Depositing is `lock`, paying is `release`', 'release', 'it pays the payee and closes the order'],
  ['fails when a call costs a hundredth more or less', 'gas.test.ts', 'to a hundredth'],
]
const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'contracts.md'), 'utf8')
const words = (text: string) => text.replaceAll(/\s+/g, ' ')

it.each(claims)('docs/contracts.md: %j is tried in %s', (said, file, test) => {
  expect(words(page)).toContain(words(said))
  if (file.endsWith('.ts')) expect(readFileSync(join(import.meta.dirname, file), 'utf8')).toContain(test)
  else {
    const leaves = leavesOf(readFileSync(join(trees, `${file}.tree`), 'utf8'), file)
    expect(leaves.some((leaf) => leaf.split(' > ').includes(test))).toBe(true)
  }
})
