/**
 * The secret gate (DESIGN §15 and §16, SEC): canaries in every secret, every surface used and misused, and nothing of them
 * anywhere but where `places.ts` allows it. The gateway is killed before its files are read, so that the write-ahead log
 * and the journal lie there as they were.
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { temporaryDirectory } from '../../test/market-gateway.fixture.ts'
import { storesOr } from '../../test/stores.fixture.ts'
import { diceOf, replayLine, seedOfRun, sized } from '../run.ts'
import { startBroken } from './broken.ts'
import { searchFor, type Search } from './canary.ts'
import { callEveryMethod, poolOf } from './every-method.ts'
import { filesBelow, type Evidence } from './evidence.ts'
import { atTheTerminal, hearConfessions, misplace, overstep } from './misuse.ts'
import { allowed, findingsIn, type Findings } from './places.ts'
import { damages, remainsOf } from './remains.ts'
import { secretsOf, type Secrets } from './secrets.ts'
import { callAll, lend, use, type Used } from './use.ts'
import { startWorld, type World } from './world.ts'

const seed = seedOfRun()

describe.each(storesOr('sqlite'))('a gateway that is used and misused, store %s', (store) => {
  const home = temporaryDirectory('secret-gate')
  let world: World
  let used: Used
  let secrets: Secrets
  let search: Search
  let all: readonly Evidence[]
  let found: Findings
  let called: ReadonlySet<string>
  // What takes seconds and does not depend on the store is done on one when small.
  const everywhere = sized(store === 'sqlite', true)

  beforeAll(
    async () => {
      world = await startWorld(home.path, store)
      used = await use(world)
      secrets = await secretsOf(world, used)
      search = searchFor(secrets.all)
      const dice = diceOf(seed)
      const some = sized(
        [0, 1, 2].map(() => dice.one(secrets.canaries)),
        secrets.canaries,
      )
      const terminal = everywhere ? atTheTerminal(world, used, dice.one(secrets.canaries)) : undefined
      await callAll(world, used)
      await overstep(world, used)
      await hearConfessions(world, used)
      await misplace(world, used, some)
      if (everywhere) await callEveryMethod(world, poolOf(world, 'nothing'), secrets.canaries, seed, 1)
      called = await callEveryMethod(world, poolOf(world, used), secrets.canaries, seed + 1, sized(1, 15))
      await terminal
      await lend(world, everywhere)
      const { host } = world.gateway
      const pid = Number(readFileSync(join(host.stateDir, 'market-core', 'store', 'lock.pid'), 'utf8'))
      await host.kill()
      // The gateway itself is gone, and not a launcher of it.
      expect(() => process.kill(pid, 0)).toThrow()
      all = [
        ...world.doors.answers,
        ...world.processes.seen(),
        { place: 'log of the gateway', bytes: Buffer.from(host.log()) },
        ...filesBelow(host.stateDir, 'state'),
        ...filesBelow(host.home, 'home'),
        ...filesBelow(join(home.path, 'tmp'), 'tmp'),
        ...filesBelow(join(home.path, 'files'), 'files'),
      ]
      found = findingsIn(all, search)
    },
    sized(240_000, 3_600_000),
  )
  afterAll(async () => {
    await world?.close()
    home.remove()
  })

  it('stands nowhere but where it is allowed', () => {
    expect(found.leaks, replayLine('secret')).toEqual([])
  })

  it('was looked for where it would have been found', () => {
    expect(found.unused.filter(({ place }) => everywhere || !place.source.includes('cli web3'))).toEqual([])
    const tokenHash = createHash('sha256').update(used.leases.model.token).digest('hex')
    const places = (text: string) =>
      all
        .filter(({ bytes }) => bytes.includes(text))
        .map(({ place }) => place)
        .join('\n')
    expect(places(tokenHash)).toMatch(
      store === 'sqlite' ? /file state\/market-core\/store\/.*-wal/ : /journal/,
    )
    expect(places('serving leaseholders')).toMatch(/log of the gateway[^]*file state\/openclaw\.log/)
    expect(places(used.leases.model.leaseId)).toMatch(/^rpc |^api /m)
    const processes = all
      .filter(({ place }) => /^(argv|environment) /.test(place))
      .map(({ bytes }) => bytes.toString())
    if (process.platform === 'linux') {
      const command = everywhere ? [`lease\0token\0${used.own.search}`] : []
      for (const words of ['gateway\0run', 'OPENCLAW_STATE_DIR=', ...command])
        expect(
          processes.some((text) => text.includes(words)),
          words,
        ).toBe(true)
    }
    expect(called.size).toBeGreaterThan(40)
    expect(secrets.all).toHaveLength(37)
    const issued = used.secrets.get('the token that an operator issued') ?? ''
    expect(all.filter(({ bytes }) => bytes.includes(issued))).toHaveLength(1)
  })

  it('is not said by a start that fails, nor by a market that has stopped', async () => {
    const dice = diceOf(seed)
    const chosen = everywhere ? damages : damages.filter(({ what }) => what.includes('store'))
    const said: Evidence[] = []
    for (const damage of chosen) {
      const remains = remainsOf(world, join(home.path, 'remains'))
      said.push(...(await startBroken(remains, damage, dice.one(secrets.canaries), used.own.search)))
    }
    expect(findingsIn(said, search).leaks, replayLine('secret')).toEqual([])
    expect(said.filter(({ place }) => place.startsWith('log with '))).not.toEqual([])
    process.stdout.write(
      `secret (${store}): ${secrets.all.length} secrets, ${all.length + said.length} places, ${allowed.length} allowed, 0 leaks\n`,
    )
  })
})
