import { parseGwei } from 'viem'
import { describe, expect, it } from 'vitest'
import type { ChainJob } from '@openclaw-market/protocol/entities/chain'
import { lockCall, refundCall, releaseCall } from '../chain/escrow-wishes.ts'
import { gasCeiling, ground, newPurpose, patience, transfer, waits } from './ground.fixture.ts'
import { runOutbox } from './outbox.fixture.ts'
import { formsOf, jobBy } from './records.ts'

const { chain, newKeys, newOrder, ended } = ground()

describe('a job', () => {
  it('that somebody else has done already is not done again', async () => {
    const [payer, payee] = await newKeys()
    const order = await newOrder(payer, payee)
    const one = await runOutbox({ rpcUrls: [chain().rpcUrl], signers: [payer] })
    const wish = { signer: payer.address, ...lockCall(order), gasCeiling, purpose: newPurpose() }
    await ended(one, await one.want(wish))
    await one.outbox.stop()
    const other = await runOutbox({ rpcUrls: [chain().rpcUrl], signers: [payer] })
    const done = await ended(other, await other.want(wish))
    expect(done.outcome === 'done' && done.place.transactionHash).toBe(undefined)
    expect(await chain().client.getTransactionCount({ address: payer.address })).toBe(1)
  })

  it('that the contract refuses fails with its own error, and nothing is signed', async () => {
    const [payer, payee] = await newKeys()
    const order = await newOrder(payer, payee)
    const running = await runOutbox({ rpcUrls: [chain().rpcUrl], signers: [payer] })
    const call = { ...releaseCall(order, 300n, 0n), gasCeiling, purpose: newPurpose() }
    const jobId = await running.want({ signer: payer.address, ...call })
    const failed = await ended(running, jobId)
    expect(failed).toMatchObject({ outcome: 'failed', error: { code: 'E_CONFLICT', hint: /no money moved/ } })
    expect(failed.outcome === 'failed' && failed.error.message).toContain(`NotOpen(${order.id}, 0)`)
    expect(running.recorded.get(jobId)).toEqual(['job_failed'])
    expect(await formsOf(running.store, (await jobBy(running.store, jobId)) as ChainJob)).toEqual([])
  })

  it('that reverts when it is mined fails with its own error once that is deep enough', async () => {
    const [payer, payee] = await newKeys()
    const order = await newOrder(payer, payee)
    const running = await runOutbox({ rpcUrls: [chain().rpcUrl], signers: [payer, payee] })
    const lock = { signer: payer.address, ...lockCall(order), gasCeiling, purpose: newPurpose() }
    await ended(running, await running.want(lock))
    // Both would be carried out now; the refund is mined first, by what it offers.
    const give = { ...refundCall(order), gasCeiling, purpose: newPurpose() }
    const refund = await running.want({ signer: payee.address, ...give })
    await waits(running, refund, 'mined')
    const { effect: _effect, ...call } = releaseCall(order, 300n, 0n)
    const release = await running.want({ signer: payer.address, ...call, gasCeiling, purpose: newPurpose() })
    await waits(running, release, 'mined')
    const failed = await ended(running, release)
    expect(failed).toMatchObject({ outcome: 'failed', error: { details: { reason: 'reverted' } } })
    expect(failed.outcome === 'failed' && failed.error.message).toContain(`NotOpen(${order.id}, 3)`)
  })

  it('that an RPC calls a success, and that left no mark, is not believed and told of', async () => {
    const [payer, payee] = await newKeys()
    const order = await newOrder(payer, payee)
    let lies = 0
    const running = await runOutbox({
      rpcUrls: [chain().rpcUrl],
      signers: [payer, payee],
      around: (env) => ({
        ...env,
        view: {
          ...env.view,
          async receipt(hash) {
            const receipt = await env.view.receipt(hash)
            return receipt?.succeeded === false && lies++ < 9 ? { ...receipt, succeeded: true } : receipt
          },
        },
      }),
    })
    const lock = { signer: payer.address, ...lockCall(order), gasCeiling, purpose: newPurpose() }
    await ended(running, await running.want(lock))
    const give = { signer: payee.address, ...refundCall(order), gasCeiling, purpose: newPurpose() }
    const refund = await running.want(give)
    await waits(running, refund, 'mined')
    const pay = { signer: payer.address, ...releaseCall(order, 300n, 0n), gasCeiling, purpose: newPurpose() }
    const release = await running.want(pay)
    await waits(running, release, 'mined')
    expect(await ended(running, release)).toMatchObject({ outcome: 'failed' })
    expect(lies).toBeGreaterThan(9)
    expect(running.alerts).toContainEqual(expect.objectContaining({ kind: 'contradiction', jobId: release }))
    expect(running.recorded.get(release)).toEqual(['job_failed'])
  })

  it('whose ceiling is below what being mined costs waits and says so, and holds up none behind it', async () => {
    const [from, to] = await newKeys()
    const running = await runOutbox({ rpcUrls: [chain().rpcUrl], signers: [from] })
    const poor = await running.want({ ...transfer(from, to, 5n), gasCeiling: 26_250n })
    const next = await running.want(transfer(from, to, 7n))
    expect(await ended(running, next)).toMatchObject({ outcome: 'done' })
    await waits(running, poor, 'fees')
  })

  it('whose key has too little waits and says so, and is done when there is enough', async () => {
    const [from, to] = await newKeys()
    await chain().give(from.address, 1_000n)
    const running = await runOutbox({ rpcUrls: [chain().rpcUrl], signers: [from] })
    const jobId = await running.want(transfer(from, to, 900n))
    await waits(running, jobId, 'funds')
    await chain().give(from.address)
    expect(await ended(running, jobId)).toMatchObject({ outcome: 'done' })
  })

  it('that is not mined offers more under the same nonce, up to its ceiling and no further', async () => {
    const [from, to] = await newKeys()
    const rules = { raiseMs: 20 }
    const running = await runOutbox({ rpcUrls: [chain().rpcUrl], signers: [from], rules })
    const ceiling = 26_250n * parseGwei('6')
    const jobId = await running.want({ ...transfer(from, to, 5n), gasCeiling: ceiling })
    const forms = async () => formsOf(running.store, (await jobBy(running.store, jobId)) as ChainJob)
    await expect.poll(async () => (await forms()).length, patience).toBeGreaterThan(2)
    let length = 0
    await expect
      .poll(async () => length === (length = (await forms()).length), { ...patience, interval: 300 })
      .toBe(true)
    const offered = await forms()
    expect(new Set(offered.map(({ nonce }) => nonce)).size).toBe(1)
    for (const { gas, maxFeePerGas } of offered) expect(gas * maxFeePerGas).toBeLessThanOrEqual(ceiling)
    const before = await chain().client.getBalance({ address: to.address })
    expect(await ended(running, jobId)).toMatchObject({
      outcome: 'done',
      place: { transactionHash: offered.at(-1)?.transactionHash },
    })
    expect(await chain().client.getBalance({ address: to.address })).toBe(before + 5n)
  })

  it('whose nonce another transaction of the key took fails, with the one that took it', async () => {
    const [from, to] = await newKeys()
    const deaf = await runOutbox({
      rpcUrls: [chain().rpcUrl],
      signers: [from],
      around: (env) => ({ ...env, view: { ...env.view, send: async () => false } }),
    })
    const jobId = await deaf.want(transfer(from, to, 5n))
    await waits(deaf, jobId, 'mined')
    const fees = { maxFeePerGas: parseGwei('9'), maxPriorityFeePerGas: parseGwei('9') }
    const foreign = { chainId: 31_337, to: to.address, nonce: 0, gas: 21_000n, value: 1n, ...fees }
    const serializedTransaction = await from.signTransaction({ type: 'eip1559', ...foreign })
    const hash = await chain().client.sendRawTransaction({ serializedTransaction })
    const failed = await ended(deaf, jobId)
    expect(failed).toMatchObject({ outcome: 'failed', error: { details: { reason: 'replaced' } } })
    expect(failed.outcome === 'failed' && failed.error.message).toContain(hash)
  })

  it('for a purpose that has one is refused, and so is one for a key that is not ours, or that is no job', async () => {
    const [from, to] = await newKeys()
    const running = await runOutbox({ rpcUrls: [chain().rpcUrl], signers: [from] })
    const wish = transfer(from, to, 5n)
    await running.want(wish)
    await expect(running.want(wish)).rejects.toMatchObject({ code: 'E_CONFLICT' })
    await expect(running.want(transfer(to, from, 5n))).rejects.toMatchObject({ code: 'E_NOT_CONFIGURED' })
    const odd = { ...transfer(from, to, 5n), data: '0x0' as const }
    await expect(running.want(odd)).rejects.toMatchObject({ code: 'E_INVALID_ARGUMENT' })
  })
})
