/** One run: a plan, a hostile RPC, a chain that goes back, and a process that is killed and started again until all is done. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { marketEscrow } from '@openclaw-market/contracts/market-escrow'
import type { LocalChain } from '../../extensions/market-core/src/settlement/outbox/local-chain.fixture.ts'
import { diceOf, type Dice } from '../run.ts'
import { tallyOf, type Tally } from './books.ts'
import { drawOrders, partiesOf, termsOf, type Plan } from './plan.ts'
import { hostileRpc, type Fault, type HostileRpc } from './proxy.ts'
import type { Sending } from './sender.child.ts'

export interface RunOptions {
  readonly seed: number
  readonly base: string
  readonly hasty?: boolean
}

export interface Ran extends Tally {
  /** How often the process was killed. */
  readonly kills: number
  readonly faults: ReadonlyMap<Fault, number>
  readonly reorganised: number
}

const script = join(import.meta.dirname, 'sender.child.ts')
const killings = ['send-before', 'send-after', 'sign', 'write-before', 'write-after'] as const
/** A run takes a few seconds; one that has not ended by then never does. */
const patienceMs = 90_000

export async function oneRun(chain: LocalChain, { seed, base, hasty = false }: RunOptions): Promise<Ran> {
  const dice = diceOf(seed)
  const run = `run-${seed}`
  const directory = join(base, run)
  mkdirSync(directory)
  const fromBlock = await chain.client.getBlockNumber()
  const rpc = await hostileRpc(chain.rpcUrl, dice, 14)
  const plan = await planFor(chain, run, dice, rpc)
  const backend = dice.one(['sqlite', 'file'] as const)
  const kills = Array.from({ length: 1 + dice.below(2) }, () => (hasty ? 'sign' : dice.one(killings)))
  const world = mining(chain, diceOf(seed + 1))
  const wrong: string[] = []
  let killed = 0
  try {
    for (const at of [...kills, undefined]) {
      const kill = at === undefined ? undefined : { at, n: dice.below(at.startsWith('write') ? 10 : 3) }
      const ended = await live({ plan, backend, directory, hasty, ...(kill && { kill }) }, rpc)
      if (ended === 0) break
      if (ended === 'SIGKILL') killed++
      else wrong.push(`the sending process ended with ${ended}`)
    }
  } finally {
    await world.stop()
    await rpc.stop()
  }
  const tally = await tallyOf(chain, plan, backend, directory, fromBlock)
  rmSync(directory, { recursive: true, force: true })
  return {
    ...tally,
    wrong: [...wrong, ...tally.wrong],
    kills: killed,
    faults: rpc.faults,
    reorganised: world.reorganised(),
  }
}

async function planFor(chain: LocalChain, run: string, dice: Dice, { rpcUrl }: HostileRpc): Promise<Plan> {
  const { timestamp } = await chain.client.getBlock()
  const until = Number(timestamp) + 200_000_000
  for (const { address } of Object.values(partiesOf(run))) await chain.give(address)
  // So deep that it is not gone when the chain goes back.
  await chain.mine(3)
  const orders = []
  for (const [n, order] of drawOrders(dice).entries()) {
    const args = [termsOf(run, n, order.amount, until)] as const
    const asked = { address: chain.escrow, abi: marketEscrow.abi, functionName: 'idOf', args } as const
    orders.push({ ...order, id: await chain.client.readContract(asked) })
  }
  return { run, escrow: chain.escrow, rpcUrls: [rpcUrl], until, orders, transfers: [1 + dice.below(500)] }
}

/** A life of the sending process. @returns its exit code, or the signal that ended it, or what it said when it failed */
async function live(sending: Sending, rpc: HostileRpc): Promise<number | string> {
  const child = spawn(process.execPath, [script, JSON.stringify(sending)], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), 'market-chain-cache') },
  })
  const said: Buffer[] = []
  child.stderr.on('data', (chunk: Buffer) => void said.push(chunk))
  const { kill } = sending
  if (kill?.at === 'send-before' || kill?.at === 'send-after')
    rpc.killAt(kill.at, kill.n, () => child.kill('SIGKILL'))
  const late = setTimeout(() => child.kill('SIGTERM'), patienceMs)
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
  clearTimeout(late)
  if (code === 0 || signal === 'SIGKILL') return code ?? 'SIGKILL'
  return `${signal ?? code}: ${Buffer.concat(said).toString().slice(-2_000)}`
}

/** The chain goes on whatever becomes of the process, and now and then two blocks of it are others. */
function mining(chain: LocalChain, dice: Dice) {
  const over = new AbortController()
  let reorganised = 0
  const going = (async () => {
    while (!over.signal.aborted) {
      await chain.mine()
      if (reorganised < 3 && dice.oneIn(40)) {
        await chain.reorganise(2)
        reorganised++
      }
      await new Promise((done) => setTimeout(done, 15))
    }
  })()
  return {
    reorganised: () => reorganised,
    async stop(): Promise<void> {
      over.abort()
      await going
    },
  }
}
