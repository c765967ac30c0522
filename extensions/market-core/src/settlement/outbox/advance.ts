/**
 * From sent to an end. What is not mined is sent again, as it is, and offers more in time. What is mined is believed when it
 * is deep enough, and says of itself what it should.
 */
import type {
  ChainJob,
  ChainPlace,
  ChainTransaction,
  LogMark,
} from '@openclaw-market/protocol/entities/chain'
import type { Receipt } from '../chain/answers.ts'
import { ceilingReached } from './begin.ts'
import type { ChainSigner, OutboxEnvironment } from './environment.ts'
import { raisedFees, usualTip } from './fees.ts'
import { confirmed, failed } from './job.ts'
import { depthBlock, type Look } from './look.ts'
import type { Waiting } from './outcome.ts'
import { formsOf, writeForm, writeJob } from './records.ts'
import { revertText } from './revert.ts'
import { signForm } from './sign.ts'
import { whoTook } from './who-took.ts'

/** When something was sent last; of this process only, so that a new one sends everything once more. */
export type SentAt = Map<ChainTransaction['transactionHash'], number>

/** @returns what it waits for; undefined when it has come to its end */
export async function advance(
  env: OutboxEnvironment,
  signer: ChainSigner,
  job: ChainJob,
  look: Look,
  sentAt: SentAt,
): Promise<Waiting | undefined> {
  const forms = await formsOf(env.store, job)
  const last = forms.at(-1)
  if (last === undefined) throw new Error(`job ${job.jobId} was sent, and there is nothing that was`)
  const waiting = await progress(env, signer, job, look, { forms, last, sentAt })
  if (waiting === undefined) for (const { transactionHash } of forms) sentAt.delete(transactionHash)
  return waiting
}

interface OnItsWay {
  readonly forms: readonly ChainTransaction[]
  readonly last: ChainTransaction
  readonly sentAt: SentAt
}

async function progress(
  env: OutboxEnvironment,
  signer: ChainSigner,
  job: ChainJob,
  look: Look,
  { forms, last, sentAt }: OnItsWay,
): Promise<Waiting | undefined> {
  for (const { transactionHash } of forms.toReversed()) {
    const receipt = await env.view.receipt(transactionHash)
    if (receipt !== undefined) return await mined(env, job, look, receipt, transactionHash)
  }
  if (look.mined > last.nonce) return await taken(env, job, look, forms)
  return await waitForBlock(env, signer, job, look, last, sentAt)
}

async function mined(
  env: OutboxEnvironment,
  job: ChainJob,
  look: Look,
  receipt: Receipt,
  transactionHash: ChainTransaction['transactionHash'],
): Promise<Waiting | undefined> {
  const { view, now } = env
  const { blockNumber, blockHash, gasUsed, gasPrice } = receipt
  if ((await view.block(blockNumber))?.hash !== blockHash) return leftTheChain
  const deep = depthBlock(look, env.rules)
  if (deep === undefined || blockNumber > deep) return shallow(look, blockNumber, env.rules.confirmations)
  const place: ChainPlace = { blockNumber, blockHash, transactionHash, gasUsed, gasPrice }
  if (receipt.succeeded) {
    if (job.mark !== undefined && !bears(receipt, job.mark)) return contradicts(env, job)
    await writeJob(env, confirmed(job, place, now()))
    return undefined
  }
  // What was reverted leaves no logs.
  if (receipt.logs.length > 0) return contradicts(env, job)
  if (job.effect !== undefined && (await view.holds(job.effect, deep))) {
    const block = await view.block(deep)
    if (block === undefined) return leftTheChain
    await writeJob(env, confirmed(job, { blockNumber: deep, blockHash: block.hash }, now()))
    return undefined
  }
  const said = await view.revertAt({ ...job, from: job.signer }, blockNumber)
  const error = said === undefined ? 'it would not be refused now' : revertText(said, env.abis)
  await writeJob(env, failed(job, { reason: 'reverted', error }, now(), place))
  return undefined
}

/** Its nonce is used up, and by none of its forms as far as the RPC says. It fails when the one that took it is known. */
async function taken(
  env: OutboxEnvironment,
  job: ChainJob,
  look: Look,
  forms: readonly ChainTransaction[],
): Promise<Waiting | undefined> {
  const [first] = forms
  const deep = depthBlock(look, env.rules)
  if (first === undefined || deep === undefined) return nonceUsed
  const taker = await whoTook(env.view, job.signer, first, deep)
  if (taker === undefined || forms.some(({ transactionHash }) => transactionHash === taker.hash))
    return nonceUsed
  const { hash: transactionHash, blockNumber } = taker
  const block = await env.view.block(deep)
  if (block === undefined) return nonceUsed
  const place = { blockNumber: deep, blockHash: block.hash }
  const done = job.effect !== undefined && (await env.view.holds(job.effect, deep))
  const error = `transaction ${transactionHash} in block ${blockNumber} has nonce ${first.nonce}`
  await writeJob(
    env,
    done ? confirmed(job, place, env.now()) : failed(job, { reason: 'replaced', error }, env.now(), place),
  )
  return undefined
}

async function waitForBlock(
  env: OutboxEnvironment,
  signer: ChainSigner,
  job: ChainJob,
  look: Look,
  last: ChainTransaction,
  sentAt: SentAt,
): Promise<Waiting> {
  const { view, now, rules } = env
  const isNext = look.mined === last.nonce
  if (isNext && now() - last.signedAt >= rules.raiseMs) {
    const market = { baseFee: look.head.baseFee ?? 0n, tip: (await view.tip()) ?? usualTip }
    const fees = raisedFees(last, market, last.gas, job.gasCeiling)
    if (fees !== undefined) {
      const terms = { nonce: last.nonce, attempt: last.attempt + 1, gas: last.gas }
      const signed = { signedAt: now(), signedAtBlock: look.head.number }
      const form = await signForm(signer, job, { ...terms, ...fees, ...signed })
      await writeForm(env.store, form)
      await sendOnce(env, form, sentAt)
      return { for: 'mined', message: `it was sent, and has offered more ${form.attempt} times` }
    }
    await sendOnce(env, last, sentAt)
    if (last.maxFeePerGas <= market.baseFee) return ceilingReached(last.gas * market.baseFee, job.gasCeiling)
  } else await sendOnce(env, last, sentAt)
  return isNext
    ? { for: 'mined', message: 'it was sent' }
    : { for: 'nonce', message: `transactions of its key with nonces from ${look.mined} on are not mined yet` }
}

/** The same bytes, however often: whatever the node forgot, and whatever it says, they pay once. */
async function sendOnce(
  { view, now, rules }: OutboxEnvironment,
  { transactionHash, raw }: ChainTransaction,
  sentAt: SentAt,
): Promise<void> {
  const before = sentAt.get(transactionHash)
  if (before !== undefined && now() - before < rules.resendMs) return
  await view.send(raw)
  sentAt.set(transactionHash, now())
}

function bears({ logs }: Receipt, { address, topics }: LogMark): boolean {
  return logs.some(
    (log) =>
      log.address.toLowerCase() === address.toLowerCase() &&
      topics.every((topic, n) => log.topics[n] === topic),
  )
}

function contradicts({ alert }: OutboxEnvironment, { jobId }: ChainJob): Waiting {
  const message = 'what the RPC says of its end contradicts itself'
  alert({ kind: 'contradiction', jobId, message })
  return { for: 'chain', message }
}

function shallow({ head }: Look, blockNumber: number, confirmations: number): Waiting {
  const depth = head.number - blockNumber + 1
  return { for: 'blocks', message: `it is mined, ${depth} of ${confirmations} blocks deep` }
}

const leftTheChain: Waiting = { for: 'blocks', message: 'the chain is changing where it was mined' }
const nonceUsed: Waiting = {
  for: 'nonce',
  message: 'its nonce is used, and the RPC shows no transaction that has used it yet',
}
