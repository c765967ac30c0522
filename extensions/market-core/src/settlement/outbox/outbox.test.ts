import { encodeFunctionData, parseGwei } from 'viem'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { marketEscrow } from '@openclaw-market/contracts/market-escrow'
import type { ChainJob } from '@openclaw-market/protocol/entities/chain'
import { backends } from '../../store/conformance/shelf.ts'
import { lockCall, refundCall, releaseCall } from '../chain/escrow-wishes.ts'
import type { ChainSigner } from './environment.ts'
import type { ChainWish } from './job.ts'
import { keyOf, localChain, type LocalChain } from './local-chain.fixture.ts'
import type { Running } from './outbox.fixture.ts'
import { runOutbox } from './outbox.fixture.ts'
import type { Outcome } from './outcome.ts'
import { formsOf, jobBy } from './records.ts'

let chain: LocalChain
let n = 0
beforeAll(async () => {
  chain = await localChain()
})
afterAll(() => chain.stop())

const gasCeiling = 10n ** 17n
const patience = { timeout: 30_000 }

const newPurpose = (): string => `a.test/number-${++n}`

/** Keys that nothing was sent with. */
async function newKeys(...names: string[]): Promise<ChainSigner[]> {
  const keys = names.map((name) => keyOf(`${name} ${++n}`))
  for (const { address } of keys) await chain.give(address)
  return keys
}

function transfer(from: ChainSigner, to: ChainSigner, value: bigint): ChainWish {
  return { signer: from.address, to: to.address, data: '0x', value, gasCeiling, purpose: newPurpose() }
}

async function ended(running: Running, jobId: ChainJob['jobId']): Promise<Outcome> {
  await chain.mineUntil(async () => (await running.outbox.outcome(jobId)).outcome !== 'unknown')
  return running.outbox.outcome(jobId)
}

async function waits(running: Running, jobId: ChainJob['jobId'], what: string): Promise<void> {
  await expect
    .poll(async () => {
      const outcome = await running.outbox.outcome(jobId)
      return outcome.outcome === 'unknown' ? outcome.waiting.for : outcome
    }, patience)
    .toBe(what)
}

describe.each(backends)('an outbox on %s', (backend) => {
  it('locks, releases a part and gives back the rest, and tells the books of each', async () => {
    const [payer, payee] = (await newKeys('payer', 'payee')) as [ChainSigner, ChainSigner]
    const running = await runOutbox({ rpcUrls: [chain.rpcUrl], signers: [payer, payee], backend })
    const order = await chain.orderOf(payer.address, payee.address, 1_000n, `order ${++n}`)
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
      await chain.client.readContract({
        address: chain.escrow,
        abi: marketEscrow.abi,
        functionName: 'orders',
        args: [order.id],
      }),
    ]
    expect(state).toEqual([3, 0n, 300n])
    expect([running.alerts, running.reports]).toEqual([[], []])
  })

  it('has the signed bytes on disk before they go out, and the next process sends the very same', async () => {
    const [from, to] = (await newKeys('from', 'to')) as [ChainSigner, ChainSigner]
    const before = await chain.client.getBalance({ address: to.address })
    const dead = 'http://127.0.0.1:1'
    let sending = 0
    const first = await runOutbox({
      rpcUrls: [chain.rpcUrl],
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
    const second = await runOutbox({ rpcUrls: [dead, chain.rpcUrl], signers: [from], store: first.store })
    const done = await ended(second, jobId)
    expect(done).toMatchObject({ outcome: 'done', place: { transactionHash: forms[0]?.transactionHash } })
    expect(await chain.client.getBalance({ address: to.address })).toBe(before + 5n)
    expect(await chain.client.getTransactionCount({ address: from.address })).toBe(1)
  })
})

describe('a job', () => {
  it('that somebody else has done already is not done again', async () => {
    const [payer, payee] = (await newKeys('payer', 'payee')) as [ChainSigner, ChainSigner]
    const order = await chain.orderOf(payer.address, payee.address, 1_000n, `order ${++n}`)
    const one = await runOutbox({ rpcUrls: [chain.rpcUrl], signers: [payer] })
    const wish = { signer: payer.address, ...lockCall(order), gasCeiling, purpose: newPurpose() }
    await ended(one, await one.want(wish))
    await one.outbox.stop()
    const other = await runOutbox({ rpcUrls: [chain.rpcUrl], signers: [payer] })
    const done = await ended(other, await other.want(wish))
    expect(done.outcome === 'done' && done.place.transactionHash).toBe(undefined)
    expect(await chain.client.getTransactionCount({ address: payer.address })).toBe(1)
  })

  it('that the contract refuses fails with its own error, and nothing is signed', async () => {
    const [payer, payee] = (await newKeys('payer', 'payee')) as [ChainSigner, ChainSigner]
    const order = await chain.orderOf(payer.address, payee.address, 1_000n, `order ${++n}`)
    const running = await runOutbox({ rpcUrls: [chain.rpcUrl], signers: [payer] })
    const call = { ...releaseCall(order, 300n, 0n), gasCeiling, purpose: newPurpose() }
    const jobId = await running.want({ signer: payer.address, ...call })
    const failed = await ended(running, jobId)
    expect(failed).toMatchObject({ outcome: 'failed', error: { code: 'E_CONFLICT', hint: /no money moved/ } })
    expect(failed.outcome === 'failed' && failed.error.message).toContain(`NotOpen(${order.id}, 0)`)
    expect(running.recorded.get(jobId)).toEqual(['job_failed'])
    expect(await formsOf(running.store, (await jobBy(running.store, jobId)) as ChainJob)).toEqual([])
  })

  it('that reverts when it is mined fails with its own error once that is deep enough', async () => {
    const [payer, payee] = (await newKeys('payer', 'payee')) as [ChainSigner, ChainSigner]
    const order = await chain.orderOf(payer.address, payee.address, 1_000n, `order ${++n}`)
    const running = await runOutbox({ rpcUrls: [chain.rpcUrl], signers: [payer, payee] })
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

  it('whose ceiling is below what being mined costs waits and says so, and holds up none behind it', async () => {
    const [from, to] = (await newKeys('from', 'to')) as [ChainSigner, ChainSigner]
    const running = await runOutbox({ rpcUrls: [chain.rpcUrl], signers: [from] })
    const poor = await running.want({ ...transfer(from, to, 5n), gasCeiling: 26_250n })
    const next = await running.want(transfer(from, to, 7n))
    expect(await ended(running, next)).toMatchObject({ outcome: 'done' })
    await waits(running, poor, 'fees')
  })

  it('whose key has too little waits and says so, and is done when there is enough', async () => {
    const [from, to] = (await newKeys('from', 'to')) as [ChainSigner, ChainSigner]
    await chain.give(from.address, 1_000n)
    const running = await runOutbox({ rpcUrls: [chain.rpcUrl], signers: [from] })
    const jobId = await running.want(transfer(from, to, 900n))
    await waits(running, jobId, 'funds')
    await chain.give(from.address)
    expect(await ended(running, jobId)).toMatchObject({ outcome: 'done' })
  })

  it('that is not mined offers more under the same nonce, up to its ceiling and no further', async () => {
    const [from, to] = (await newKeys('from', 'to')) as [ChainSigner, ChainSigner]
    const rules = { raiseMs: 20 }
    const running = await runOutbox({ rpcUrls: [chain.rpcUrl], signers: [from], rules })
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
    const before = await chain.client.getBalance({ address: to.address })
    expect(await ended(running, jobId)).toMatchObject({
      outcome: 'done',
      place: { transactionHash: offered.at(-1)?.transactionHash },
    })
    expect(await chain.client.getBalance({ address: to.address })).toBe(before + 5n)
  })

  it('whose nonce another transaction of the key took fails, with the one that took it', async () => {
    const [from, to] = (await newKeys('from', 'to')) as [ChainSigner, ChainSigner]
    const deaf = await runOutbox({
      rpcUrls: [chain.rpcUrl],
      signers: [from],
      around: (env) => ({ ...env, view: { ...env.view, send: async () => false } }),
    })
    const jobId = await deaf.want(transfer(from, to, 5n))
    await waits(deaf, jobId, 'mined')
    const fees = { maxFeePerGas: parseGwei('9'), maxPriorityFeePerGas: parseGwei('9') }
    const foreign = { chainId: 31_337, to: to.address, nonce: 0, gas: 21_000n, value: 1n, ...fees }
    const serializedTransaction = await from.signTransaction({ type: 'eip1559', ...foreign })
    const hash = await chain.client.sendRawTransaction({ serializedTransaction })
    const failed = await ended(deaf, jobId)
    expect(failed).toMatchObject({ outcome: 'failed', error: { details: { reason: 'replaced' } } })
    expect(failed.outcome === 'failed' && failed.error.message).toContain(hash)
  })

  it('for a purpose that has one is refused, and so is one for a key that is not ours, or that is no job', async () => {
    const [from, to] = (await newKeys('from', 'to')) as [ChainSigner, ChainSigner]
    const running = await runOutbox({ rpcUrls: [chain.rpcUrl], signers: [from] })
    const wish = transfer(from, to, 5n)
    await running.want(wish)
    await expect(running.want(wish)).rejects.toMatchObject({ code: 'E_CONFLICT' })
    await expect(running.want(transfer(to, from, 5n))).rejects.toMatchObject({ code: 'E_NOT_CONFIGURED' })
    const odd = { ...transfer(from, to, 5n), data: '0x0' as const }
    await expect(running.want(odd)).rejects.toMatchObject({ code: 'E_INVALID_ARGUMENT' })
  })
})

describe('a chain that goes back', () => {
  it('less far than is waited for loses nothing: what it dropped is sent again, as it was', async () => {
    const [from, to] = (await newKeys('from', 'to')) as [ChainSigner, ChainSigner]
    const running = await runOutbox({ rpcUrls: [chain.rpcUrl], signers: [from] })
    const jobId = await running.want(transfer(from, to, 5n))
    await waits(running, jobId, 'mined')
    await chain.mine()
    await waits(running, jobId, 'blocks')
    await chain.reorganise(1)
    expect(await ended(running, jobId)).toMatchObject({ outcome: 'done' })
    expect(await chain.client.getBalance({ address: to.address })).toBe(1_000n * 10n ** 18n + 5n)
    expect(running.alerts).toEqual([])
  })

  it('further is an alert and stops the key, until a person has the same bytes sent again', async () => {
    const [from, to] = (await newKeys('from', 'to')) as [ChainSigner, ChainSigner]
    const rules = { watchBlocks: 400 }
    const running = await runOutbox({ rpcUrls: [chain.rpcUrl], signers: [from], rules })
    const jobId = await running.want(transfer(from, to, 5n))
    const done = await ended(running, jobId)
    // As many blocks as it is deep: how many were mined meanwhile is up to the machine.
    const mined = done.outcome === 'done' ? done.place.blockNumber : 0
    const depth = Number(await chain.client.getBlockNumber()) - mined + 1
    expect(depth).toBeGreaterThanOrEqual(3)
    await chain.reorganise(depth)
    await waits(running, jobId, 'person')
    expect(running.alerts).toMatchObject([{ kind: 'deep-reorganisation', jobId }])
    expect(running.recorded.get(jobId)).toEqual(['job_confirmed', 'job_undone'])
    const next = await running.want(transfer(from, to, 7n))
    await waits(running, next, 'person')
    await chain.mine(5)
    await waits(running, jobId, 'person')
    await running.outbox.sendAgain(jobId)
    const again = await ended(running, jobId)
    expect(await ended(running, next)).toMatchObject({ outcome: 'done' })
    const hashOf = (outcome: Outcome) => outcome.outcome === 'done' && outcome.place.transactionHash
    expect(hashOf(again)).toBe(hashOf(done))
    expect(await chain.client.getBalance({ address: to.address })).toBe(1_000n * 10n ** 18n + 12n)
    await expect(running.outbox.sendAgain(jobId)).rejects.toMatchObject({ code: 'E_CONFLICT' })
  })
})

it('looks at what is done for as long as it was told, and no longer', async () => {
  const [from, to] = (await newKeys('from', 'to')) as [ChainSigner, ChainSigner]
  const running = await runOutbox({ rpcUrls: [chain.rpcUrl], signers: [from], rules: { watchBlocks: 400 } })
  const jobId = await running.want(transfer(from, to, 5n))
  await ended(running, jobId)
  const watched = async () => (await jobBy(running.store, jobId))?.watched
  expect(await watched()).toBe(true)
  await chain.mine(403)
  await expect.poll(watched, patience).toBe(false)
})

it('stops cleanly while nobody answers, and says for what its jobs wait', async () => {
  const [from, to] = (await newKeys('from', 'to')) as [ChainSigner, ChainSigner]
  const running = await runOutbox({ rpcUrls: ['http://127.0.0.1:1'], signers: [from] })
  const jobId = await running.want(transfer(from, to, 5n))
  await waits(running, jobId, 'chain')
  await running.outbox.stop()
  expect(running.reports).toEqual([])
})

it('knows the calls of the escrow by what the contract is called with', async () => {
  const order = await chain.orderOf(keyOf('a').address, keyOf('b').address, 9n, 'data')
  const { data } = refundCall(order)
  expect(data).toBe(
    encodeFunctionData({ abi: marketEscrow.abi, functionName: 'refund', args: [order.order] }),
  )
})
