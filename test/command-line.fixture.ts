/** `openclaw web3 …` as processes of their own, against a gateway that a test file shares: each takes seconds to start. */
import { describe, expect, it } from 'vitest'
import type { CliResult } from '../scripts/gateway/gateway-process.ts'
import { parseJson } from '../scripts/gateway/json-value.ts'
import { list, record, text, type MarketGateway } from './market-gateway.fixture.ts'

interface Shared {
  readonly gateway: MarketGateway
  readonly listener: string
  /** A search that the node wallet may lease. */
  readonly resourceId: string
}

/** Of the right form, and nobody's. */
const noLease = 'lease_00000000000000000000000000'

export function commandLineTests(shared: () => Shared): void {
  describe('the command line', () => {
    const web3 = (args: readonly string[], stdin?: string): Promise<CliResult> =>
      shared().gateway.host.openclaw(['web3', ...args], stdin === undefined ? {} : { stdin })

    it('calls and describes', async () => {
      const [listed, unknown] = await Promise.all([
        web3(['call', 'web3.resources.list', '--params', '-', '--json'], '{"status":"resource_published"}'),
        web3(['call', 'web3.nothing', '--json']),
      ])
      expect(listed).toMatchObject({ code: 0, stderr: '' })
      const { resourceId } = shared()
      expect(record(parseJson(listed.stdout))).toMatchObject({ ok: true, resources: [{ resourceId }] })
      expect(listed.stdout.trimEnd()).not.toContain('\n')
      expect(unknown).toMatchObject({ code: 1, stdout: '' })
      expect(record(parseJson(unknown.stderr))).toMatchObject({
        error: 'E_NOT_FOUND',
        message: 'there is no capability web3.nothing',
      })
      const described = await web3(['describe', 'web3.search.query'])
      expect(described).toMatchObject({ code: 0, stderr: '' })
      expect(list(record(parseJson(described.stdout))['capabilities'])[0]).toMatchObject({
        name: 'web3.search.query',
      })
    })

    it('prints the token of a lease from the vault, which the route takes; and nothing for a lease that is not there', async () => {
      const { gateway, listener, resourceId } = shared()
      const { leaseId } = await gateway.call('web3.resources.lease', {
        resourceId,
        ttlMs: 600_000,
        maxCost: '5000',
      })
      const [printed, none, malformed] = await Promise.all([
        web3(['lease', 'token', text(leaseId), '--json']),
        web3(['lease', 'token', noLease]),
        web3(['lease', 'token', 'lease_1', '--json']),
      ])
      expect(printed).toMatchObject({ code: 0, stderr: '' })
      const token = text(record(parseJson(printed.stdout))['token'])
      const response = await fetch(`${listener}/web3/resources/search/query`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: '{"q":"moon"}',
      })
      expect([response.status, await response.json()]).toMatchObject([200, { results: [{ title: 'Tides' }] }])

      expect(none).toMatchObject({ code: 1, stdout: '' })
      expect(none.stderr).toMatch(/^E_NOT_FOUND: the vault has no such lease\n/)
      expect(none.stderr).not.toMatch(/[{}]/)
      expect(malformed).toMatchObject({ code: 1, stdout: '' })
      expect(parseJson(malformed.stderr)).toMatchObject({
        error: 'E_INVALID_ARGUMENT',
        details: { pointer: '/leaseId' },
      })

      const said = JSON.stringify([
        await gateway.call('web3.resources.leases'),
        await gateway.call('web3.resources.status', { leaseId }),
        await gateway.call('market.lease.get', { leaseId }),
      ])
      expect(said).not.toContain(token)
      expect(gateway.host.log()).not.toContain(token)
      await gateway.call('web3.resources.completeLease', { leaseId })
    })
  })
}
