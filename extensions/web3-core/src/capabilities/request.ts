/** What is asked for, to the letter, so that the owner can approve exactly that. */
import { canonicalHash } from '@openclaw-market/protocol/canonical'
import type { Principal } from '@openclaw-market/protocol/principal'
import { codec } from '@openclaw-market/protocol/schema/codec'
import type { Capability } from './capability.ts'

/** Only what spends can need an approval. What is malformed is refused as that, and approved by nobody. */
export function withRequest({ contract }: Capability, json: unknown, who: Principal): Principal {
  if (who.kind !== 'node' || contract.effect !== 'money') return who
  const params = codec(contract.params)
  if (params.problem(json) !== undefined) return who
  const paramsHash = canonicalHash(params.encode(params.decode(json)))
  return { ...who, request: { capability: contract.name, paramsHash } }
}
