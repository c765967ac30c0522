import type { LedgerResult } from './ledger.ts'
import type { ListResult } from './list.ts'
import { ways, type ProxyResult } from './proxy.ts'
import type { Samples } from './samples.ts'
import { sides, type TurnResult } from './turn.ts'

/** Columns as wide as their widest cell: the first to the left, figures to the right. */
function table(title: string, head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, ...rows]
  const widths = head.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)))
  const text = lines.map((line) =>
    line
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('   '),
  )
  return ['', title, ...text.map((line) => `  ${line}`)].join('\n')
}

const ms = (value: number): string => value.toFixed(3)
const times = (value: number): string => `${value.toFixed(2)} ×`
const count = (value: number): string => value.toLocaleString('en-US')

export function ledgerTable({ sqlite, file }: LedgerResult): string {
  const line = (name: string, one: number, many: number): readonly string[] => [
    name,
    count(one),
    times(one / sqlite.rawOneWriter),
    count(many),
    times(many / sqlite.rawWriters64),
  ]
  return table(
    'ledger: durable transfers per second, and as a share of what better-sqlite3 does by itself',
    ['store', '1 writer', 'of raw', '64 writers', 'of raw'],
    [
      line('sqlite', sqlite.oneWriter, sqlite.writers64),
      line('better-sqlite3', sqlite.rawOneWriter, sqlite.rawWriters64),
      line('file', file.oneWriter, file.writers64),
    ],
  )
}

export function proxyTable(result: ProxyResult): string {
  return (['c1', 'c10'] as const)
    .map((at) => {
      const figures = result[at]
      return table(
        `proxy: ms a call, ${at === 'c1' ? 'one' : 'ten'} at a time, and how many times the bare pass-through`,
        ['way', 'p50', 'over direct', '× bare', 'p99', '× bare', 'first token p50', '× bare'],
        ways.map((way) => [
          way,
          ms(figures[`${way}P50Ms`]),
          `+${ms(figures[`${way}P50Ms`] - figures.directP50Ms)}`,
          times(figures[`${way}P50Ms`] / figures.bareP50Ms),
          ms(figures[`${way}P99Ms`]),
          times(figures[`${way}P99Ms`] / figures.bareP99Ms),
          ms(figures[`${way}TtftP50Ms`]),
          times(figures[`${way}TtftP50Ms`] / figures.bareTtftP50Ms),
        ]),
      )
    })
    .join('\n')
}

export function describeTable(samples: Samples): string {
  return table('describe: ms for everything, over RPC', ['', 'p50', 'p99'], [['', ...percentiles(samples)]])
}

export function listTable({ all, filters }: ListResult): string {
  const line = ([name, samples]: readonly [string, Samples]): readonly string[] => [
    name,
    count(samples.count),
    ...percentiles(samples),
  ]
  return table(
    'list: ms for a page over 100,000 resources',
    ['filter', 'calls', 'p50', 'p99'],
    [...filters, ['all', all] as const].map(line),
  )
}

export function turnTable(result: TurnResult): string {
  const { bare } = result
  return table(
    'turn: a gateway with the plugins and one without, nothing leased; ms, MiB, tokens of context',
    ['gateway', 'boot', '× bare', 'memory', '× bare', 'turn p50', '× bare', 'p99', 'tokens', 'all tools'],
    sides.map((side) => {
      const own = result[side]
      return [
        side,
        ms(own.bootP50Ms),
        times(own.bootP50Ms / bare.bootP50Ms),
        count(own.rssMiB),
        times(own.rssMiB / bare.rssMiB),
        ms(own.turnP50Ms),
        times(own.turnP50Ms / bare.turnP50Ms),
        ms(own.turnP99Ms),
        count(own.contextTokens.search),
        count(own.contextTokens.all),
      ]
    }),
  )
}

const percentiles = (samples: Samples): readonly string[] => [
  ms(samples.percentile(50)),
  ms(samples.percentile(99)),
]
