/** What a person can do with a market that stays up. Every line works as it stands; no token is among them. */
import { writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { openclawScript } from '../gateway/gateway-process.ts'
import type { Provider } from './provider.ts'

const scripts = join(import.meta.dirname, '..')

export function writeNextSteps(provider: Provider, wallet: string, directory: string): string {
  const { url, gateway, storeDirectory } = provider
  const openclaw = writeCommand(join(directory, 'openclaw'), openclawScript(), {
    HOME: gateway.home,
    OPENCLAW_STATE_DIR: gateway.stateDir,
    OPENCLAW_CONFIG_PATH: gateway.configPath,
  })
  const recount = writeCommand(join(directory, 'recount'), join(scripts, 'recount-books', 'main.ts'))
  const consumer = `node ${fromHere(join(scripts, 'outside-consumer', 'main.mjs'))}`
  const token = join(directory, 'model-token')
  return `
The market stays up. Stop it with Ctrl-C; everything it keeps is in ${directory} and goes with it.

As the owner, through the gateway at ${gateway.url}:
  ${openclaw} web3 call web3.status.summary
  ${openclaw} web3 describe web3.resources.lease
  ${openclaw} gateway call market.settlement.list --json

As a stranger, on the provider's own port:
  curl -s ${url}/web3/api/web3.capabilities.list -H 'content-type: application/json' -d '{}'
  curl -s ${url}/web3/api/web3.resources.list -H 'content-type: application/json' -d '{}'

Lease the model with the outside wallet; the token goes to a file that only you can read:
  ${consumer} lease --wallet ${wallet} --market ${url} --kind model --max-cost 50000 --token-file ${token}
Then any OpenAI client works, with base URL ${url}/web3/v1 and that token as its key:
  (printf 'authorization: Bearer '; cat ${token}) | curl -sN -H @- ${url}/web3/v1/chat/completions \\
    -H 'content-type: application/json' -d '{"messages":[{"role":"user","content":"count to 5"}],"stream":true}'
End it, with the leaseId that the lease has printed:
  ${consumer} complete --wallet ${wallet} --market ${url} --lease LEASE

Recount the books at any time:
  ${recount} --store ${storeDirectory}
`
}

/** A script with the Node and the environment that a program wants, so that nobody has to put them into the shell. */
function writeCommand(
  file: string,
  script: string,
  environment: Readonly<Record<string, string>> = {},
): string {
  const lines = [
    '#!/bin/sh',
    ...Object.entries(environment).map(([name, value]) => `export ${name}=${quoted(value)}`),
    `exec ${quoted(process.execPath)} ${quoted(script)} "$@"`,
  ]
  writeFileSync(file, `${lines.join('\n')}\n`, { mode: 0o700 })
  return file
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
}

function fromHere(path: string): string {
  const near = relative(process.cwd(), path)
  return near.startsWith('..') ? path : near
}
