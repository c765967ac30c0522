import { describe, expect, it } from 'vitest'
import { filesBelow } from './backends/filesystem-fixture.ts'
import { get, paths, post } from './client-fixture.ts'
import { stateOf } from './provider-fixture.ts'
import { file, storing } from './storage-fixture.ts'

describe('what may be kept', () => {
  it('is bounded by the policy: types, bytes of a request, bytes in all', async () => {
    const { at, leased, test } = await storing({
      policy: { allowMime: ['text/*', 'image/png'], maxBytes: 2_000, maxTotalBytes: 1_500 },
    })
    for (const [mime, status] of [
      ['text/plain', 200],
      ['text/markdown; charset=utf-8', 200],
      ['image/png', 200],
      ['image/gif', 415],
      ['textual/plain', 415],
      [undefined, 415],
      ['text/plain\r\nset-cookie: a=b', 400],
      ['text', 400],
    ] as const) {
      expect([mime, (await post(at, leased, paths.put, file('a', 'x', mime))).status]).toEqual([mime, status])
    }
    expect((await post(at, leased, paths.put, file('b', 'x'.repeat(1_600), 'text/plain'))).status).toBe(413)
    expect((await post(at, leased, paths.put, file('b', 'x'.repeat(1_000), 'text/plain'))).status).toBe(200)
    const full = await post(at, leased, paths.put, file('c', 'x'.repeat(1_000), 'text/plain'))
    expect([full.status, full.json['error'], full.headers['x-openclaw-cost']]).toEqual([
      402,
      'E_QUOTA_EXCEEDED',
      '0',
    ])
    expect((await stateOf(test, leased.leaseId)).lease.reserved).toBe(0n)
  })

  it('is base64 to the letter', async () => {
    const { at, leased } = await storing()
    for (const [bytesBase64, rule] of [
      ['YQ', 'base64'],
      ['YQ=', 'base64'],
      ['YQ==\n', 'pattern'],
      ['Y-_=', 'pattern'],
      ['====', 'pattern'],
      ['=', 'base64'],
      ['YWJj=', 'base64'],
    ] as const) {
      const { status, json } = await post(at, leased, paths.put, { path: 'a', bytesBase64 })
      expect([bytesBase64, status, json['details']]).toMatchObject([
        bytesBase64,
        400,
        { pointer: '/bytesBase64', rule },
      ])
    }
  })

  it('is what the budget covers, before anything is written', async () => {
    const { at, leased, root } = await storing({ maxCost: 100n })
    expect((await post(at, leased, paths.put, file('a', 'x'.repeat(91)))).status).toBe(402)
    expect(filesBelow(root)).toEqual([])
    expect((await post(at, leased, paths.put, file('a', 'x'.repeat(80)))).status).toBe(200)
    expect((await get(at, leased, `${paths.get}?path=a`)).status).toBe(402)
  })

  it('is put once for a request id, and the answer is given again', async () => {
    const { at, leased, test } = await storing()
    const first = await post(at, leased, paths.put, file('a', 'one'), { id: 'put-0001' })
    await post(at, leased, paths.put, file('a', 'two'))
    const again = await post(at, leased, paths.put, file('a', 'one'), { id: 'put-0001' })
    expect([again.text, again.headers['x-openclaw-replayed']]).toEqual([first.text, 'true'])
    expect((await get(at, leased, `${paths.get}?path=a`)).text).toBe('two')
    expect((await stateOf(test, leased.leaseId)).usage).toHaveLength(3)
  })

  it('counts lists and misses against the rate', async () => {
    const { at, leased } = await storing({ policy: { maxRequestsPerMinute: 2 } })
    await post(at, leased, paths.list, {})
    await get(at, leased, `${paths.get}?path=guess`)
    expect((await post(at, leased, paths.list, {})).status).toBe(429)
  })
})
