import { spawn } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { ResourceId } from '@openclaw-market/protocol/ids'
import { codec } from '@openclaw-market/protocol/schema/codec'
import { secretBox } from '../identity/market-keys.fixture.ts'
import { openVault } from './vault.ts'
import type { Vault } from './vault.ts'

const secret = 'canary'.repeat(8)

describe('a vault whose process is killed while it writes', () => {
  const script = fileURLToPath(new URL('vault-writing.fixture.ts', import.meta.url))
  const rank = { pending: 0, active: 1, closed: 2 }
  type State = keyof typeof rank

  /** Runs a writer until it has said `lines` lines, kills it, and gives all that it said. */
  async function writeUntilKilled(file: string, round: number, lines: number): Promise<[State, string][]> {
    const child = spawn(process.execPath, [script, file, secret, String(round)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const said: [State, string][] = []
    for await (const line of createInterface({ input: child.stdout })) {
      const [state, tokenHash = ''] = line.split(' ')
      said.push([state as State, tokenHash])
      if (said.length === lines) child.kill('SIGKILL')
    }
    return said
  }

  it('has everything that was acknowledged, every time', { timeout: 120_000 }, async () => {
    const directory = await mkdtemp(join(tmpdir(), 'market-vault-killed-'))
    onTestFinished(() => rm(directory, { recursive: true, force: true }))
    const file = join(directory, 'leases.vault')
    const open = (): Promise<Vault> =>
      openVault({ file, box: secretBox(secret, 'consumer-vault'), now: Date.now })
    const acknowledged = new Map<string, State>()
    for (let round = 0; round < 8; round++) {
      const lines = 5 + round * 11
      const said = await writeUntilKilled(file, round, lines)
      expect(said.length).toBeGreaterThanOrEqual(lines)
      for (const [state, tokenHash] of said) acknowledged.set(tokenHash, state)
      const found = new Map((await open()).list().map((e) => [e.tokenHash, e.state]))
      for (const [tokenHash, state] of acknowledged) {
        expect(found.has(tokenHash)).toBe(true)
        expect(rank[found.get(tokenHash) ?? 'pending']).toBeGreaterThanOrEqual(rank[state])
      }
      expect(found.size - acknowledged.size).toBeLessThanOrEqual(4 * (round + 1)) // one unacknowledged a worker
    }
    const resourceId = codec(ResourceId).decode('res_01J00000000000000000000000')
    await (
      await open()
    ).addPending({ market: 'self', resourceId, kind: 'model', idempotencyKey: 'key-at-the-end' })
    expect(await readdir(directory)).toEqual(['leases.vault'])
  })
})
