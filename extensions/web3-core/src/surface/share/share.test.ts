import { PassThrough } from 'node:stream'
import { text as readAll } from 'node:stream/consumers'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { LeaseId, ResourceId } from '@openclaw-market/protocol/ids'
import type { ActorId } from '@openclaw-market/protocol/schema/scalars'
import { asker } from './asker.ts'
import { chooseByAsking, preselect, type Findings } from './choose.ts'
import { readLook, readPrices, readSize } from './options.ts'
import { foundText, startText, statusText, stopText, stopWarning } from './text.ts'

const currencies = [{ symbol: 'USDC', decimals: 6 }]
const reach = { url: 'http://127.0.0.1:18800' }
const findings: Findings = {
  currencies,
  found: [
    {
      name: 'ollama-x',
      kind: 'model',
      by: 'Ollama',
      label: 'x',
      prices: [
        { unit: 'input_token', amount: 50_000n, per: 1_000_000n, currency: 'USDC' },
        { unit: 'output_token', amount: 150_000n, per: 1_000_000n, currency: 'USDC' },
      ],
      policy: {},
      shared: true,
    },
    {
      name: 'docs',
      kind: 'search',
      by: 'a folder',
      label: 'Documents',
      prices: [{ unit: 'query', amount: 1_000n, per: 1n, currency: 'USDC' }],
      policy: {},
      shared: false,
    },
  ],
  notes: [{ about: 'SearXNG', problem: 'its settings allow no JSON', hint: 'Add json.' }],
}

describe('the options of start', () => {
  it('are what the gateway is asked', () => {
    const look = readLook({
      at: ['11434'],
      modelUrl: ['http://localhost:9000/openai/v1'],
      docs: 'notes',
      disk: '/srv/room',
      size: '1.5GB',
    })
    expect(look).toEqual({
      ports: [11_434],
      endpoints: [{ port: 9_000, path: '/openai/v1' }],
      docs: resolve('notes'),
      disk: { folder: '/srv/room', bytes: 1_500_000_000 },
    })
    expect(readLook({})).toEqual({})
    expect([...readPrices(['docs=0.1', 'a = 1/2'])]).toEqual([
      ['docs', '0.1'],
      ['a', '1/2'],
    ])
  })

  it.each([
    [{ at: ['0'] }, '--at'],
    [{ at: ['x'] }, '--at'],
    [{ modelUrl: ['http://10.0.0.1:8000/v1'] }, '--model-url'],
    [{ modelUrl: ['http://127.0.0.1.evil.example/v1'] }, '--model-url'],
    [{ modelUrl: ['https://127.0.0.1/v1'] }, '--model-url'],
    [{ modelUrl: ['http://127.0.0.1:8000/v1?key=1'] }, '--model-url'],
    [{ modelUrl: ['here'] }, '--model-url'],
    [{ size: '1GB' }, '--size'],
    [{ disk: '/srv' }, '--size'],
    [{ disk: '/srv', size: 'much' }, '--size'],
    [{ disk: '/srv', size: '9TB' }, '--size'],
  ])('are refused with the way out: %j', (options, pointer) => {
    expect(() => readLook(options)).toThrow(
      expect.objectContaining({ code: 'E_INVALID_ARGUMENT', details: { pointer, rule: 'form' } }),
    )
  })

  it('say sizes and prices that can be read', () => {
    expect(['1MB', '10 gb', '1TB'].map(readSize)).toEqual([1e6, 1e10, 1e12])
    expect(() => readPrices(['0.1'])).toThrow('--price')
  })
})

describe('what was found', () => {
  it('is chosen by name and priced by option, and a slip is told', () => {
    const chosen = preselect(findings, ['docs'], new Map([['docs', '0.004']]))
    expect(chosen).toMatchObject([{ name: 'docs', prices: [{ amount: 4_000n, per: 1n }] }])
    expect(preselect(findings, [], new Map())).toEqual(findings.found)
    for (const [names, prices, code] of [
      [['dcos'], {}, 'E_NOT_FOUND'],
      [[], { dcos: '1' }, 'E_NOT_FOUND'],
      [[], { docs: '1/2' }, 'E_INVALID_ARGUMENT'],
      [[], { 'ollama-x': '1' }, 'E_INVALID_ARGUMENT'],
    ] as const)
      expect(() => preselect(findings, names, new Map(Object.entries(prices)))).toThrow(
        expect.objectContaining({ code }),
      )
  })

  /** The answers are typed ahead, as a person may. */
  async function answering(lines: string) {
    const [input, output] = [new PassThrough(), new PassThrough()]
    const terminal = asker(input, output)
    input.end(lines)
    const chosen = await chooseByAsking(findings, terminal)
    terminal.close()
    output.end()
    return {
      chosen: chosen?.map(({ name, prices }) => [name, prices[0]?.amount]),
      said: await readAll(output),
    }
  }

  it('is chosen by asking: which, at what price, and whether at all', async () => {
    expect((await answering('\n\n\ny\n')).chosen).toEqual([
      ['ollama-x', 50_000n],
      ['docs', 1_000n],
    ])
    const some = await answering('3\n2 ollama-x\n0.1\n0.1/0.2\nskip\nYes\n')
    expect(some.chosen).toEqual([['ollama-x', 100_000n]])
    expect(some.said).toContain('There is no 3 above.')
    expect(some.said).toContain('a price is two figures')
  })

  it.each([
    ['no', '\n\n\nn\n'],
    ['nothing', '\n\n\n\n'],
    ['only skips', 'all\nskip\nskip\n'],
    ['the end of the input at once', ''],
    ['the end of the input in the middle', '1\n'],
    ['the end of the input before the last question', '1\n\n'],
  ])('is not shared on %s', async (_what, lines) => {
    expect((await answering(lines)).chosen).toBeUndefined()
  })
})

describe('what a person reads', () => {
  const thing = {
    name: 'docs',
    resourceId: 'res_01JQZX5Y7N8M9P0QRSTVWXYZ00' as ResourceId,
    kind: 'search' as const,
    label: 'Documents',
    prices: findings.found[1]?.prices ?? [],
    answers: true,
    calls: 3,
    money: [{ currency: 'USDC', earned: 1_000n, owed: 2_000n, usage: [] }],
  }
  const lease = {
    leaseId: 'lease_01JQZX5Y7N8M9P0QRSTVWXYZ00' as LeaseId,
    consumerActorId: '0x70997970C51812dc3A010C7d01b50e0d17dc79C8' as ActorId,
    status: 'lease_active' as const,
    currency: 'USDC',
    metered: 2_000n,
    remaining: 3_000n,
    expiresAt: Date.UTC(2026, 0, 31, 12),
  }

  it('is aligned', () => {
    expect(foundText(findings)).toBe(
      [
        '  1  ollama-x  model   Ollama    x          0.05/0.15 USDC per million tokens in/out  shared already',
        '  2  docs      search  a folder  Documents  0.001 USDC per query',
        '  (SearXNG: its settings allow no JSON. Add json.)',
      ].join('\n'),
    )
    const shared = [
      { ...thing, state: 'off_market' as const, leases: [lease], trouble: 'directory is not a folder' },
    ]
    expect(statusText({ shared, currencies, reach: { ...reach, missing: 'Set publicUrl.' } })).toBe(
      [
        'NAME  STATE       ANSWERS  LEASES  CALLS  EARNED      OWED        PRICE',
        'docs  off market  yes      1       3      0.001 USDC  0.002 USDC  0.001 USDC per query',
        '',
        'docs: directory is not a folder',
        'docs: 0x7099…79C8 active, 0.002 USDC used, until 2026-01-31 12:00 UTC',
        '',
        'Leaseholders come to http://127.0.0.1:18800',
        'Set publicUrl.',
      ].join('\n'),
    )
    expect(
      startText({ shared: [{ ...thing, done: 'published' }], notes: findings.notes, reach }, currencies),
    ).toMatch(/^docs {2}published {2}0\.001 USDC per query\n {2}\(SearXNG: its settings allow no JSON/)
  })

  it('says what stopping comes to, before and after', () => {
    const running = [{ ...thing, state: 'shared' as const, leases: [lease, lease] }]
    expect(stopWarning(running, currencies, false)).toContain('serves 2 leases on, until 2026-01-31T12')
    expect(stopWarning(running, currencies, true)).toContain(
      'ends 2 leases now: 0.004 USDC used is paid after the dispute window, 0.006 USDC unused returns',
    )
    expect(stopWarning([{ ...thing, state: 'shared', leases: [] }], currencies, true)).toContain(
      'nobody leases it',
    )
    const stopped = [
      { name: 'a', status: 'gone' as const, leases: 0 },
      { name: 'b', status: 'stopping' as const, leases: 1, lastEndsAt: Date.UTC(2026, 0, 31) },
      { name: 'c', status: 'stopping' as const, leases: 0 },
    ]
    expect(stopText({ stopped, ended: [] })).toBe(
      [
        'a  stopped',
        'b  off the market; serves 1 lease until 2026-01-31 00:00 UTC',
        'c  off the market; it goes when the last stored file has gone',
      ].join('\n'),
    )
    expect(stopText({ stopped: [], ended: [] })).toBe('Nothing is shared.')
  })
})
