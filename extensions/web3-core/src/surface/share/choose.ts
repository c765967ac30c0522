/** Which of what was found, and at which prices: asked one by one. */
import type { Static } from '@sinclair/typebox'
import { MarketError } from '@openclaw-market/protocol/errors'
import type { Currency } from '@openclaw-market/protocol/operation'
import type { findContract } from '../../share/find-capability.ts'
import { currencyIn, figureMeans, figureOf, parseFigure } from '../../share/price-figure.ts'
import type { Asker } from './asker.ts'

export type Findings = Static<typeof findContract.result>
export type Found = Findings['found'][number]
export type Chosen = Pick<Found, 'name' | 'kind' | 'label' | 'prices'>

/** @throws MarketError E_NOT_FOUND, E_INVALID_ARGUMENT: a name that nothing found has, a price that is none */
export function preselect(
  { found, currencies }: Findings,
  names: readonly string[],
  figures: ReadonlyMap<string, string>,
): readonly Found[] {
  for (const name of [...names, ...figures.keys()]) {
    if (found.some((each) => each.name === name)) continue
    throw new MarketError('E_NOT_FOUND', `nothing called ${name} is found here`, {
      details: { found: found.map((each) => each.name) },
      hint: 'Leave the names out to see what is.',
    })
  }
  const chosen = names.length === 0 ? found : found.filter(({ name }) => names.includes(name))
  return chosen.map((each) => {
    const figure = figures.get(each.name)
    if (figure === undefined) return each
    const currency = currencyIn(currencies, each.prices)
    const prices = parseFigure(each.kind, figure, currency)
    if (prices !== undefined) return { ...each, prices: [...prices] }
    throw new MarketError('E_INVALID_ARGUMENT', `--price ${each.name}: ${howToPrice(each)}`, {
      details: { pointer: '--price', rule: 'form' },
      hint: `For example --price ${each.name}=${figureOf(each.kind, each.prices, currency)}.`,
    })
  })
}

/** @returns undefined when nothing is to be shared after all */
export async function chooseByAsking(
  { found, currencies }: Findings,
  asker: Asker,
): Promise<readonly Chosen[] | undefined> {
  const picked = found.length === 1 ? found : await pick(found, asker)
  const chosen: Chosen[] = []
  for (const each of picked ?? []) {
    const prices = await priceOf(each, currencyIn(currencies, each.prices), asker)
    if (prices === undefined) return undefined
    if (prices !== 'skip') chosen.push({ ...each, prices })
  }
  if (chosen.length === 0) return undefined
  const names = chosen.map(({ name }) => name).join(', ')
  return (await confirms(asker, `Publish ${names} at these prices, for everyone to lease?`))
    ? chosen
    : undefined
}

export async function confirms(asker: Asker, question: string): Promise<boolean> {
  return /^y(es)?$/i.test((await asker.ask(`${question} [y/N] `)) ?? '')
}

async function pick(found: readonly Found[], asker: Asker): Promise<readonly Found[] | undefined> {
  for (;;) {
    const answer = await asker.ask('Share which? Numbers or names, with commas [all] ')
    if (answer === undefined) return undefined
    const words = answer.split(/[\s,]+/).filter((word) => word !== '')
    if (words.length === 0 || words.join() === 'all') return found
    const unknown = words.find((word) => numbered(found, word) === undefined)
    if (unknown === undefined)
      return found.filter((each) => words.some((word) => numbered(found, word) === each))
    asker.say(`There is no ${unknown} above.`)
  }
}

function numbered(found: readonly Found[], word: string): Found | undefined {
  return found.find(({ name }) => name === word) ?? (/^\d+$/.test(word) ? found[Number(word) - 1] : undefined)
}

async function priceOf(
  found: Found,
  currency: Currency,
  asker: Asker,
): Promise<Found['prices'] | 'skip' | undefined> {
  const proposed = figureOf(found.kind, found.prices, currency)
  for (;;) {
    const answer = await asker.ask(
      `${found.name}: ${currency.symbol} ${figureMeans(found.kind)}, or skip [${proposed}] `,
    )
    if (answer === undefined) return undefined
    if (answer === '') return found.prices
    if (answer === 'skip') return 'skip'
    const prices = parseFigure(found.kind, answer, currency)
    if (prices !== undefined) return [...prices]
    asker.say(howToPrice(found))
  }
}

function howToPrice({ kind }: Found): string {
  return kind === 'model'
    ? 'a price is two figures, IN/OUT, like 0.1/0.3'
    : 'a price is one figure, like 0.002'
}
