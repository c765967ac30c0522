import { auditAnchor } from '@openclaw-market/contracts/audit-anchor'
import type { Account, Address, Hex } from 'viem'
import { encodeFunctionData, parseEventLogs } from 'viem/utils'
import { expect } from 'vitest'
import { branches } from './branches.fixture.ts'
import { newChain } from './chain.fixture.ts'
import { refused } from './said.fixture.ts'

const chain = await newChain()
const { payer, stranger } = chain.accounts
const contract = await chain.deploy(auditAnchor.bytecode)
const word = (digits: string): Hex => `0x${digits.repeat(32)}`
const [log, root, later] = [word('aa'), word('01'), word('02')]
const most = 2n ** 64n - 1n

const anchor = async (by: Account, name: Hex, size: bigint, what: Hex, at?: bigint) => {
  const data = encodeFunctionData({ abi: auditAnchor.abi, functionName: 'anchor', args: [name, size, what] })
  const receipt = await chain.send(by, { to: contract, data, ...(at === undefined ? {} : { at }) })
  return parseEventLogs({ abi: auditAnchor.abi, logs: receipt.logs }).map(({ args }) => Object.values(args))
}
const latest = async (writer: Address, name: Hex) =>
  await chain.publicClient.readContract({
    address: contract,
    abi: auditAnchor.abi,
    functionName: 'latest',
    args: [writer, name],
  })
const nothing = [0n, 0n, word('00')]

branches('anchor', {
  'when the log is no larger than it was': {
    'it reverts with NotAbove': async () => {
      const name = word('b0')
      await refused(anchor(payer, name, 0n, root), 'NotAbove', 0n, 0n)
      await anchor(payer, name, 7n, root)
      for (const size of [0n, 6n, 7n]) await refused(anchor(payer, name, size, later), 'NotAbove', size, 7n)
      expect((await latest(payer.address, name)).at(-1)).toBe(root)
      await anchor(payer, name, most, later)
      await refused(anchor(payer, name, most, root), 'NotAbove', most, most)
    },
  },
  'when the log is larger than it was': {
    'it keeps the checkpoint and says so': async () => {
      const name = word('b1')
      expect(await anchor(payer, name, 1n, root)).toEqual([[payer.address, name, 1n, root]])
      expect(await anchor(payer, name, 9n, later)).toEqual([[payer.address, name, 9n, later]])
      expect(await latest(payer.address, name)).toEqual([9n, await chain.now(), later])
    },
  },
  'when somebody else writes a log of the same name': {
    'it keeps each for itself': async () => {
      await anchor(payer, log, 5n, root)
      const since = await chain.now()
      await anchor(stranger, log, 3n, later)
      expect(await latest(payer.address, log)).toEqual([5n, since, root])
      expect(await latest(stranger.address, log)).toEqual([3n, await chain.now(), later])
    },
  },
})

branches('latest', {
  'given the account has anchored no such log': {
    'it answers with nothing': async () => {
      expect(await latest(payer.address, word('cc'))).toEqual(nothing)
      await anchor(payer, word('cd'), 1n, root)
      expect(await latest(stranger.address, word('cd'))).toEqual(nothing)
    },
  },
  'given the account has anchored the log': {
    'it answers with the newest checkpoint and its time': async () => {
      const at = (await chain.now()) + 1_000n
      await anchor(payer, word('ce'), 1n, root)
      await anchor(payer, word('ce'), 2n, later, at)
      expect(await latest(payer.address, word('ce'))).toEqual([2n, at, later])
    },
  },
})
