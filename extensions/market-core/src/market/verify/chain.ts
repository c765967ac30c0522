/** What is sent to a chain: each job in a state that its records bear out, and of its signed forms at most one can be mined. */
import { keccak256, parseTransaction } from 'viem'
import {
  ChainJobs,
  ChainNonces,
  ChainTransactions,
  type ChainJob,
  type ChainTransaction,
} from '@openclaw-market/protocol/entities/chain'
import type { ChainJobStatus } from '@openclaw-market/protocol/states/tables'
import type { Books } from './books.ts'
import { all, exactlyWhen, rules, same } from './findings.ts'

interface Facts {
  readonly job: ChainJob
  readonly forms: readonly ChainTransaction[]
  /** The first nonce of its key that nothing was signed with. */
  readonly next: number
  /** Another job that was signed with the same nonce of the same key. */
  readonly rival: string | undefined
}

const settled: readonly ChainJobStatus[] = ['job_confirmed', 'job_failed', 'job_undone']

const jobRules = rules<Facts>({
  'chain_job.state': ({ job: { status, place, failure, settledAt, watched } }) => {
    const over = settled.includes(status)
    const refused = failure?.reason === 'refused'
    return all(
      exactlyWhen('settledAt', settledAt !== undefined, over, 'it is over'),
      exactlyWhen('place', place !== undefined, over && !refused, 'the chain has ended it'),
      // What is undone may have been confirmed or failed.
      status === 'job_undone' ||
        exactlyWhen('failure', failure !== undefined, status === 'job_failed', 'it failed'),
      !watched || status === 'job_confirmed' || status === 'job_failed' || `is watched, and ${status}`,
    )
  },
  'chain_job.signed': ({ job: { status, failure, place }, forms }) => {
    const unsigned = status === 'job_queued' || failure?.reason === 'refused'
    if (unsigned) return forms.length === 0 || `is ${status} and signed`
    const byOthers = place !== undefined && place.transactionHash === undefined
    return forms.length > 0 || byOthers || `is ${status} and was never signed`
  },
  'chain_job.own': ({ job: { place }, forms }) => {
    const own = place?.transactionHash
    const known = forms.some(({ transactionHash }) => transactionHash === own)
    return own === undefined || known || 'came to its end by a transaction that is none of its own'
  },
  'chain_job.nonce': ({ forms, next, rival }) =>
    all(
      new Set(forms.map(({ nonce }) => nonce)).size <= 1 || 'has forms with different nonces',
      forms.every(({ nonce }) => nonce < next) || 'has a nonce that counts as not given away',
      rival === undefined || `has the nonce of ${rival}`,
    ),
  'chain_job.ceiling': ({ job: { gasCeiling }, forms }) =>
    forms.every(({ gas, maxFeePerGas }) => gas * maxFeePerGas <= gasCeiling) ||
    'offers more than its ceiling',
  'chain_job.bytes': ({ job, forms }) => all(...forms.map((form) => bytesOf(job, form))),
})

function bytesOf(job: ChainJob, form: ChainTransaction): true | string {
  if (keccak256(form.raw) !== form.transactionHash) return 'has bytes that are not those of their hash'
  const { chainId, to, data = '0x', value = 0n, nonce = 0, gas, ...rest } = parseTransaction(form.raw)
  return all(
    same('chainId', chainId, job.chainId),
    same('to', to?.toLowerCase(), job.to.toLowerCase()),
    same('value', value, job.value),
    data === job.data || 'has bytes that call something else',
    same('nonce', nonce, form.nonce),
    same('gas', gas, form.gas),
    same('maxFeePerGas', rest.maxFeePerGas, form.maxFeePerGas),
    same('maxPriorityFeePerGas', rest.maxPriorityFeePerGas ?? 0n, form.maxPriorityFeePerGas),
  )
}

export async function checkChain(books: Books): Promise<void> {
  const holders = new Map<string, string>()
  await books.each(ChainJobs, async (job) => {
    const { jobId, chainId, signer } = job
    const forms = await books.list(ChainTransactions, { jobId })
    const key = `${chainId}/${signer}`
    const next = (await books.get(ChainNonces, key))?.next ?? 0
    const [first] = forms
    const rival = first && holders.get(`${key}/${first.nonce}`)
    if (first !== undefined) holders.set(`${key}/${first.nonce}`, jobId)
    books.findings.apply(jobRules, jobId, { job, forms, next, rival })
  })
  await books.each(ChainTransactions, async ({ jobId, transactionHash }) => {
    if ((await books.get(ChainJobs, jobId)) === undefined)
      books.findings.add('chain_transaction.job', transactionHash, 'is of a job that is not there')
  })
}
