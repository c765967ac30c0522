/**
 * `openclaw web3 …`. These verbs run in a process of their own and go through the gateway; only `lease token` opens a file,
 * the encrypted vault, so that a token never passes through RPC (DESIGN §15).
 */
import { text as readAll } from 'node:stream/consumers'
import type { OpenClawPluginApi } from 'openclaw/plugin-sdk/plugin-entry'
import type { GatewayRpcOpts } from 'openclaw/plugin-sdk/gateway-runtime'
import { MarketError } from '@openclaw-market/protocol/errors'
import { finish, throughGateway, type Program } from './cli-gateway.ts'
import { addShareVerbs, shareDescriptor } from './cli-share.ts'
import { readLeaseToken } from './lease-token.ts'

export const cliDescriptor = {
  name: 'web3',
  description: 'The open market: call, describe, lease',
  hasSubcommands: true,
}

export function registerCli(api: OpenClawPluginApi): void {
  api.registerCli(({ program }) => addVerbs(program, api), { descriptors: [cliDescriptor] })
  api.registerCli(({ program }) => addShareVerbs(program), { descriptors: [shareDescriptor] })
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
