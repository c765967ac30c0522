/** Makes the signed forms of a job. What is signed here has gone nowhere yet. */
import { keccak256 } from 'viem'
import type { ChainJob, ChainTransaction } from '@openclaw-market/protocol/entities/chain'
import type { ChainSigner } from './environment.ts'
import type { Fees } from './fees.ts'

export interface FormTerms extends Fees {
  readonly nonce: number
  readonly attempt: number
  readonly gas: bigint
  readonly signedAt: number
  readonly signedAtBlock: number
}

export async function signForm(
  signer: ChainSigner,
  { jobId, chainId, to, data, value }: ChainJob,
  terms: FormTerms,
): Promise<ChainTransaction> {
  const { nonce, gas, maxFeePerGas, maxPriorityFeePerGas } = terms
  const raw = await signer.signTransaction({
    type: 'eip1559',
    chainId,
    to,
    data,
    value,
    nonce,
    gas,
    maxFeePerGas,
    maxPriorityFeePerGas,
  })
  return { rev: 0, transactionHash: keccak256(raw), jobId, raw, ...terms }
}
