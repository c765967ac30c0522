/** `openclaw share …`: what this machine has to spare, on the market in one command. */
import { homedir } from 'node:os'
import type { Static, TObject } from '@sinclair/typebox'
import { fromFailure, MarketError, type Envelope } from '@openclaw-market/protocol/errors'
import type { Contract } from '@openclaw-market/protocol/operation'
import { PriceComponent } from '@openclaw-market/protocol/money/price'
import { codec } from '@openclaw-market/protocol/schema/codec'
import { findContract } from '../share/find-capability.ts'
import { startContract } from '../share/start-capability.ts'
import { statusContract } from '../share/status-capability.ts'
import { stopContract } from '../share/stop-capability.ts'
import { finish, throughGateway, type OperatorScope, type Program } from './cli-gateway.ts'
import { asker, type Asker } from './share/asker.ts'
import { chooseByAsking, confirms, preselect, type Chosen, type Findings } from './share/choose.ts'
import { readLook, readPrices, type Look, type StartOptions } from './share/options.ts'
import { foundText, priceText, startText, statusText, stopText, stopWarning } from './share/text.ts'

export const shareDescriptor = {
  name: 'share',
  description: 'Share what this machine has to spare on the open market: start, status, stop',
  hasSubcommands: true,
}

interface StopOptions extends StartOptions {
  readonly endLeases?: boolean
}

const several = (value: string, before: readonly string[] = []): readonly string[] => [...before, value]

export function addShareVerbs(program: Program): void {
  const share = program.command('share').description(shareDescriptor.description)
  share
    .command('start [names...]')
    .description('find what can be shared here, propose prices, ask, and publish it')
    .option('--at <port>', 'look at this port of this machine only; may be repeated', several)
    .option('--model-url <url>', 'an OpenAI-compatible server of this machine; may be repeated', several)
    .option('--docs <dir>', 'share a search in this folder of documents')
    .option('--disk <dir>', 'share room for files in this folder')
    .option('--size <size>', 'how much of it, like 10GB')
    .option('--price <name=figure>', 'another price than the proposed one; may be repeated', several)
    .option('--yes', 'ask nothing: share all that is found, or named, as proposed', false)
    .option('--json', 'print the answer as one line of JSON', false)
    .action(async (names: string[], options: StartOptions) => {
      let currencies: Findings['currencies'] = []
      await finish(
        options.json === true,
        async () => {
          const found = await plan(names, options)
          currencies = found.currencies
          return throughGateway(startContract.name, found.params, options, admin)
        },
        (envelope) => startText(read(startContract.result, envelope), currencies),
      )
    })
  share
    .command('status')
    .description('who uses what is shared, what it earned, and whether it answers')
    .option('--yes', 'for scripts: there is nothing to ask', false)
    .option('--json', 'print the answer as one line of JSON', false)
    .action(async (options: StartOptions) => {
      await finish(
        options.json === true,
        () => throughGateway(statusContract.name, {}, options, ['operator.read']),
        (envelope) => statusText(read(statusContract.result, envelope)),
      )
    })
  share
    .command('stop [names...]')
    .description('take it off the market and let its leases end')
    .option('--end-leases', 'end the leases now', false)
    .option('--yes', 'ask nothing', false)
    .option('--json', 'print the answer as one line of JSON', false)
    .action(async (names: string[], options: StopOptions) => {
      await finish(
        options.json === true,
        async () => {
          if (options.yes !== true) await confirmStop(names, options)
          const params = {
            ...(names.length === 0 ? {} : { names }),
            ...(options.endLeases === true ? { endLeases: true } : {}),
          }
          return throughGateway(stopContract.name, params, options, admin)
        },
        (envelope) => stopText(read(stopContract.result, envelope)),
      )
    })
}

/** Whoever may share a folder may read it. */
const admin: readonly OperatorScope[] = ['operator.admin', 'operator.write', 'operator.read']

/** @throws MarketError what the gateway refuses with; E_NOT_FOUND, E_APPROVAL_REQUIRED when there is nothing to do */
async function plan(names: readonly string[], options: StartOptions) {
  const prices = readPrices(options.price)
  const typed = readLook(options)
  const terminal = options.yes === true ? undefined : atTerminal()
  try {
    const look = terminal === undefined ? typed : await askForFolders(typed, names, terminal)
    const findings = await ask(findContract, look, options)
    if (findings.found.length === 0) throw nothingFound(findings)
    const offered = preselect(findings, names, prices)
    const chosen =
      options.yes === true ? offered : await agree({ ...findings, found: [...offered] }, terminal)
    const things = chosen.map(({ name, prices: each }) => ({
      name,
      prices: each.map((price) => codec(PriceComponent).encode(price)),
    }))
    return { params: { ...look, things }, currencies: findings.currencies }
  } finally {
    terminal?.close()
  }
}

async function agree(findings: Findings, terminal: Asker | undefined): Promise<readonly Chosen[]> {
  if (terminal === undefined) {
    throw new MarketError('E_APPROVAL_REQUIRED', 'nobody is there to be asked, and --yes was not given', {
      details: {
        wouldShare: findings.found.map((each) => ({
          name: each.name,
          kind: each.kind,
          label: each.label,
          price: priceText(each, findings.currencies),
        })),
      },
      hint: `Add --yes to share this: ${findings.found.map(({ name }) => name).join(', ')}.`,
    })
  }
  terminal.say(`Found on this machine:\n\n${foundText(findings)}\n`)
  const chosen = await chooseByAsking(findings, terminal)
  if (chosen !== undefined) return chosen
  throw declined('Nothing was shared.')
}

/** Only when nothing was said of where to look: then there may be folders, too. */
async function askForFolders(look: Look, names: readonly string[], terminal: Asker): Promise<Look> {
  if (Object.keys(look).length > 0 || names.length > 0) return look
  const docs = await terminal.ask('A folder of documents to share a search in? [none] ')
  const disk = await terminal.ask('A folder to share room for files in? [none] ')
  const size =
    disk === undefined || disk === '' ? undefined : (await terminal.ask('How much of it? [10GB] ')) || '10GB'
  return readLook({
    ...(docs === undefined || docs === '' ? {} : { docs: atHome(docs) }),
    ...(size === undefined || disk === undefined ? {} : { disk: atHome(disk), size }),
  })
}

/** As a shell would have read it. */
function atHome(folder: string): string {
  return folder.replace(/^~(?=\/|$)/, homedir())
}

function nothingFound({ notes }: Findings): MarketError {
  return new MarketError('E_NOT_FOUND', 'nothing that can be shared is found here', {
    details: { notes },
    hint: [
      ...notes.map(({ about, problem, hint }) => `${about}: ${problem}. ${hint}`),
      'Start Ollama, LM Studio, vLLM, llama.cpp or SearXNG; or name --model-url URL, --docs DIR, or --disk DIR --size 10GB.',
    ].join('\n'),
  })
}

async function confirmStop(names: readonly string[], options: StopOptions): Promise<void> {
  const { shared, currencies } = await ask(statusContract, {}, options, ['operator.read'])
  const meant = shared.filter(({ name }) => names.length === 0 || names.includes(name))
  // What is not there, the gateway refuses by itself.
  if (meant.length === 0) return
  const warning = stopWarning(meant, currencies, options.endLeases === true)
  const terminal = atTerminal()
  if (terminal === undefined) {
    throw new MarketError('E_APPROVAL_REQUIRED', 'nobody is there to be asked, and --yes was not given', {
      details: { wouldStop: meant.map(({ name }) => name) },
      hint: `Add --yes. ${warning}`,
    })
  }
  try {
    terminal.say(warning)
    if (!(await confirms(terminal, 'Stop?'))) throw declined('Nothing was stopped.')
  } finally {
    terminal.close()
  }
}

function declined(message: string): MarketError {
  return new MarketError('E_APPROVAL_REQUIRED', message, { hint: 'Run it again whenever you like.' })
}

/** Undefined where nobody can answer: in a pipe, in a script. */
function atTerminal(): Asker | undefined {
  return process.stdin.isTTY && process.stderr.isTTY ? asker(process.stdin, process.stderr) : undefined
}

async function ask<R extends TObject>(
  { name, result }: Contract<TObject, R>,
  params: object,
  options: StartOptions,
  scopes: readonly OperatorScope[] = admin,
): Promise<Static<R>> {
  return read(result, await throughGateway(name, { ...params }, options, scopes))
}

function read<R extends TObject>(result: R, envelope: Envelope): Static<R> {
  if (!envelope.ok) throw fromFailure(envelope)
  const { ok: _ok, ...answer } = envelope
  return codec(result).decode(answer)
}
