/** The main job, from an empty directory to recounted books. */
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { buildPlugins } from '../build-plugins.ts'
import { openclawScript } from '../gateway/gateway-process.ts'
import { isRecord, parseJson, stringAt } from '../gateway/json-value.ts'
import type { StartArguments } from './arguments.ts'
import { runScript } from './child.ts'
import type { Lifetime } from './lifetime.ts'
import { chooseModel, type ModelUpstream } from './model-upstream.ts'
import { bootProvider, grantDeposit, publishAll, type Provider } from './provider.ts'
import { forPeople, resultOf, type Result } from './report.ts'
import { writeNextSteps } from './next-steps.ts'

export const consumerScript = join(import.meta.dirname, '..', 'outside-consumer', 'main.mjs')
export const recountScript = join(import.meta.dirname, '..', 'recount-books', 'main.ts')
const deposit = '5000000'

/** @returns the exit code */
export async function start(given: StartArguments, lifetime: Lifetime): Promise<number> {
  const { once, json } = given
  const startedAt = performance.now()
  const say = (line: string): void => void (json ? process.stderr : process.stdout).write(`${line}\n`)
  say('building the plugins …')
  await buildPlugins()
  const model = await chooseModel(lifetime, given.demo)
  say(`model: ${model.label}`)
  say(`booting OpenClaw ${hostVersion()} with both plugins, on the ${given.store} store …`)
  const provider = await bootProvider(given, model, lifetime)
  say(
    `gateway ready after ${(provider.gateway.bootMs / 1000).toFixed(1)} s; the provider serves at ${provider.url}`,
  )
  for (const { kind, label } of await publishAll(provider, model))
    say(`provider: published ${kind} "${label}"`)

  const wallet = join(lifetime.directory, 'consumer-wallet')
  const caller = await runConsumer(provider, wallet, lifetime, say)
  const served = await model.served()
  // The books are closed before they are counted, unless the market is to stay up: then a snapshot of them is.
  if (once) await provider.gateway.stop()
  const recount = await recountBooks(provider, { caller, served, model }, lifetime, say)
  const seconds = Math.round((performance.now() - startedAt) / 100) / 10
  const { checks, ...result } = resultOf(recount, hostVersion(), seconds)
  if (json) await print(`${JSON.stringify(result)}\n`)
  else say(forPeople({ ...result, checks }))
  if (json) for (const problem of result.problems ?? []) say(`does not hold: ${problem}`)
  if (once || !result.conserved) return exitCode(result)
  say(writeNextSteps(provider, wallet, lifetime.directory))
  const { code, signal } = await provider.gateway.exited
  lifetime.signal.throwIfAborted()
  throw new Error(`the gateway has ended by itself (code ${code}, signal ${signal})`)
}

async function runConsumer(
  provider: Provider,
  wallet: string,
  lifetime: Lifetime,
  say: (line: string) => void,
): Promise<unknown> {
  const made = await runScript(lifetime, [consumerScript, 'wallet', '--wallet', wallet], say)
  const address = stringAt(made.answer, 'address')
  if (address === undefined) throw new Error('the outside consumer has no wallet')
  await grantDeposit(provider, address, deposit)
  say(`operator: granted ${deposit} USDC (base units) to the outside wallet ${address}, marked as a grant`)
  const args = [consumerScript, 'loop', '--wallet', wallet, '--market', provider.url]
  const { code, answer } = await runScript(lifetime, args, say)
  if (code !== 0 || !isRecord(answer)) throw new Error(`the outside consumer failed (code ${code})`)
  return answer
}

async function recountBooks(
  provider: Provider,
  { caller, served, model }: { caller: unknown; served: unknown; model: ModelUpstream },
  lifetime: Lifetime,
  say: (line: string) => void,
): Promise<unknown> {
  const seenFile = join(lifetime.directory, 'seen.json')
  const seen = { caller, served, wordTokens: model.isDemo, files: provider.filesDirectory }
  writeFileSync(seenFile, JSON.stringify(seen), { mode: 0o600 })
  say('recounting the books from the raw files …')
  const args = [recountScript, '--store', provider.storeDirectory, '--seen', seenFile]
  return (await runScript(lifetime, args, say)).answer
}

function hostVersion(): string {
  const manifest = parseJson(readFileSync(join(dirname(openclawScript()), 'package.json'), 'utf8'))
  return stringAt(manifest, 'version') ?? 'unknown'
}

/** A pipe may take the line later than the process ends. */
function print(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(text, (error) => (error === null || error === undefined ? resolve() : reject(error)))
  })
}

function exitCode({ conserved }: Result): number {
  return conserved ? 0 : 1
}
