/** `npm start` as a person runs it: a process of its own, with nothing of ours in its environment. */
import { spawn, type ChildProcess } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isRecord, parseJson, type JsonRecord } from '../scripts/gateway/json-value.ts'
import { everyStore, storesOr } from './stores.fixture.ts'
import { tamper, type Edit } from './tampered-store.ts'

const scripts = join(import.meta.dirname, '..', 'scripts')
const root = mkdtempSync(join(tmpdir(), 'start-test-'))
/** HOME and temporary directory of all runs, one after the other: as on a person's machine, compiled code stays there. */
const place = join(root, 'home')
const running = new Set<ChildProcess>()

afterAll(() => {
  for (const child of running) child.kill('SIGKILL')
  rmSync(root, { recursive: true, force: true })
})

interface Run {
  readonly child: ChildProcess
  readonly out: () => string
  readonly err: () => string
  readonly ended: Promise<number | null>
  /** Resolves when standard error holds the text; rejects when the run ends without it. */
  readonly says: (text: string) => Promise<void>
}

function run(script: string, args: readonly string[]): Run {
  mkdirSync(place, { recursive: true })
  const env = { PATH: process.env['PATH'], HOME: place, TMPDIR: place }
  const child = spawn(process.execPath, [join(scripts, script), ...args], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  running.add(child)
  let out = ''
  let err = ''
  child.stdout.setEncoding('utf8').on('data', (part: string) => (out += part))
  child.stderr.setEncoding('utf8').on('data', (part: string) => (err += part))
  const ended = new Promise<number | null>((resolve) => {
    child.once('close', (code) => {
      running.delete(child)
      resolve(code)
    })
  })
  const says = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => void (err.includes(text) && resolve())
      child.stderr.on('data', look)
      look()
      void ended.then((code) => reject(new Error(`ended with ${code} and never said "${text}": ${err}`)))
    })
  return { child, out: () => out, err: () => err, ended, says }
}

function json(text: string): JsonRecord {
  const value = parseJson(text)
  if (!isRecord(value)) throw new Error(`no JSON object: ${text}`)
  return value
}

function records(value: unknown): readonly JsonRecord[] {
  return Array.isArray(value) ? value.filter(isRecord) : []
}

const units = (of: JsonRecord, field: string): bigint => BigInt(String(of[field]))

/** What runs have left in their temporary directory. */
const left = (): string[] => readdirSync(place).filter((name) => name.startsWith('openclaw-market-'))

function expectLoop(line: JsonRecord, store: string): void {
  expect(Object.keys(line).toSorted()).toEqual(
    ['leases', 'conserved', 'currencyTotals', 'store', 'openclaw', 'seconds'].toSorted(),
  )
  expect(line).toMatchObject({ conserved: true, store, openclaw: '2026.9.6' })
  const leases = records(line['leases'])
  expect(leases.map(({ kind, calls, settlement }) => [kind, calls, settlement])).toEqual([
    ['search', 2, 'settlement_released'],
    ['storage', 3, 'settlement_released'],
    ['model', 2, 'settlement_released'],
  ])
  for (const lease of leases) {
    expect(units(lease, 'metered') > 0n, 'something was used').toBe(true)
    expect(units(lease, 'refunded') > 0n, 'less than was locked').toBe(true)
    expect(units(lease, 'released')).toBe(units(lease, 'metered'))
    expect(units(lease, 'released') + units(lease, 'refunded')).toBe(units(lease, 'locked'))
  }
  const totals = json(JSON.stringify(json(JSON.stringify(line['currencyTotals']))['USDC']))
  const sum = (field: string): bigint => leases.reduce((total, lease) => total + units(lease, field), 0n)
  expect(units(totals, 'debits')).toBe(units(totals, 'credits'))
  // Every transfer of the loop: the grant, and for each lease its lock, its release and its refund.
  expect(units(totals, 'debits')).toBe(
    units(totals, 'deposited') + sum('locked') + sum('released') + sum('refunded'),
  )
  expect(units(totals, 'escrow')).toBe(0n)
  expect(units(totals, 'available')).toBe(units(totals, 'deposited'))
}

it.each(everyStore)(
  'npm start on the %s store does the loop once, says so in one line of JSON, and leaves nothing behind',
  async (store) => {
    const { ended, out, err } = run('start.ts', ['--once', '--json', '--demo', '--store', store])
    expect(await ended, err()).toBe(0)
    expect(out().trimEnd().split('\n')).toHaveLength(1)
    expectLoop(json(out()), store)
    expect(err()).toContain('DEMO model')
    expect(out() + err()).not.toMatch(/tok_|ses_|0x[0-9a-f]{64}/)
    expect(left()).toEqual([])
  },
)

describe.each(storesOr('sqlite'))('npm start on the %s store without --once', (store) => {
  let start: Run
  let directory: string
  let copies = 0

  beforeAll(async () => {
    start = run('start.ts', ['--json', '--demo', '--store', store])
    await start.says('Recount the books at any time')
    directory = join(place, left()[0] ?? '')
  })

  const books = (): string => join(directory, 'state', 'market-core', 'store')

  async function recount(path: string, seen?: string): Promise<JsonRecord & { problems: string }> {
    const args = ['--store', path, ...(seen === undefined ? [] : ['--seen', seen])]
    const { ended, out } = run('recount-books/main.ts', args)
    const code = await ended
    const answer = json(out())
    expect(code).toBe(answer['conserved'] === true ? 0 : 1)
    return { ...answer, problems: JSON.stringify(answer['problems']) }
  }

  /** The market rests, so that a copy of its files is whole. */
  function copy(): string {
    const target = join(root, `${store}-copy-${(copies += 1)}`)
    cpSync(books(), target, { recursive: true, filter: (path) => !path.includes('lock.') })
    return target
  }

  it('has said the same line, and stays up', () => {
    expectLoop(json(start.out()), store)
    expect(start.child.exitCode).toBeNull()
  })

  it('has books that hold, with what caller and upstream saw', async () => {
    expect(await recount(copy())).toMatchObject({ conserved: true, problems: '[]' })
    expect(await recount(books(), join(directory, 'seen.json'))).toMatchObject({
      conserved: true,
      problems: '[]',
    })
  })

  const more = (value: unknown): string => (BigInt(String(value)) + 1n).toString()
  const usageOf = (body: JsonRecord): JsonRecord[] =>
    records(body['usage']).map((item) => ({ ...item, quantity: more(item['quantity']) }))
  const tampered: readonly (readonly [what: string, collection: string, edit: Edit, says: string])[] = [
    [
      'another amount of a transfer',
      'transfer',
      (body) => ({ ...body, amount: more(body['amount']) }),
      'debits of',
    ],
    [
      'another reason of a transfer',
      'transfer',
      (b) => (b['reason'] === 'release' ? { ...b, reason: 'refund' } : 'keep'),
      'no business',
    ],
    [
      'a transfer that is gone',
      'transfer',
      (b) => (b['reason'] === 'refund' ? undefined : 'keep'),
      'escrow of',
    ],
    [
      'another quantity of a usage record',
      'usage_record',
      (body) => ({ ...body, usage: usageOf(body) }),
      'hash of use_',
    ],
    [
      'another cost of a usage record',
      'usage_record',
      (body) => ({ ...body, cost: more(body['cost']) }),
      'cost of use_',
    ],
    ['a usage record that is gone', 'usage_record', () => undefined, 'seq of use_'],
    [
      'another amount of a deposit',
      'deposit',
      (body) => ({ ...body, amount: more(body['amount']) }),
      'that came in',
    ],
  ]
  it.each(tampered)('would notice %s, with the checksum mended', async (_what, collection, edit, says) => {
    const target = copy()
    tamper(target, collection, edit)
    const { conserved, problems } = await recount(target)
    expect(conserved).toBe(false)
    expect(problems).toContain(says)
  })

  it('would notice a changed record by its checksum alone', async () => {
    const target = copy()
    tamper(target, 'transfer', (body) => ({ ...body, memo: 'changed' }), 'stale')
    const { conserved, problems } = await recount(target)
    expect(conserved).toBe(false)
    expect(problems).toMatch(/checksum|damaged/)
  })

  it.each([
    [
      'the upstream served more',
      (seen: JsonRecord) => (seen['served'] = { requests: 3, input_tokens: 1, output_tokens: 1 }),
      'upstream served',
    ],
    ['the caller paid less', (seen: JsonRecord) => firstCall(seen, 'cost', '1'), 'cost of use_'],
    [
      'the caller got another answer',
      (seen: JsonRecord) => firstCall(seen, 'sha256', '00'),
      'answer of use_',
    ],
    [
      'the caller made another request',
      (seen: JsonRecord) => firstCall(seen, 'requestId', 'req_other'),
      'did not make',
    ],
  ])('would notice that %s', async (what, change, says) => {
    const seen = json(readFileSync(join(directory, 'seen.json'), 'utf8'))
    change(seen)
    const file = join(root, `${store}-${what.replaceAll(' ', '-')}.json`)
    writeFileSync(file, JSON.stringify(seen))
    const { conserved, problems } = await recount(books(), file)
    expect(conserved).toBe(false)
    expect(problems).toContain(says)
  })

  it('ends at a signal with all that it has started, and leaves nothing behind', async () => {
    const gateway = Number(readFileSync(join(books(), 'lock.pid'), 'utf8'))
    expect(() => process.kill(gateway, 0)).not.toThrow()
    start.child.kill('SIGTERM')
    expect(await start.ended).toBe(143)
    expect(() => process.kill(gateway, 0)).toThrow()
    expect(existsSync(directory)).toBe(false)
  })
})

function firstCall(seen: JsonRecord, field: string, value: string): void {
  const caller = isRecord(seen['caller']) ? seen['caller'] : {}
  const [lease] = records(caller['leases'])
  const [call] = records(lease?.['calls'])
  if (call === undefined) throw new Error('the caller has seen no call')
  call[field] = value
}

describe('npm start', () => {
  it.each([
    [['--stroe', 'file'], /"--stroe".*--help/],
    [['--store'], /--store is empty.*sqlite/],
    [['--store', 'pg'], /--store is "pg".*sqlite/],
    [['--once=yes'], /--once takes no value.*--help/],
  ])('refuses %j and says what to do', async (args, says) => {
    const { ended, out, err } = run('start.ts', args)
    expect(await ended).toBe(2)
    expect(out()).toBe('')
    expect(err()).toMatch(says)
  })

  it('ends at Ctrl-C in the middle of a boot', async () => {
    const { child, ended, says, out } = run('start.ts', ['--once', '--json', '--demo'])
    await says('booting OpenClaw')
    child.kill('SIGINT')
    expect(await ended).toBe(130)
    expect(out()).toBe('')
    expect(left()).toEqual([])
  })
})
