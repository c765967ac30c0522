import { createHash } from 'node:crypto'
import { completeLease, revokeLease } from '@openclaw-market/market-core'
import { describe, expect, it } from 'vitest'
import { filesBelow } from './backends/filesystem-fixture.ts'
import { get, paths, post, request, signal, until } from './client-fixture.ts'
import { fundedConsumer, lease, publish, stateOf, storeKinds } from './provider-fixture.ts'
import { base64, file, prices, storing } from './storage-fixture.ts'

describe.each(storeKinds)('leased storage on the %s store', (store) => {
  it('keeps, gives back and lists, for its price', async () => {
    const { test, at, leased } = await storing({ store })
    const bytes = Uint8Array.from({ length: 256 }, (_byte, i) => i)
    const etag = createHash('sha256').update(bytes).digest('hex')
    const put = await post(at, leased, paths.put, file('notes/all bytes.bin', bytes, 'text/html'), {
      id: 'put-0001',
    })
    const createdAt = new Date(1_000).toISOString()
    expect([put.status, put.json]).toEqual([200, { ok: true, etag, size: 256, createdAt }])
    // 10 a put, 1 a byte
    expect([put.headers['x-openclaw-cost'], put.headers['x-openclaw-seq']]).toEqual(['266', '1'])

    const where = `${paths.get}?path=notes%2Fall%20bytes.bin`
    const raw = await request(at, leased, 'GET', where, undefined)
    expect(new Uint8Array(await raw.arrayBuffer())).toEqual(bytes)
    expect(Object.fromEntries(raw.headers)).toMatchObject({
      'content-type': 'text/html',
      'content-disposition': 'attachment',
      'x-content-type-options': 'nosniff',
      etag: `"${etag}"`,
      'content-length': '256',
      'x-openclaw-created-at': createdAt,
      'x-openclaw-cost': '259',
    })
    const json = await get(at, leased, where, { headers: { accept: 'application/json' } })
    expect(json.json).toEqual({
      ok: true,
      bytesBase64: base64(bytes),
      mime: 'text/html',
      etag,
      size: 256,
      createdAt,
    })

    await post(at, leased, paths.put, file('a', ''))
    const listed = await post(at, leased, paths.list, { limit: 1 })
    expect(listed.json).toMatchObject({
      ok: true,
      files: [{ path: 'a', size: 0, mime: 'application/octet-stream' }],
    })
    expect(listed.headers['x-openclaw-cost']).toBe('0')
    const rest = await post(at, leased, paths.list, { cursor: listed.json['nextCursor'] })
    expect(rest.json).toEqual({
      ok: true,
      files: [{ path: 'notes/all bytes.bin', etag, size: 256, mime: 'text/html', createdAt }],
    })
    const { lease: after, usage } = await stateOf(test, leased.leaseId)
    expect([after.metered, after.reserved, usage.length]).toEqual([BigInt(266 + 259 + 259 + 10), 0n, 6])
  })

  it('belongs to the consumer at the resource: the next lease finds it, nobody else does', async () => {
    const { test, at, leased, consumer, resourceId } = await storing({ store })
    await post(at, leased, paths.put, file('mine', 'secret notes'))
    await test.run(completeLease, { leaseId: leased.leaseId }, consumer.who)
    const next = await lease(test, consumer, resourceId)
    expect((await get(at, next, `${paths.get}?path=mine`)).text).toBe('secret notes')
    const stranger = await lease(test, await fundedConsumer(test), resourceId)
    const elsewhere = await lease(test, consumer, await publish(test, { kind: 'storage', prices }))
    for (const other of [stranger, elsewhere]) {
      expect((await post(at, other, paths.list, {})).json).toEqual({ ok: true, files: [] })
      const missing = await get(at, other, `${paths.get}?path=mine`)
      expect([missing.status, missing.json['error'], missing.headers['x-openclaw-cost']]).toEqual([
        404,
        'E_NOT_FOUND',
        '0',
      ])
    }
  })

  it('tells the ledger how much is kept, in the order of the puts', async () => {
    const { test, at, leased, backend, resourceId, consumer } = await storing({
      store,
      prices: [['gb_day', 1_000]],
    })
    await post(at, leased, paths.put, file('a', 'x'.repeat(100)))
    expect((await stateOf(test, leased.leaseId)).lease.storedBytes).toBe(100n)
    await post(at, leased, paths.put, file('a', 'x'.repeat(40)))
    expect((await stateOf(test, leased.leaseId)).lease.storedBytes).toBe(40n)
    await Promise.all(
      Array.from({ length: 8 }, (_n, i) => post(at, leased, paths.put, file(`many/${i}`, 'x'.repeat(10)))),
    )
    const tenant = `${resourceId}_${consumer.actorId.toLowerCase()}`
    expect(await backend.usage(tenant)).toEqual({ bytes: 120, files: 9 })
    expect((await stateOf(test, leased.leaseId)).lease.storedBytes).toBe(120n)
    await post(at, leased, paths.list, {})
    expect((await stateOf(test, leased.leaseId)).lease.storedBytes).toBe(120n)
  })
})

describe('a put', () => {
  it('writes nothing before its call is on disk', async () => {
    const { test, at, leased, consumer, root } = await storing()
    const free = signal()
    const busy = test.market.store.write(() => free.given)
    const revoked = test.run(revokeLease, { leaseId: leased.leaseId }, consumer.who)
    const asked = post(at, leased, paths.put, file('a', 'x'))
    await until(() => expect(test.market.gate.open()).toBe(1))
    free.give()
    await Promise.all([busy, revoked])
    const reply = await asked
    expect([reply.status, reply.json['error'], filesBelow(root)]).toEqual([410, 'E_REVOKED', []])
  })

  it('that has begun is finished and billed, whoever waits for it', async () => {
    const { test, at, leased, backend, resourceId, consumer } = await storing()
    const free = signal()
    const busy = test.market.store.write(() => free.given)
    const leaving = new AbortController()
    const asked = request(at, leased, 'POST', paths.put, file('a', 'x'), { signal: leaving.signal })
    await until(() => expect(test.market.gate.open()).toBe(1))
    leaving.abort()
    await expect(asked).rejects.toThrow()
    free.give()
    await busy
    await until(async () => {
      expect((await stateOf(test, leased.leaseId)).calls).toMatchObject([
        { status: 'call_done', billed: 11n },
      ])
    })
    expect(await backend.usage(`${resourceId}_${consumer.actorId.toLowerCase()}`)).toEqual({
      bytes: 1,
      files: 1,
    })
  })
})

describe('a path', () => {
  it('never leads out of the leaseholder’s folder', async () => {
    const { at, leased, test, root } = await storing()
    const tricks = [
      '../x',
      'a/../../x',
      '/etc/passwd',
      'C:/x',
      'a\\b',
      'a//b',
      './a',
      '.',
      '..',
      'a/',
      'a\u0000b',
      '.ocm/meta/x',
      '.OCM',
      'a\nb',
      '\ud800',
      'e\u0301',
      'x'.repeat(129),
    ]
    for (const path of tricks) {
      const put = await post(at, leased, paths.put, file(path, 'x'))
      const query = new URLSearchParams({ path })
      const read = await get(at, leased, `${paths.get}?${query.toString()}`)
      expect([path, put.status, put.json['error']]).toEqual([path, 400, 'E_INVALID_ARGUMENT'])
      // A lone surrogate has no form in a query.
      expect([path, read.status]).toEqual([path, path === '\ud800' ? 404 : 400])
    }
    expect((await stateOf(test, leased.leaseId)).lease).toMatchObject({ metered: 0n, reserved: 0n })
    expect(filesBelow(root)).toEqual([])
  })

  it('stands once in a query, with nothing beside it', async () => {
    const { at, leased } = await storing()
    for (const [query, pointer] of [
      ['', '/path'],
      ['path=a&path=b', '/path'],
      ['path=a&leaseId=b', '/leaseId'],
      ['path=a&__proto__=b', '/__proto__'],
      ['path=', '/path'],
    ] as const) {
      const { status, json } = await get(at, leased, `${paths.get}?${query}`)
      expect([query, status, json['details']]).toMatchObject([query, 400, { pointer }])
    }
  })

  it('that stands in the way costs nothing', async () => {
    const { at, leased, test } = await storing()
    await post(at, leased, paths.put, file('folder/file', 'x'))
    for (const path of ['folder', 'folder/file/below', 'FOLDER/other']) {
      const { status, json, headers } = await post(at, leased, paths.put, file(path, 'x'))
      expect([path, status, json['error'], headers['x-openclaw-cost']]).toEqual([
        path,
        409,
        'E_CONFLICT',
        '0',
      ])
    }
    expect((await stateOf(test, leased.leaseId)).lease.metered).toBe(11n)
  })
})
