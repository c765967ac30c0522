/** What is said to the contracts, and what they say. */
import { auditAnchor } from '@openclaw-market/contracts/audit-anchor'
import { marketEscrow } from '@openclaw-market/contracts/market-escrow'
import { parseAbi, type ContractFunctionArgs, type ContractFunctionName, type Hex } from 'viem'
import { decodeErrorResult, encodeFunctionData } from 'viem/utils'
import { expect } from 'vitest'
import { Reverted } from './chain.fixture.ts'

export const escrowAbi = marketEscrow.abi
export const tokenAbi = parseAbi([
  'function mint(address to, uint256 amount)',
  'function approve(address spender, uint256 amount) returns (bool)',
  'function transfer(address to, uint256 amount) returns (bool)',
  'function balanceOf(address account) view returns (uint256)',
  'function allowance(address owner, address spender) view returns (uint256)',
  'function permit(address owner, address spender, uint256 value, uint256 deadline, uint8 v, bytes32 r, bytes32 s)',
  'function nonces(address owner) view returns (uint256)',
])

/** What contracts of contracts/mocks can be told. */
export const mockAbi = parseAbi([
  'function mint(address to, uint256 amount)',
  'function say(address account, uint256 amount)',
  'function charge(uint256 percent)',
  'function rebase(uint256 percent)',
  'function deny(address account, bool yes)',
  'function fail(uint8 how)',
  'function pause(bool yes)',
  'function callWhenMoved(address to, bytes what)',
  'function setKey(address key)',
  'function take(uint8 manner, uint248 much)',
  'function callWhenPaid(address to, address what)',
  'function run(address to, uint256 value, bytes what)',
  'event Answered(bool ok, bytes answer)',
])
export type Writes = 'nonpayable' | 'payable'
export type Told = ContractFunctionName<typeof mockAbi, Writes>
export type ToldArgs<Name extends Told> = ContractFunctionArgs<typeof mockAbi, Writes, Name>

export type EscrowCall = ContractFunctionName<typeof escrowAbi, Writes>
export type EscrowArgs<Name extends EscrowCall> = ContractFunctionArgs<typeof escrowAbi, Writes, Name>

export const dataOf = <Name extends EscrowCall>(name: Name, args: EscrowArgs<Name>): Hex =>
  encodeFunctionData({ abi: escrowAbi, functionName: name, args } as Parameters<typeof encodeFunctionData>[0])

export const toldOf = <Name extends Told>(name: Name, args: ToldArgs<Name>): Hex =>
  encodeFunctionData({ abi: mockAbi, functionName: name, args } as Parameters<typeof encodeFunctionData>[0])

/** The order of the curve: a signature has a twin with its s taken from it. */
const curve = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n

/** What is not a signature, though it comes from one: too short, too long, nothing, and its twin. */
export function malformed(signature: Hex): readonly Hex[] {
  const [r, s, v] = [signature.slice(2, 66), BigInt(`0x${signature.slice(66, 130)}`), signature.slice(130)]
  const twin = (curve - s).toString(16).padStart(64, '0')
  const compact = (s | (BigInt(v === '1c' ? 1 : 0) << 255n)).toString(16).padStart(64, '0')
  return [
    '0x',
    `0x${signature.slice(4)}`,
    `${signature}00`,
    `0x${'00'.repeat(65)}`,
    `0x${r}${compact}`,
    `0x${r}${twin}${v === '1b' ? '1c' : '1b'}`,
  ]
}

/** Errors of the contracts that the escrow is made of count, too. */
const errors = [
  ...escrowAbi,
  ...auditAnchor.abi,
  ...parseAbi([
    'error Panic(uint256 code)',
    'error Error(string message)',
    'error ERC20InsufficientAllowance(address spender, uint256 allowance, uint256 needed)',
    'error ERC20InsufficientBalance(address sender, uint256 balance, uint256 needed)',
    'error Denied(address account)',
  ]),
]

/** What was tried is refused with this error and these figures; without a name, with no reason at all. */
export async function refused(tried: Promise<unknown>, name?: string, ...figures: unknown[]): Promise<void> {
  const error: unknown = await tried.then(
    () => 'it was done',
    (reason: unknown) => reason,
  )
  if (!(error instanceof Reverted)) throw new Error(`was not refused with ${name}`, { cause: error })
  expect(said(error.data)).toEqual(name === undefined ? [] : [name, ...figures])
}

/** The name of an error and its figures. */
export function said(data: Hex): readonly unknown[] {
  if (data === '0x') return []
  const { errorName, args } = decodeErrorResult({ abi: errors, data })
  return [errorName, ...(args ?? [])]
}
