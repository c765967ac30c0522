/**
 * A process that writes to a vault as fast as it can until it is killed, and says on stdout what was acknowledged. Run by
 * vault-killed.test.ts: `node vault-writing.fixture.ts <file> <secret> <round>`.
 */
import { codec } from '@openclaw-market/protocol/schema/codec'
import { LeaseId, ResourceId } from '@openclaw-market/protocol/ids'
import { secretBox } from '../identity/market-keys.fixture.ts'
import { openVault } from './vault.ts'

const [file = '', secret = '', round = ''] = process.argv.slice(2)
const vault = await openVault({ file, box: secretBox(secret, 'consumer-vault'), now: Date.now })
const resourceId = codec(ResourceId).decode('res_01J00000000000000000000000')

/** A pipe is written synchronously on POSIX, so what was said is said even if the next instant kills. */
function say(state: string, tokenHash: string): void {
  process.stdout.write(`${state} ${tokenHash}\n`)
}

async function work(worker: number): Promise<void> {
  for (let i = 0; ; i++) {
    const number = Number(round) * 1_000_000 + worker * 100_000 + i
    const leaseId = codec(LeaseId).decode(`lease_${String(number).padStart(26, '0')}`)
    const { tokenHash } = await vault.addPending({
      market: 'self',
      resourceId,
      kind: 'model',
      idempotencyKey: `key-${number}-xx`,
    })
    say('pending', tokenHash)
    await vault.activate(tokenHash, { leaseId, expiresAt: Date.now() + 3_600_000 })
    say('active', tokenHash)
    if (i % 2 === 0) continue
    await vault.close(leaseId)
    say('closed', tokenHash)
  }
}

await Promise.all([0, 1, 2, 3].map(work))
