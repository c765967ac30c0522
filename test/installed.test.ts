/**
 * As an owner has it: both tarballs installed by the host's own installer into a state directory that knows nothing of
 * this repository, booted from there, and the main job done. Its dependencies come from a registry on loopback.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pluginDirectories } from '../scripts/build-plugins.ts'
import { prepareFiles } from '../scripts/gateway/gateway-files.ts'
import { hostEnvironment, runCli } from '../scripts/gateway/gateway-process.ts'
import { parseJson } from '../scripts/gateway/json-value.ts'
import { packPlugins } from '../scripts/pack-plugins.ts'
import { bootMarket, freePort, record, temporaryDirectory, text } from './market-gateway.fixture.ts'
import type { MarketGateway } from './market-gateway.fixture.ts'
import { npmRegistry, type NpmRegistry } from './npm-registry.fixture.ts'
import { balanceOf, deposit, search, writeDocs } from './offers.fixture.ts'
import { good, outsideWallet } from './outside-wallet.fixture.ts'

const plugins = ['market-core', 'web3-core'] as const
const granted = 100_000n
const price = 1_500n
const locked = 20_000n

describe('the packed plugins', () => {
  const home = temporaryDirectory('installed-test')
  let tarballs: readonly string[]
  let registry: NpmRegistry
  let gateway: MarketGateway | undefined
  let listener: string

  beforeAll(async () => {
    tarballs = packPlugins(join(home.path, 'packed'))
    registry = await npmRegistry(pluginDirectories[0] ?? '')
    const files = prepareFiles(join(home.path, 'gateway'))
    writeFileSync(join(files.home, '.npmrc'), `registry=${registry.url}\n`)
    for (const tarball of tarballs) {
      const args = ['plugins', 'install', `npm-pack:${tarball}`, '--force', '--accept-capabilities']
      const installed = await runCli(args, hostEnvironment(files), files.stateDir)
      if (installed.code !== 0) throw new Error(`${installed.stdout}\n${installed.stderr}`)
    }
    const port = await freePort()
    listener = `http://127.0.0.1:${port}`
    const docs = { driver: 'local-docs', directory: writeDocs(home.path) }
    gateway = await bootMarket({
      dir: join(home.path, 'gateway'),
      store: 'sqlite',
      web3: { provider: { listen: { port }, backends: { docs } } },
      // The host finds them where it has installed them.
      pluginDirs: [],
    })
  })

  afterAll(async () => {
    await gateway?.host.stop()
    await registry?.close()
    home.remove()
  })

  const booted = (): MarketGateway => {
    if (gateway === undefined) throw new Error('no gateway')
    return gateway
  }

  it('hold what runs and nothing else, and need nothing of this workspace', () => {
    for (const tarball of tarballs) {
      const names = execFileSync('tar', ['-tzf', tarball], { encoding: 'utf8' }).trim().split('\n')
      expect(names).toEqual(
        expect.arrayContaining(
          ['LICENSE', 'README.md', 'dist/index.js', 'openclaw.plugin.json', 'package.json'].map(
            (name) => `package/${name}`,
          ),
        ),
      )
      expect(names.filter((name) => /\.ts$|\.map$|node_modules|\.test\.|fixture/.test(name))).toEqual([])
      const manifest = record(parseJson(fileOf(tarball, 'package.json')))
      expect(Object.keys(manifest)).not.toEqual(
        expect.arrayContaining([expect.stringMatching(/^(private|devDependencies|scripts|exports)$/)]),
      )
      expect(JSON.stringify(manifest)).not.toContain('workspace:')
      const { skills } = record(parseJson(fileOf(tarball, 'openclaw.plugin.json')))
      for (const folder of Array.isArray(skills) ? skills.map(String) : []) {
        const inside = `package/${folder.replace(/^\.\//, '')}`
        expect(names.some((name) => name.startsWith(inside))).toBe(true)
      }
    }
  })

  it('pass `clawhub package validate`', () => {
    for (const tarball of tarballs) {
      const folder = mkdtempSync(join(home.path, 'validated-'))
      execFileSync('tar', ['-xzf', tarball, '-C', folder])
      const said = execFileSync(process.execPath, [clawhub, 'package', 'validate', join(folder, 'package')], {
        cwd: folder,
        encoding: 'utf8',
      })
      expect(said).toContain('Plugin Inspector: PASS')
      expect(said).toContain('Findings: none')
    }
  })

  it('are installed packages to the host, with what they need, and its doctor finds nothing', async () => {
    const { host } = booted()
    const [doctor, ...inspected] = await Promise.all([
      host.openclaw(['plugins', 'doctor']),
      ...plugins.map((id) => host.openclaw(['plugins', 'inspect', id, '--runtime', '--json'])),
    ])
    expect(doctor, JSON.stringify(doctor)).toMatchObject({ code: 0 })
    expect(doctor?.stdout).toContain('checks passed')
    for (const [i, { code, stdout }] of inspected.entries()) {
      expect(code).toBe(0)
      const plugin = record(record(parseJson(stdout))['plugin'])
      expect(plugin).toMatchObject({
        id: plugins[i],
        status: 'loaded',
        origin: 'global',
        packageName: `@openclaw-market/${plugins[i]}`,
        dependencyStatus: { requiredInstalled: true, missing: [] },
      })
      expect(text(plugin['rootDir']).startsWith(host.stateDir)).toBe(true)
    }
    expect(registry.asked).toContain('better-sqlite3')
  })

  it('do the main job: a stranger leases, calls and pays, and the books add up', async () => {
    const gateway = booted()
    const published = await gateway.call('web3.resources.publish', {
      resource: search('docs', price.toString()),
    })
    const consumer = outsideWallet(listener)
    await deposit(gateway, consumer.address, granted.toString())
    await consumer.signIn()
    const lease = await consumer.lease(text(published['resourceId']), locked.toString())
    const answered = await fetch(`${listener}/web3/resources/search/query`, {
      method: 'POST',
      headers: { authorization: `Bearer ${lease.token}`, 'content-type': 'application/json' },
      body: '{"q":"moon"}',
    })
    expect([answered.status, await answered.json()]).toMatchObject([200, { results: [{ title: 'Tides' }] }])
    const completed = good(await consumer.api('web3.resources.completeLease', { leaseId: lease.leaseId }))
    expect(completed['lease']).toMatchObject({
      metered: price.toString(),
      settlementStatus: 'settlement_released',
    })
    expect(await balanceOf(gateway, consumer.address)).toMatchObject({
      available: (granted - price).toString(),
      held: '0',
    })
    expect(await balanceOf(gateway, gateway.address)).toMatchObject({ available: price.toString() })
    expect(await gateway.call('market.store.verify')).toMatchObject({ holds: true, findings: [] })
  })
})

function fileOf(tarball: string, name: string): string {
  return execFileSync('tar', ['-xzOf', tarball, `package/${name}`], { encoding: 'utf8' })
}

const clawhub = createRequire(import.meta.url).resolve('clawhub/bin/clawdhub.js')
