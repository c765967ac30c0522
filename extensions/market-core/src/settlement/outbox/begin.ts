/**
 * From queued to sent. The chain is asked first whether it is done already, and whether it would be carried out; then it is
 * signed, and written down, and only then sent.
 */
import type { ChainJob } from '@openclaw-market/protocol/entities/chain'
import { depthBlock, type Look } from './look.ts'
import type { ChainSigner, OutboxEnvironment } from './environment.ts'
import { firstFees, gasLimit, usualTip } from './fees.ts'
import { confirmed, failed, sent } from './job.ts'
import type { Waiting } from './outcome.ts'
import { nextNonce, writeFirst, writeJob } from './records.ts'
import { revertText } from './revert.ts'
import { signForm } from './sign.ts'

/** @returns what it waits for; undefined when it has come to its end */
export async function begin(
  env: OutboxEnvironment,
  signer: ChainSigner,
  job: ChainJob,
  look: Look,
): Promise<Waiting | undefined> {
  const { view, now } = env
  const { effect } = job
  if (effect !== undefined && (await view.holds(effect, 'latest'))) {
    const deep = depthBlock(look, env.rules)
    if (deep === undefined || !(await view.holds(effect, deep))) return doneByOthers
    const block = await view.block(deep)
    if (block === undefined) return doneByOthers
    await writeJob(env, confirmed(job, { blockNumber: deep, blockHash: block.hash }, now()))
    return undefined
  }
  const balance = await view.balance(job.signer)
  if (balance < job.value) return tooLittle(balance, job.value)
  const trial = await view.attempt({ ...job, from: job.signer })
  if (trial === undefined) return { for: 'chain', message: 'the RPC does not say what it would cost' }
  if ('reverted' in trial) {
    // Somebody else may have been faster than the two questions.
    if (effect !== undefined && (await view.holds(effect, 'latest'))) return doneByOthers
    const error = revertText(trial.reverted, env.abis)
    await writeJob(env, failed(job, { reason: 'refused', error }, now()))
    return undefined
  }
  const gas = gasLimit(trial.gas)
  const market = { baseFee: look.head.baseFee ?? 0n, tip: (await view.tip()) ?? usualTip }
  const fees = firstFees(market, gas, job.gasCeiling)
  if (fees === undefined) return ceilingReached(gas * market.baseFee, job.gasCeiling)
  const needed = job.value + gas * fees.maxFeePerGas
  if (balance < needed) return tooLittle(balance, needed)
  const nonce = Math.max(await nextNonce(env.store, job.chainId, job.signer), look.mined)
  const form = await signForm(signer, job, {
    ...fees,
    nonce,
    attempt: 0,
    gas,
    signedAt: now(),
    signedAtBlock: look.head.number,
  })
  await writeFirst(env.store, sent(job), form)
  await view.send(form.raw)
  return { for: 'mined', message: 'it was sent' }
}

const doneByOthers: Waiting = {
  for: 'blocks',
  message: 'somebody else has done it: it waits until that is deep enough',
}

function tooLittle(balance: bigint, needed: bigint): Waiting {
  return { for: 'funds', message: `its key has ${balance} of ${needed} base units of the chain's own coin` }
}

export function ceilingReached(costs: bigint, ceiling: bigint): Waiting {
  return { for: 'fees', message: `being mined costs ${costs} now, and its ceiling is ${ceiling} base units` }
}
