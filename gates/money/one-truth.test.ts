/**
 * One truth: whoever asks how the money stands, and by whichever door, is told the same to the last unit. After random
 * histories the answers of four surfaces are compared with each other, and with what balances and settlements say on their own.
 */
import { afterAll, expect, it } from 'vitest'
import { accountStatement, statusSummary } from '@openclaw-market/market-core'
import { Settlements } from '@openclaw-market/protocol/entities/money'
import type { Envelope } from '@openclaw-market/protocol/errors'
import { accountBalance } from '../../extensions/market-core/src/market/accounts/balance.ts'
import { every } from '../../extensions/market-core/src/market/every.ts'
import { good, testWorld, type Json } from '../../extensions/web3-core/src/plugin/world.fixture.ts'
import type { RunningWorld } from '../../extensions/web3-core/src/plugin/running-world.fixture.ts'
import { answerOf } from '../../extensions/web3-core/src/surface/commands/command.ts'
import { payStatusCommand } from '../../extensions/web3-core/src/surface/commands/pay-status.ts'
import { diceOf, replayLine, seedOfRun, sized } from '../run.ts'
import { asWallet, Trade, wallets } from '../store/trade.ts'
import { bareMarket, node, operator, type BareMarket } from './bare-market.ts'
import { dealings } from './dealings.ts'

const figures = { histories: 0, comparisons: 0, amounts: 0 }
afterAll(() => {
  const { histories, comparisons, amounts } = figures
  process.stdout.write(
    `one truth: ${amounts} amounts agree in ${comparisons} comparisons of four surfaces, ${histories} histories\n`,
  )
})

/** What has been something else than nothing at some time. */
const other = new Set<string>()

/** What a phone shows of a currency, by the names that programs are told. */
const shownAs = {
  available: 'available',
  held: 'held',
  owed: 'owed to you',
  earned: 'earned',
  spent: 'spent',
  net: 'net',
  owing: 'you owe',
  pendingPayouts: 'paying out',
} as const
type Shown = Readonly<Record<keyof typeof shownAs, bigint>>

/** A market of the gate's own, in the place of the one that the world has opened. */
async function tradingWorld(store: 'sqlite' | 'file', seed: number) {
  let bare: BareMarket | undefined
  const world = await testWorld({
    store,
    through: (opened) => {
      bare = { ...bareMarket(opened.store, seed, wallets), secretBox: opened.secretBox }
      return bare
    },
  })
  if (bare === undefined) throw new Error('there is no market')
  return { world, market: bare }
}

it.each(['sqlite', 'file'] as const)('four surfaces agree on the %s store', async (store) => {
  for (let i = 0; i < sized(2, 40); i++) {
    const seed = seedOfRun() + i
    const { world, market } = await tradingWorld(store, seed)
    const trade = new Trade(diceOf(seed), (act) => act(market))
    figures.histories++
    await dealings(market)
    await compare(world, market, 'after the dealings')
    for (let step = 1; step <= sized(300, 600); step++) {
      await trade.step()
      if (step % 15 === 0) await compare(world, market, `${replayLine('money', seed)} at step ${step}`)
    }
  }
  expect([...other].sort(), replayLine('money')).toEqual(keysOf(shownAs).toSorted())
})

async function compare(world: RunningWorld, market: BareMarket, replay: string): Promise<void> {
  figures.comparisons++
  const billing = good(await world.call('web3.billing.summary'))
  const status = good(await world.call('web3.status.summary'))
  const operators = good(await market.run(statusSummary, {}, operator))
  expect(status['billing'], replay).toEqual(withoutOk(billing))
  expect(operators['billing'], replay).toEqual(withoutOk(billing))

  const said = await answerOf(payStatusCommand, { channel: 'test', senderIsOwner: true }, (name) => name)
  const currencies = billing['currencies'] as readonly Json[]
  for (const each of currencies) {
    const told = shownIn(said, String(each['currency']), Number(each['decimals']))
    for (const name of keysOf(shownAs)) {
      expect(told[name], `${name} in\n${said}\n${replay}`).toBe(BigInt(String(each[name])))
      figures.amounts++
      if (told[name] !== 0n) other.add(name)
    }
  }
  const { pending } = status['settlement'] as Json
  expect(said, replay).toMatch(new RegExp(`^unsettled +${String(pending)} lease`, 'm'))

  // On their own: balances and settlements; and others' money through an operator's eyes.
  await agreesWithBalances(market, currencies, replay)
  for (const actorId of wallets) {
    const mine = good(await market.run(accountStatement, {}, asWallet(actorId)))
    const onBehalfOf = { actorId, reason: 'compared' }
    const theirs = good(
      await market.run(statusSummary, {}, { kind: 'operator', actorId: market.address, onBehalfOf }),
    )
    expect(theirs['billing'], replay).toEqual(withoutOk(mine))
  }
}

async function agreesWithBalances(market: BareMarket, currencies: readonly Json[], replay: string) {
  for (const each of currencies) {
    const balance = good(await market.run(accountBalance, { currency: each['currency'] }, node))
    const { available, held, owed, owing, credit, pendingPayouts } = balance
    expect(each, replay).toMatchObject({ available, held, owed, owing, credit, pendingPayouts })
    // Released is released, whoever counts: here the settlements say it, there the transfers.
    const [earned, spent] = await releasedOf(market, String(each['currency']))
    expect(each, replay).toMatchObject({
      earned: `${earned}`,
      spent: `${spent}`,
      net: `${earned - spent}`,
    })
  }
}

async function releasedOf({ store, address }: BareMarket, currency: string) {
  return store.read({ as: 'market' }, async (tx) => {
    let [earned, spent] = [0n, 0n]
    for await (const each of every(tx, Settlements, { filter: (s) => s.currency === currency })) {
      if (each.payeeActorId === address) earned += each.releasedSoFar
      if (each.payerActorId === address) spent += each.releasedSoFar
    }
    return [earned, spent] as const
  })
}

/** Reads a chat's answer back. A currency that is not there has nothing anywhere, and neither has a row. */
function shownIn(answer: string, currency: string, decimals: number): Shown {
  const lines = answer.split('\n').map((line) => line.trim())
  const from = lines.indexOf(currency)
  const end = lines.findIndex((line, i) => i > from && !/-?\d+\.\d+$/.test(line))
  const rows = from === -1 ? [] : lines.slice(from + 1, end)
  const amountOf = (label: string): bigint => {
    const row = rows.find((each) => each.startsWith(`${label} `))
    return row === undefined ? 0n : unitsOf(row.slice(label.length).trim(), decimals)
  }
  return Object.fromEntries(keysOf(shownAs).map((name) => [name, amountOf(shownAs[name])])) as Shown
}

function unitsOf(text: string, decimals: number): bigint {
  const [whole = '', part = ''] = text.split('.')
  return BigInt(whole + part.padEnd(decimals, '0'))
}

function withoutOk({ ok: _ok, ...rest }: Json | Envelope): Json {
  return rest
}

function keysOf<K extends string>(of: Readonly<Record<K, unknown>>): readonly K[] {
  return Object.keys(of) as K[]
}
