/**
 * `npm run bench [-- --json] [--only ledger,proxy,describe,list,turn]`: how fast the market is, as ratios that hold on any
 * machine: each figure stands beside what the same work costs without us, measured in the same run, in turns. Prints tables;
 * with --json the last line of standard output is one object. Anything that is not exactly right ends it with an error.
 */
import { availableParallelism, cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { startChild } from './bench/child-server.ts'
import { benchDescribe } from './bench/describe.ts'
import { benchLedger } from './bench/ledger.ts'
import { startGateway } from './bench/leased-market.ts'
import { benchList } from './bench/list.ts'
import { removeDirectories } from './bench/places.ts'
import { benchProxy, type ProxyResult } from './bench/proxy.ts'
import type { LedgerResult } from './bench/ledger.ts'
import { describeTable, ledgerTable, listTable, proxyTable, turnTable } from './bench/tables.ts'
import { benchTurn, type TurnResult } from './bench/turn.ts'

const parts = ['ledger', 'proxy', 'describe', 'list', 'turn'] as const
type Part = (typeof parts)[number]

interface Report {
  ledger?: LedgerResult
  proxy?: ProxyResult
  describeP50Ms?: number
  list100kP99Ms?: number
  turn?: TurnResult
}

const { json, only } = readArguments()
// Without these a signal would end us without the handlers of 'exit', which remove what was made.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(130))

const startedAt = performance.now()
const report: Report = {}
say(
  `${cpus()[0]?.model ?? 'unknown CPU'}, ${availableParallelism()} cores, Node ${process.version}, load ${load()}`,
)
try {
  if (only.has('proxy') || only.has('describe')) await withGateway()
  if (only.has('ledger')) say(ledgerTable((report.ledger = await benchLedger(progress))))
  if (only.has('list')) {
    const listed = await benchList(progress)
    report.list100kP99Ms = listed.all.percentile(99)
    say(listTable(listed))
  }
  if (only.has('turn')) say(turnTable((report.turn = await benchTurn(progress))))
} finally {
  removeDirectories()
}
say(`${((performance.now() - startedAt) / 1000).toFixed(0)} s, load ${load()}`)
if (json) process.stdout.write(`${JSON.stringify(inOrder(report))}\n`)

async function withGateway(): Promise<void> {
  progress('building the plugins, starting a gateway')
  const upstream = await startChild('upstream.ts')
  try {
    const gateway = await startGateway(upstream.url)
    try {
      if (only.has('proxy')) say(proxyTable((report.proxy = await benchProxy(gateway, upstream, progress))))
      if (only.has('describe')) {
        const samples = await benchDescribe(gateway, progress)
        report.describeP50Ms = samples.percentile(50)
        say(describeTable(samples))
      }
    } finally {
      await gateway.stop()
    }
  } finally {
    await upstream.stop()
  }
}

function readArguments(): { readonly json: boolean; readonly only: ReadonlySet<Part> } {
  try {
    const { values } = parseArgs({ options: { json: { type: 'boolean' }, only: { type: 'string' } } })
    const named = values.only?.split(',').map((name) => {
      const part = parts.find((each) => each === name.trim())
      if (part === undefined) throw new Error(`there is no part ${name}`)
      return part
    })
    return { json: values.json === true, only: new Set(named ?? parts) }
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    process.stderr.write(`usage: npm run bench [-- --json] [--only ${parts.join(',')}]\n`)
    process.exit(2)
  }
}

function inOrder({ ledger, proxy, describeP50Ms, list100kP99Ms, turn }: Report): Report {
  return {
    ...(ledger === undefined ? {} : { ledger }),
    ...(proxy === undefined ? {} : { proxy }),
    ...(describeP50Ms === undefined ? {} : { describeP50Ms }),
    ...(list100kP99Ms === undefined ? {} : { list100kP99Ms }),
    ...(turn === undefined ? {} : { turn }),
  }
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

function progress(text: string): void {
  process.stderr.write(`… ${text}\n`)
}

function load(): string {
  return (loadavg()[0] ?? 0).toFixed(1)
}
