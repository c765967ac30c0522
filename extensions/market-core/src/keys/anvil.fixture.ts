/** A real local chain for tests: anvil, on a free port of the loopback interface, gone with the test that started it. */
import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'

export interface Anvil {
  readonly rpcUrl: string
  stop(): Promise<void>
}

/** The binary itself, not the package's wrapper, which would outlive a SIGKILL as its parent. */
function binary(): string {
  const anvil = createRequire(createRequire(import.meta.url).resolve('@foundry-rs/anvil/package.json'))
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch
  return anvil.resolve(`@foundry-rs/anvil-${process.platform}-${architecture}/bin/anvil`)
}

/** @param more arguments of anvil's own */
export async function startAnvil(chainId: number, more: readonly string[] = []): Promise<Anvil> {
  const child = spawn(
    binary(),
    ['--host', '127.0.0.1', '--port', '0', '--chain-id', String(chainId), ...more],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  for await (const line of createInterface({ input: child.stdout })) {
    const port = /^Listening on 127\.0\.0\.1:(\d+)$/.exec(line)?.[1]
    if (port === undefined) continue
    child.stdout.resume() // a full pipe would stop it
    return {
      rpcUrl: `http://127.0.0.1:${port}`,
      stop: () => {
        child.kill('SIGKILL')
        return ended
      },
    }
  }
  throw new Error('anvil ended before it listened')
}
