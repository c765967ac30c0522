/** What every verb of the command line does: asks the gateway, prints what it answered, and sets the exit code. */
import type { GatewayRpcOpts } from 'openclaw/plugin-sdk/gateway-runtime'
import type { OpenClawPluginApi } from 'openclaw/plugin-sdk/plugin-entry'
import {
  isErrorCode,
  isMarketError,
  MarketError,
  toFailure,
  type Envelope,
  type Success,
} from '@openclaw-market/protocol/errors'
import { canonicalNaming } from '../capabilities/naming.ts'

export type Program = Parameters<Parameters<OpenClawPluginApi['registerCli']>[0]>[0]['program']
export type OperatorScope = 'operator.read' | 'operator.write' | 'operator.admin'

/** Scopes are those that the method needs, so that a verb that only reads holds no more. */
export async function throughGateway(
  name: string,
  params: Record<string, unknown>,
  options: GatewayRpcOpts,
  scopes: readonly OperatorScope[] = ['operator.read', 'operator.write'],
): Promise<Envelope> {
  const { callGatewayFromCli, isGatewayClientRequestError } =
    await import('openclaw/plugin-sdk/gateway-runtime')
  try {
    const answer: unknown = await callGatewayFromCli(name, options, params, {
      scopes: [...scopes],
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

/** Prints the envelope; a failure goes to standard error and sets the exit code. */
export async function finish(
  json: boolean,
  run: () => Promise<Envelope>,
  show: (envelope: Success<Record<string, unknown>>) => string = (envelope) =>
    JSON.stringify(envelope, null, 2),
): Promise<void> {
  const envelope = await run().catch((error: unknown) => {
    if (isMarketError(error)) return canonicalNaming.resolve(toFailure(error))
    throw error
  })
  if (envelope.ok) {
    process.stdout.write(`${json ? JSON.stringify(envelope) : show(envelope)}\n`)
    return
  }
  process.exitCode = 1
  process.stderr.write(
    json
      ? `${JSON.stringify(envelope)}\n`
      : `${envelope.error}: ${envelope.message}\n${envelope.hint ?? ''}\n`,
  )
}
