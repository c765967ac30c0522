/** The process that sends: works on its plan from wherever the last one of it was killed, and ends when all of it has ended. */
import { randomFillSync } from 'node:crypto'
import { marketEscrow } from '@openclaw-market/contracts/market-escrow'
import { allCollections } from '@openclaw-market/protocol/entities/all'
import { ChainJobs, type ChainJob } from '@openclaw-market/protocol/entities/chain'
import { idSource } from '@openclaw-market/protocol/ids'
import { openRpc } from '../../extensions/market-core/src/settlement/chain/rpc.ts'
import { chainView } from '../../extensions/market-core/src/settlement/chain/view.ts'
import type { ChainSigner } from '../../extensions/market-core/src/settlement/outbox/environment.ts'
import { localChainId } from '../../extensions/market-core/src/settlement/outbox/local-chain.fixture.ts'
import { openOutbox } from '../../extensions/market-core/src/settlement/outbox/outbox.ts'
import { openStore } from '../../extensions/market-core/src/store/open.ts'
import type { MarketStore } from '../../extensions/market-core/src/store/store.ts'
import { partiesOf, stepsOf, type Plan, type Steps } from './plan.ts'
import type { KillAt } from './proxy.ts'

export interface Sending {
  readonly plan: Plan
  readonly backend: MarketStore['backend']
  readonly directory: string
  readonly kill?: { readonly at: KillAt; readonly n: number }
  /** Sends what it signs before it is written down: the gate must find out. */
  readonly hasty: boolean
}

const { plan, backend, directory, kill, hasty } = JSON.parse(process.argv[2] ?? '{}') as Sending

let counted = 0
function dieAt(at: KillAt): void {
  if (kill?.at === at && counted++ === kill.n) process.kill(process.pid, 'SIGKILL')
}

const opened = await openStore(backend, { directory, collections: allCollections })
const store: MarketStore = {
  ...opened,
  async write(fn) {
    const result = await opened.write(async (tx) => {
      const value = await fn(tx)
      dieAt('write-before')
      return value
    })
    dieAt('write-after')
    return result
  },
}

const view = chainView(
  localChainId,
  openRpc({ chainId: localChainId, rpcUrls: plan.rpcUrls, timeoutMs: 500 }),
)

function mortal(signer: ChainSigner): ChainSigner {
  return {
    address: signer.address,
    async signTransaction(transaction) {
      const raw = await signer.signTransaction(transaction)
      if (hasty) await view.send(raw)
      dieAt('sign')
      return raw
    },
  }
}

const { payer, payee } = partiesOf(plan.run)
const outbox = openOutbox(
  {
    view,
    store,
    ids: idSource(Date.now, (bytes) => void randomFillSync(bytes)),
    now: Date.now,
    rules: {
      confirmations: 3,
      watchBlocks: 16,
      pollMs: 15,
      longestPauseMs: 60,
      resendMs: 60,
      raiseMs: 250,
      inFlight: 4,
    },
    abis: [marketEscrow.abi],
    alert: ({ kind, jobId }) => process.stderr.write(`alert ${kind} ${jobId}\n`),
    report: (what, error) => process.stderr.write(`report ${what}: ${String(error)}\n`),
  },
  [mortal(payer), mortal(payee)],
)

async function jobFor(wish: Steps[number][number]): Promise<ChainJob['jobId']> {
  return store.write(async (tx) => {
    const there = await tx.find(ChainJobs, 'purpose', wish.purpose)
    return (there ?? (await outbox.enqueue(tx, wish))).jobId
  })
}

async function carryOut(steps: Steps): Promise<void> {
  for (const together of steps) {
    const jobIds = await Promise.all(together.map(jobFor))
    outbox.wake()
    for (const jobId of jobIds)
      while ((await outbox.outcome(jobId)).outcome === 'unknown')
        await new Promise((done) => setTimeout(done, 15))
  }
}

// Whoever started it may be gone.
setTimeout(() => process.exit(1), 120_000).unref()
await Promise.all(stepsOf(plan).map(carryOut))
await outbox.stop()
await opened.close()
process.exit(0)
