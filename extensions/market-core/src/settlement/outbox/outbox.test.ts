import { encodeFunctionData } from 'viem'
import { describe, expect, it } from 'vitest'
import { marketEscrow } from '@openclaw-market/contracts/market-escrow'
import type { ChainJob } from '@openclaw-market/protocol/entities/chain'
import { backends } from '../../store/conformance/shelf.ts'
import { lockCall, refundCall, releaseCall } from '../chain/escrow-wishes.ts'
import { gasCeiling, ground, newPurpose, patience, transfer, waits } from './ground.fixture.ts'
import { keyOf } from './local-chain.fixture.ts'
import { runOutbox } from './outbox.fixture.ts'
import type { Outcome } from './outcome.ts'
import { formsOf, jobBy } from './records.ts'

const { chain, newKeys, newOrder, ended } = ground()

describe.each(backends)('an outbox on %s', (backend) => {
  it('locks, releases a part and gives back the rest, and tells the books of each', async () => {
    const [payer, payee] = await newKeys()
    const running = await runOutbox({ rpcUrls: [chain().rpcUrl], signers: [payer, payee], backend })
    const order = await newOrder(payer, payee)
    const wishes = [
      { signer: payer.address, ...lockCall(order) },
      { signer: payer.address, ...releaseCall(order, 300n, 0n) },
      { signer: payee.address, ...refundCall(order) },
    ]
    for (const wish of wishes) {
      const jobId = await running.want({ ...wish, gasCeiling, purpose: newPurpose() })
      const done = await ended(running, jobId)
      expect(done).toMatchObject({ outcome: 'done', place: { gasUsed: expect.any(BigInt) } })
      expect(running.recorded.get(jobId)).toEqual(['job_confirmed'])
    }
    const [state] = [
      await chain().client.readContract({
        address: chain().escrow,
        abi: marketEscrow.abi,
        functionName: 'orders',
        args: [order.id],
      }),
    ]
    expect(state).toEqual([3, 0n, 300n])
    expect([running.alerts, running.reports]).toEqual([[], []])
  })

  it('has the signed bytes on disk before they go out, and the next process sends the very same', async () => {
    const [from, to] = await newKeys()
    const before = await chain().client.getBalance({ address: to.address })
    const dead = 'http://127.0.0.1:1'
    let sending = 0
    const first = await runOutbox({
      rpcUrls: [chain().rpcUrl],
      signers: [from],
      backend,
      around: (env) => ({
        ...env,
        view: {
          ...env.view,
          send: async () => {
            sending++
            throw new Error('the process died here')
          },
        },
      }),
    })
    const jobId = await first.want(transfer(from, to, 5n))
    await expect.poll(() => sending, patience).toBeGreaterThan(0)
    await first.outbox.stop()
    const job = (await jobBy(first.store, jobId)) as ChainJob
    const forms = await formsOf(first.store, job)
    expect([job.status, forms.length]).toEqual(['job_sent', 1])
    const second = await runOutbox({ rpcUrls: [dead, chain().rpcUrl], signers: [from], store: first.store })
    const done = await ended(second, jobId)
    expect(done).toMatchObject({ outcome: 'done', place: { transactionHash: forms[0]?.transactionHash } })
    expect(await chain().client.getBalance({ address: to.address })).toBe(before + 5n)
    expect(await chain().client.getTransactionCount({ address: from.address })).toBe(1)
  })
})

describe('a chain that goes back', () => {
  it('less far than is waited for loses nothing: what it dropped is sent again, as it was', async () => {
    await chain().mine(5)
    const [from, to] = await newKeys()
    const running = await runOutbox({ rpcUrls: [chain().rpcUrl], signers: [from] })
    const jobId = await running.want(transfer(from, to, 5n))
    await waits(running, jobId, 'mined')
    await chain().mine()
    await waits(running, jobId, 'blocks')
    await chain().reorganise(1)
    expect(await ended(running, jobId)).toMatchObject({ outcome: 'done' })
    expect(await chain().client.getBalance({ address: to.address })).toBe(1_000n * 10n ** 18n + 5n)
    expect(running.alerts).toEqual([])
  })

  it('further is an alert and stops the key, until a person has the same bytes sent again', async () => {
    const [from, to] = await newKeys()
    const rules = { watchBlocks: 400 }
    const running = await runOutbox({ rpcUrls: [chain().rpcUrl], signers: [from], rules })
    const jobId = await running.want(transfer(from, to, 5n))
    const done = await ended(running, jobId)
    // As many blocks as it is deep: how many were mined meanwhile is up to the machine.
    const mined = done.outcome === 'done' ? done.place.blockNumber : 0
    const depth = Number(await chain().client.getBlockNumber()) - mined + 1
    expect(depth).toBeGreaterThanOrEqual(3)
    await chain().reorganise(depth)
    await waits(running, jobId, 'person')
    expect(running.alerts).toMatchObject([{ kind: 'deep-reorganisation', jobId }])
    expect(running.recorded.get(jobId)).toEqual(['job_confirmed', 'job_undone'])
    const next = await running.want(transfer(from, to, 7n))
    await waits(running, next, 'person')
    await chain().mine(5)
    await waits(running, jobId, 'person')
    await running.outbox.sendAgain(jobId)
    const again = await ended(running, jobId)
    expect(await ended(running, next)).toMatchObject({ outcome: 'done' })
    const hashOf = (outcome: Outcome) => outcome.outcome === 'done' && outcome.place.transactionHash
    expect(hashOf(again)).toBe(hashOf(done))
    expect(await chain().client.getBalance({ address: to.address })).toBe(1_000n * 10n ** 18n + 12n)
    await expect(running.outbox.sendAgain(jobId)).rejects.toMatchObject({ code: 'E_CONFLICT' })
  })
})

it('looks at what is done for as long as it was told, and no longer', async () => {
  const [from, to] = await newKeys()
  const running = await runOutbox({ rpcUrls: [chain().rpcUrl], signers: [from], rules: { watchBlocks: 400 } })
  const jobId = await running.want(transfer(from, to, 5n))
  await ended(running, jobId)
  const watched = async () => (await jobBy(running.store, jobId))?.watched
  expect(await watched()).toBe(true)
  await chain().mine(403)
  await expect.poll(watched, patience).toBe(false)
})

it('stops cleanly while nobody answers, and says for what its jobs wait', async () => {
  const [from, to] = await newKeys()
  const running = await runOutbox({ rpcUrls: ['http://127.0.0.1:1'], signers: [from] })
  const jobId = await running.want(transfer(from, to, 5n))
  await waits(running, jobId, 'chain')
  await running.outbox.stop()
  expect(running.reports).toEqual([])
})

it('knows the calls of the escrow by what the contract is called with', async () => {
  const order = await chain().orderOf(keyOf('a').address, keyOf('b').address, 9n, 'data')
  const { data } = refundCall(order)
  expect(data).toBe(
    encodeFunctionData({ abi: marketEscrow.abi, functionName: 'refund', args: [order.order] }),
  )
})
