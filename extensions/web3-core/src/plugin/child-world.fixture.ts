/** Starts a world in a process of its own and talks with it. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { Envelope } from '@openclaw-market/protocol/errors'
import type { ChildOptions, Death, Order } from './market-child.fixture.ts'
import { temporaryHome } from './world.fixture.ts'

export interface VaultLine {
  readonly state: string
  readonly market: string
  readonly leaseId?: string
}

export interface ChildWorld {
  readonly home: string
  readonly url: string
  readonly address: string
  call(name: string, params?: object): Promise<Envelope>
  fund(to: string, amount: bigint): Promise<void>
  vault(): Promise<readonly VaultLine[]>
  recover(): Promise<void>
  /** Ends on other markets that are due. */
  tend(): Promise<void>
  sweep(): Promise<void>
  advance(ms: number): Promise<void>
  /** As the host says it; what follows from it happens by itself. */
  sessionEnded(sessionKey: string): Promise<void>
  log(): Promise<readonly string[]>
  /** Resolves when it is gone. */
  stop(): Promise<void>
  kill(): Promise<void>
  /** Where it has died, once it has. */
  death(): Promise<Death>
}

interface Answer {
  readonly id: number
  readonly answer?: unknown
  readonly error?: string
}

/** Gone when the test is over. */
export async function childWorld(options: Partial<ChildOptions> = {}): Promise<ChildWorld> {
  const world = await startChild({ ...options, home: options.home ?? (await temporaryHome()) })
  onTestFinished(() => world.kill())
  return world
}

export async function startChild(options: ChildOptions): Promise<ChildWorld> {
  const { home } = options
  await rm(join(home, 'died'), { force: true })
  const script = join(import.meta.dirname, 'market-child.fixture.ts')
  const child = fork(script, [JSON.stringify(options)], {
    execArgv: [],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const gone = once(child, 'exit')
  const waiting = new Map<number, (answer: Answer) => void>()
  const answerTo = (id: number): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const over = (): void => reject(new Error('the child has gone'))
      child.once('exit', over)
      waiting.set(id, ({ answer, error }) => {
        child.off('exit', over)
        if (error === undefined) resolve(answer)
        else reject(new Error(error))
      })
    })
  child.on('message', (message: Answer) => waiting.get(message.id)?.(message))
  let ids = 0
  const ask = (order: Order): Promise<unknown> => {
    const id = ++ids
    const answer = answerTo(id)
    child.send({ id, order })
    return answer
  }
  const { url, address } = (await answerTo(0)) as { url: string; address: string }
  return {
    home,
    url,
    address,
    call: async (name, params = {}) => (await ask({ do: 'call', name, params })) as Envelope,
    fund: async (to, amount) => void (await ask({ do: 'fund', to, amount: amount.toString() })),
    vault: async () => (await ask({ do: 'vault' })) as readonly VaultLine[],
    recover: async () => void (await ask({ do: 'recover' })),
    tend: async () => void (await ask({ do: 'tend' })),
    sweep: async () => void (await ask({ do: 'sweep' })),
    advance: async (ms) => void (await ask({ do: 'advance', ms })),
    sessionEnded: async (sessionKey) => void (await ask({ do: 'session end', sessionKey })),
    log: async () => (await ask({ do: 'log' })) as readonly string[],
    async stop() {
      await ask({ do: 'stop' })
      child.disconnect()
      await gone
    },
    async kill() {
      child.kill('SIGKILL')
      await gone
    },
    async death() {
      await gone
      return (await readFile(join(home, 'died'), 'utf8')) as Death
    },
  }
}
