import { privateKeyToAccount } from 'viem/accounts'
import { hashTypedData, recoverTypedDataAddress } from 'viem/utils'
import { describe, expect, it } from 'vitest'
import { ResourceId } from '../ids.ts'
import { codec } from '../schema/codec.ts'
import { ActorId } from '../schema/scalars.ts'
import { delegationDigest, delegationTypedData, delegationWalletTypedData } from './delegation.ts'
import type { DelegationValues } from './delegation.ts'

const signer = privateKeyToAccount(`0x${'a3'.repeat(32)}`)
const delegate = codec(ActorId).decode('0x00000000219ab540356cBB839Cbe05303d7705Fa')
const values: DelegationValues = {
  chainId: 1,
  provider: codec(ActorId).decode(signer.address),
  delegate,
  resourceId: codec(ResourceId).decode('res_01J00000000000000000000000'),
  backend: 'ollama',
  expiresAt: 1_800_000_000_000,
}

describe('a delegation', () => {
  it('is signed and recovered', async () => {
    const typed = delegationTypedData(values)
    const signature = await signer.signTypedData(typed)
    expect(await recoverTypedDataAddress({ ...typed, signature })).toBe(signer.address)
    expect(delegationDigest(values)).toBe(hashTypedData(typed))
  })

  it('keeps its digest from version to version', () => {
    expect(delegationDigest(values)).toMatchInlineSnapshot(
      `"0x5b4f6858af34c6cf5d383471f65ef8ebc9e8251fc1fa1e71cd4f333ad22d6bc4"`,
    )
  })

  const others: Partial<DelegationValues>[] = [
    { chainId: 2 },
    { provider: delegate },
    { delegate: values.provider },
    { resourceId: codec(ResourceId).decode('res_01J00000000000000000000001') },
    { backend: 'vllm' },
    { expiresAt: 1 },
  ]
  it.each(others)('is another one with %j', (other) => {
    expect(delegationDigest({ ...values, ...other })).not.toBe(delegationDigest(values))
  })

  it('is JSON for a wallet', () => {
    expect(delegationWalletTypedData(values)).toMatchObject({
      primaryType: 'Delegation',
      message: { delegate, backend: 'ollama', expiresAt: '1800000000000' },
    })
  })
})
