/** What a person reads of sharing: tables, aligned. */
import type { Static } from '@sinclair/typebox'
import { showAmount } from '@openclaw-market/protocol/money/show'
import type { Currency } from '@openclaw-market/protocol/operation'
import type { startContract } from '../../share/start-capability.ts'
import type { statusContract } from '../../share/status-capability.ts'
import type { stopContract } from '../../share/stop-capability.ts'
import { currencyIn, figureMeans, figureOf } from '../../share/price-figure.ts'
import type { Chosen, Findings } from './choose.ts'

type Status = Static<typeof statusContract.result>

export function aligned(rows: readonly (readonly string[])[], indent = ''): string {
  const widths: number[] = []
  for (const row of rows)
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length)
  return rows
    .map((row) => indent + row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  '))
    .map((line) => line.trimEnd())
    .join('\n')
}

export function foundText({ found, notes, currencies }: Findings): string {
  const rows = found.map((each, i) => [
    `${i + 1}`,
    each.name,
    each.kind,
    each.by,
    each.label,
    priceText(each, currencies),
    each.shared ? 'shared already' : '',
  ])
  return [...(rows.length === 0 ? [] : [aligned(rows, '  ')]), ...notes.map(noteText)].join('\n')
}

function noteText({ about, problem, hint }: Findings['notes'][number]): string {
  return `  (${about}: ${problem}. ${hint})`
}

export function priceText(
  { kind, prices }: Pick<Chosen, 'kind' | 'prices'>,
  currencies: readonly Currency[],
): string {
  const currency = currencyIn(currencies, prices)
  const figure = figureOf(kind, prices, currency)
  return /^[\d./]+$/.test(figure) ? `${figure} ${currency.symbol} ${figureMeans(kind)}` : figure
}

export function startText(
  { shared, notes, reach }: Static<typeof startContract.result>,
  currencies: readonly Currency[],
): string {
  const rows = shared.map((each) => [each.name, each.done, priceText(each, currencies)])
  return [
    aligned(rows),
    ...notes.map(noteText),
    '',
    reachText(reach),
    'Who uses it, and what it earns: openclaw share status. To end it: openclaw share stop.',
  ].join('\n')
}

function reachText({ url, missing }: Status['reach']): string {
  return [`Leaseholders come to ${url}`, ...(missing === undefined ? [] : [missing])].join('\n')
}

export function statusText({ shared, reach, currencies }: Status): string {
  if (shared.length === 0) return 'Nothing is shared. Begin with: openclaw share start'
  const head = ['NAME', 'STATE', 'ANSWERS', 'LEASES', 'CALLS', 'EARNED', 'OWED', 'PRICE']
  const rows = shared.map((each) => [
    each.name,
    each.state.replaceAll('_', ' '),
    each.answers ? 'yes' : 'no',
    `${each.leases.length}`,
    `${each.calls}`,
    sums(each, 'earned', currencies),
    sums(each, 'owed', currencies),
    each.kind === undefined || each.prices === undefined
      ? ''
      : priceText({ kind: each.kind, prices: each.prices }, currencies),
  ])
  const details = shared.flatMap(({ name, trouble, leases }) => [
    ...(trouble === undefined ? [] : [`${name}: ${trouble}`]),
    ...leases.map(({ consumerActorId, status, metered, currency, expiresAt }) => {
      const until = new Date(expiresAt).toISOString().slice(0, 16).replace('T', ' ')
      const amount = amountText(metered, currency, currencies)
      return `${name}: ${shortAddress(consumerActorId)} ${status.replace('lease_', '')}, ${amount} used, until ${until} UTC`
    }),
  ])
  return [
    aligned([head, ...rows]),
    ...(details.length === 0 ? [] : ['', ...details]),
    '',
    reachText(reach),
  ].join('\n')
}

function sums(
  { money }: Status['shared'][number],
  which: 'earned' | 'owed',
  currencies: readonly Currency[],
): string {
  const texts = money.map((each) => amountText(each[which], each.currency, currencies))
  return texts.length === 0 ? '0' : texts.join(' + ')
}

function amountText(amount: bigint, symbol: string, currencies: readonly Currency[]): string {
  const decimals = currencies.find((each) => each.symbol === symbol)?.decimals ?? 0
  return showAmount(amount, symbol, decimals)
}

function shortAddress(address: string): string {
  return `${address.slice(0, 6)}…${address.slice(-4)}`
}

export function stopText({ stopped, ended }: Static<typeof stopContract.result>): string {
  if (stopped.length === 0) return 'Nothing is shared.'
  const rows = stopped.map(({ name, status, leases, lastEndsAt }) => [
    name,
    status === 'gone'
      ? 'stopped'
      : lastEndsAt === undefined
        ? 'off the market; it goes when the last stored file has gone'
        : `off the market; serves ${leaseCount(leases)} until ${new Date(lastEndsAt).toISOString().slice(0, 16).replace('T', ' ')} UTC`,
  ])
  return [aligned(rows), ...(ended.length === 0 ? [] : [`${leaseCount(ended.length)} ended now.`])].join('\n')
}

/** What stopping comes to, before it is done. */
export function stopWarning(
  meant: Status['shared'],
  currencies: readonly Currency[],
  endLeases: boolean,
): string {
  const leases = meant.flatMap((each) => each.leases)
  const names = meant.map(({ name }) => name).join(', ')
  if (leases.length === 0) return `This takes ${names} off the market; nobody leases it now.`
  if (!endLeases) {
    const last = new Date(Math.max(...leases.map(({ expiresAt }) => expiresAt))).toISOString()
    return `This takes ${names} off the market and serves ${leaseCount(leases.length)} on, until ${last} at the latest.`
  }
  const lost = [...new Set(leases.map(({ currency }) => currency))].map((symbol) => {
    const of = leases.filter(({ currency }) => currency === symbol)
    const sum = (field: 'metered' | 'remaining') => of.reduce((total, each) => total + each[field], 0n)
    return `${amountText(sum('metered'), symbol, currencies)} used is paid after the dispute window, ${amountText(sum('remaining'), symbol, currencies)} unused returns to the holders`
  })
  return `This takes ${names} off the market and ends ${leaseCount(leases.length)} now: ${lost.join('; ')}.`
}

function leaseCount(n: number): string {
  return n === 1 ? '1 lease' : `${n} leases`
}
