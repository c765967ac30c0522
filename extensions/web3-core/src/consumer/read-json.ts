import type { Static, TSchema } from '@sinclair/typebox'
import { codec } from '@openclaw-market/protocol/schema/codec'
import type { Web3 } from '../plugin/web3.ts'
import { jsonOf } from '../provider/backends/json.ts'
import { lost, type LeaseAnswer } from './call-lease.ts'
import { keepReceipt } from './receipt.ts'

/**
 * A provider's answer as JSON of the shape that we need. One that is not was billed all the same, so a receipt is kept
 * that says so. @throws MarketError E_OUTCOME_UNKNOWN
 */
export async function readJson<S extends TSchema>(
  schema: S,
  web3: Web3,
  answer: LeaseAnswer,
): Promise<Static<S>> {
  const json = jsonOf(answer.body.toString())
  if (codec(schema).problem(json) === undefined) return codec(schema).decode(json)
  await keepReceipt(web3, answer, {}, () => false)
  throw lost('the provider answered in a form that this version does not know')
}
