/**
 * What each call costs in gas, compared with contracts/gas.json, and what it may cost at most. When a change is meant:
 * `GAS=update npm test -- contracts/test/gas.test.ts`.
 */
import { auditAnchor } from '@openclaw-market/contracts/audit-anchor'
import { noAddress, type OrderTerms } from '@openclaw-market/protocol/typed-data/escrow'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { encodeFunctionData } from 'viem/utils'
import { beforeAll, expect, it } from 'vitest'
import { address, newMarket, type Done } from './market.fixture.ts'

const market = await newMarket()
const { chain, token, order, locked, disputed, does, lock, authorize, vouch } = market
const { payer, payee, arbiter, stranger } = chain.accounts
const file = join(import.meta.dirname, '..', 'gas.json')
const kept = JSON.parse(readFileSync(file, 'utf8')) as Readonly<Record<string, number>>

const moneys = { 'own coin': noAddress, 'a token': token } as const
const measured: Record<string, number> = {}
const note = (name: string, { receipt }: Done, share = 1) => {
  measured[name] = Math.ceil(Number(receipt.gasUsed) / share)
}

/** Nobody's first money, for a balance that is written for the first time costs more. */
beforeAll(async () => {
  for (const kind of Object.values(moneys)) {
    for (const party of [payer, payee, stranger]) await market.give(party, kind, 10n ** 9n)
    await locked({ token: kind })
  }
  for (const [name, kind] of Object.entries(moneys)) {
    const of = { token: kind }
    const one = await locked(of)
    note(`release whole of ${name}`, await does(payer, 'release', [one, one.amount]))
    note(`release part of ${name}`, await does(payer, 'release', [await locked(of), 40n]))
    note(`refund of ${name}`, await does(payee, 'refund', [await locked(of)]))
    note(`claim of ${name}`, await does(payee, 'claim', [...(await claimed(await locked(of)))]))
    note(`each of ten claims of ${name}`, await does(payee, 'claimBatch', [await ten(of)]), 10)
    note(`dispute about ${name}`, await does(payer, 'dispute', [await locked(of)]))
    note(`decide about ${name}`, await does(arbiter, 'decide', [await disputed(of), 40n]))
    const undecided = await disputed({ ...of, decisionTime: 1 })
    note(`conclude about ${name}`, await does(payee, 'conclude', [undecided]))
    note(`lock of ${name}`, await lock(await order(of)))
  }
  const terms = await order({ token })
  note('lockFor of a token', await does(stranger, 'lockFor', [terms, await authorize(terms)]))
  await market.allow(payer, token, 0n)
  const other = await order({ token })
  const args = [other, await authorize(other), await market.permit(other)] as const
  note('lockWithPermit of a token', await does(stranger, 'lockWithPermit', args))
  note('cancel', await does(payer, 'cancel', [await order()]))
  const unwilling = await market.smartAccount(payee)
  await market.tell(unwilling, 'take', [1, 0n])
  note('release that is not taken', await does(payer, 'release', [await locked({ payee: unwilling }), 100n]))
  await noteAnchors()
})

async function claimed(terms: OrderTerms) {
  return [terms, 40n, await vouch(terms, 40n)] as const
}

async function ten(of: { token: typeof token }) {
  const claims = []
  for (let i = 0; i < 10; i++) {
    const [terms, cumulative, signature] = await claimed(await locked(of))
    claims.push({ order: terms, cumulative, signature })
  }
  return claims
}

async function noteAnchors(): Promise<void> {
  const to = address(await chain.deploy(auditAnchor.bytecode))
  const hash = `0x${'ab'.repeat(32)}` as const
  for (const [name, size] of [
    ['anchor for the first time', 1_000n],
    ['anchor again', 2_000n],
  ] as const) {
    const data = encodeFunctionData({
      abi: auditAnchor.abi,
      functionName: 'anchor',
      args: [hash, size, hash],
    })
    note(name, { receipt: await chain.send(payer, { to, data }), events: [] })
  }
}

it.each([
  ['lock of own coin', 110_000],
  ['lock of a token', 140_000],
  ['release whole of own coin', 50_000],
  ['release whole of a token', 50_000],
  ['refund of own coin', 50_000],
  ['refund of a token', 50_000],
  ['each of ten claims of own coin', 30_000],
  ['each of ten claims of a token', 30_000],
] as const)('%s costs at most %i', (name, most) => {
  expect(measured[name]).toBeLessThanOrEqual(most)
})

it('each call costs what contracts/gas.json says, to a hundredth', () => {
  if (process.env['GAS'] === 'update') writeFileSync(file, `${JSON.stringify(measured, undefined, 2)}\n`)
  else {
    expect(Object.keys(measured)).toEqual(Object.keys(kept))
    const off = Object.entries(measured).filter(([name, gas]) => {
      const before = kept[name] ?? 0
      return Math.abs(gas - before) > before / 100
    })
    expect(off.map(([name, gas]) => `${name}: ${kept[name]} → ${gas}`)).toEqual([])
  }
})
