/**
 * `openclaw web3 …`. These verbs run in a process of their own and go through the gateway; only `lease token` opens a file,
 * the encrypted vault, so that a token never passes through RPC (DESIGN §15).
 */
import { text as readAll } from 'node:stream/consumers'
import type { OpenClawPluginApi } from 'openclaw/plugin-sdk/plugin-entry'
import type { GatewayRpcOpts } from 'openclaw/plugin-sdk/gateway-runtime'
import {
  isErrorCode,
  toFailure,
  isMarketError,
  MarketError,
  type Envelope,
} from '@openclaw-market/protocol/errors'
import { canonicalNaming } from '../capabilities/naming.ts'
import { readLeaseToken } from './lease-token.ts'

type Program = Parameters<Parameters<OpenClawPluginApi['registerCli']>[0]>[0]['program']

export const cliDescriptor = {
  name: 'web3',
  description: 'The open market: call, describe, lease',
  hasSubcommands: true,
}

export function registerCli(api: OpenClawPluginApi): void {
  api.registerCli(({ program }) => addVerbs(program, api), { descriptors: [cliDescriptor] })
}

interface CallOptions extends GatewayRpcOpts {
  readonly params?: string
}

function addVerbs(program: Program, api: OpenClawPluginApi): void {
  const web3 = program.command('web3').description(cliDescriptor.description)
  web3
    .command('call <name>')
    .description('call a capability by its name')
    .option('--params <json>', 'its parameters as JSON, or - to read them from standard input', '{}')
    .option('--json', 'print the answer as one line of JSON', false)
    .action(async (name: string, options: CallOptions) => {
      await finish(options.json === true, async () =>
        throughGateway(name, await readParams(options.params ?? '{}'), options),
      )
    })
  web3
    .command('describe [name]')
    .description('say everything about a capability, or list them all')
    .option('--json', 'print the answer as one line of JSON', false)
    .action(async (name: string | undefined, options: CallOptions) => {
      await finish(options.json === true, () =>
        name === undefined
          ? throughGateway('web3.capabilities.list', { includeUnavailable: true }, options)
          : throughGateway('web3.capabilities.describe', { name }, options),
      )
    })
  web3
    .command('lease')
    .description('leases that this gateway holds')
    .command('token <leaseId>')
    .description('print the access token of a lease, for another client')
    .option('--json', 'print the answer as one line of JSON', false)
    .action(async (leaseId: string, options: CallOptions) => {
      await finish(options.json === true, async () => ({
        ok: true,
        ...(await readLeaseToken(leaseId, api.config)),
      }))
    })
}

async function throughGateway(
  name: string,
  params: Record<string, unknown>,
  options: GatewayRpcOpts,
): Promise<Envelope> {
  const { callGatewayFromCli, isGatewayClientRequestError } =
    await import('openclaw/plugin-sdk/gateway-runtime')
  try {
    const answer: unknown = await callGatewayFromCli(name, options, params, {
      scopes: ['operator.read', 'operator.write'],
      progress: false,
    })
    return answer as Envelope
  } catch (error) {
    if (isGatewayClientRequestError(error)) return refusal(name, error.details, error.message)
    throw new MarketError('E_UNAVAILABLE', 'the gateway does not answer', {
      hint: 'Start it with: openclaw gateway run. If it runs, check gateway.port and gateway.auth in the config.',
      cause: error,
    })
  }
}

/**
 * Our own failures carry their envelope; the host's only words. Of a method that does not exist, as of one for operators, it
 * says that a scope is missing: neither is a capability.
 */
function refusal(name: string, details: unknown, message: string): Envelope {
  if (details !== null && typeof details === 'object') {
    if ('error' in details && isErrorCode(details.error)) return details as Envelope
    if ('missingScope' in details) {
      return toFailure(
        new MarketError('E_NOT_FOUND', `there is no capability ${name}`, {
          hint: 'See what there is with: openclaw web3 describe',
        }),
      )
    }
  }
  return toFailure(
    new MarketError('E_UNAVAILABLE', message, { hint: 'The gateway itself refused; see its log.' }),
  )
}

async function readParams(text: string): Promise<Record<string, unknown>> {
  try {
    const params: unknown = JSON.parse(text === '-' ? await readAll(process.stdin) : text)
    if (params !== null && typeof params === 'object' && !Array.isArray(params)) return { ...params }
  } catch {
    // Falls through: whatever it is, it is no JSON object.
  }
  throw new MarketError('E_INVALID_ARGUMENT', '--params is not a JSON object', {
    details: { pointer: '', rule: 'type' },
    hint: 'Quote it for the shell: --params \'{"kind":"search"}\'.',
  })
}

/** Prints the envelope; a failure goes to standard error and sets the exit code. */
async function finish(json: boolean, run: () => Promise<Envelope>): Promise<void> {
  const envelope = await run().catch((error: unknown) => {
    if (isMarketError(error)) return canonicalNaming.resolve(toFailure(error))
    throw error
  })
  const text = json ? JSON.stringify(envelope) : JSON.stringify(envelope, null, 2)
  if (envelope.ok) {
    process.stdout.write(`${text}\n`)
    return
  }
  process.exitCode = 1
  process.stderr.write(
    json ? `${text}\n` : `${envelope.error}: ${envelope.message}\n${envelope.hint ?? ''}\n`,
  )
}
