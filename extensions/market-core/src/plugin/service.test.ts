import { mkdtempSync, rmSync, writeFileSync, mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { marketState, runningMarket } from './handle.ts'
import { marketMethods } from './methods.ts'
import { callAsOperator } from './operator-call.ts'
import { marketService, type MarketService } from './service.ts'

function newStateDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'market-service-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

function serviceOf(stateDir: string, config: object = {}) {
  const lines: string[] = []
  const note = (line: string): void => void lines.push(line)
  const service: MarketService = marketService(() => ({
    passphraseFile: join(stateDir, 'outside', 'passphrase'),
    ...config,
  }))
  onTestFinished(() => service.stop())
  return {
    lines,
    stop: service.stop,
    start: () => service.start({ stateDir, logger: { info: note, warn: note, error: note } }),
  }
}

const named = (name: string) => {
  const found = marketMethods.find(({ contract }) => contract.name === name)
  if (found === undefined) throw new Error(`${name} does not exist`)
  return found
}

describe('the market as a service', () => {
  it.each(['sqlite', 'file'])('is found by others of its process while it runs, on %s', async (store) => {
    const { start, stop } = serviceOf(newStateDirectory(), { store })
    expect(() => runningMarket()).toThrow(expect.objectContaining({ code: 'E_UNAVAILABLE' }))
    await start()
    expect(runningMarket().backend).toBe(store)
    await stop()
    expect(() => runningMarket()).toThrow(expect.objectContaining({ code: 'E_UNAVAILABLE' }))
  })

  it('is the same market with the same wallet after a restart', async () => {
    const { start, stop } = serviceOf(newStateDirectory())
    await start()
    const { address } = runningMarket()
    await stop()
    await start()
    expect(runningMarket().address).toBe(address)
  })

  it('does not withdraw the market of a later start when it stops', async () => {
    const older = serviceOf(newStateDirectory())
    const newer = serviceOf(newStateDirectory())
    await older.start()
    await newer.start()
    const { address } = runningMarket()
    await older.stop()
    expect(runningMarket().address).toBe(address)
  })

  it.each([
    [{ store: 'postgres' }, '/store'],
    [{ shop: 1 }, '/shop'],
    [{ currencies: [{ symbol: 'usdc', decimals: 6 }] }, '/currencies/0/symbol'],
    [{ passphraseFile: 'relative' }, '/passphraseFile'],
  ])('stays off with the config %j, and names %s', async (config, key) => {
    const { start, lines } = serviceOf(newStateDirectory(), config)
    await start()
    expect(marketState()).toMatchObject({ status: 'misconfigured', problems: [{ key }] })
    expect(lines.join('\n')).toContain(key)
    expect(await callAsOperator(named('market.status.summary'), {})).toMatchObject({
      error: 'E_NOT_CONFIGURED',
      details: { plugin: 'market-core', problems: [{ key }] },
    })
  })

  it('stays off with a store that is not its own, and says so without a path', async () => {
    const stateDir = newStateDirectory()
    mkdirSync(join(stateDir, 'market-core', 'store'), { recursive: true, mode: 0o700 })
    writeFileSync(join(stateDir, 'market-core', 'store', 'market.db'), 'not a database')
    const { start, lines } = serviceOf(stateDir)
    await start()
    expect(marketState()).toMatchObject({ status: 'failed' })
    expect(lines.join('\n')).toMatch(/the market is off: /)
    expect(lines.join('\n')).not.toContain(stateDir)
  })
})

describe('an operator', () => {
  it('says for whom it acts and why, and the place of a mistake in that', async () => {
    const { start } = serviceOf(newStateDirectory())
    await start()
    const balance = named('market.account.balance')
    const actorId = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'
    const asked = { currency: 'USDC', onBehalfOf: { actorId, reason: 'asked by mail' } }
    expect(await callAsOperator(balance, asked)).toMatchObject({ ok: true, actorId })
    expect(await callAsOperator(balance, { currency: 'USDC', onBehalfOf: { actorId } })).toMatchObject({
      error: 'E_INVALID_ARGUMENT',
      details: { pointer: '/onBehalfOf/reason', rule: 'required' },
    })
    const silent = { currency: 'USDC', onBehalfOf: { actorId, reason: '' } }
    expect(await callAsOperator(balance, silent)).toMatchObject({
      error: 'E_INVALID_ARGUMENT',
      details: { pointer: '/onBehalfOf/reason' },
    })
  })
})
