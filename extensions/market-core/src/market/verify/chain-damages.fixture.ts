/** Ways to break what is kept of jobs for a chain, each by the rule that must name it. */
import { anyCollection } from '@openclaw-market/protocol/collection'
import { ChainJobs, ChainNonces } from '@openclaw-market/protocol/entities/chain'
import { changed, drop, some, type Damage } from './damages.fixture.ts'

const jobs = anyCollection(ChainJobs)
const nonces = anyCollection(ChainNonces)

export const chainDamages: Readonly<Record<string, Damage>> = {
  'chain_job.state': changed(jobs, () => ({ settledAt: 1 })),
  'chain_job.signed': changed(jobs, () => ({ status: 'job_queued' })),
  'chain_job.own': changed(jobs, () => ({
    status: 'job_confirmed',
    place: { blockNumber: 1, blockHash: `0x${'1'.repeat(64)}`, transactionHash: `0x${'2'.repeat(64)}` },
  })),
  'chain_job.nonce': changed(nonces, () => ({ next: 0 })),
  'chain_job.ceiling': changed(jobs, () => ({ gasCeiling: 1n })),
  'chain_job.bytes': changed(jobs, () => ({ value: 9n })),
  'chain_transaction.job': async (tx) => {
    for (const job of await some(tx, jobs, () => true)) await drop(tx, jobs, job)
  },
}
