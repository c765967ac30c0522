/** The registry as RPC methods of the gateway: the owner's programs, acting as the node wallet. */
import type { OpenClawPluginApi } from 'openclaw/plugin-sdk/plugin-entry'
import { isMarketError, MarketError, toFailure, type Envelope } from '@openclaw-market/protocol/errors'
import type { Principal, RunFacts } from '@openclaw-market/protocol/principal'
import type { Capability } from '../capabilities/capability.ts'
import { runningWeb3 } from '../plugin/handle.ts'
import type { Web3 } from '../plugin/web3.ts'

export function registerGatewayMethods(
  api: OpenClawPluginApi,
  capabilities: readonly Capability[],
  shown: (canonical: string) => string,
): void {
  for (const { contract, facts } of capabilities) {
    if (!facts.doors.includes('gateway')) continue
    const name = shown(contract.name)
    const scope = `operator.${contract.scope}` as const
    api.registerGatewayMethod(
      name,
      async ({ params, respond }) => {
        const envelope = await callAsNode(name, params, { door: 'gateway', owner: true })
        if (envelope.ok) respond(true, envelope)
        else respond(false, undefined, { code: envelope.error, message: envelope.message, details: envelope })
      },
      { scope },
    )
  }
}

/** Through which of the owner's doors a call came, and what the door has proved. */
export interface OwnersDoor {
  readonly door: 'gateway' | 'tool'
  /** Whether the owner asks; whoever holds the gateway's token does. */
  readonly owner: boolean
  readonly run?: RunFacts
}

export async function callAsNode(name: string, params: unknown, from: OwnersDoor): Promise<Envelope> {
  let report: Web3['report'] | undefined
  try {
    const web3 = runningWeb3()
    report = web3.report
    const off = whyOff(web3)
    if (off !== undefined) {
      const { door, owner } = from
      const call = { door, owner, web3, off: owner ? off : withoutCause(off) }
      const alone = await web3.registry.callAlone(name, params, call)
      if (alone !== undefined) return alone
    }
    return await web3.registry.call(name, params, {
      who: nodeWallet(web3, name, from),
      door: from.door,
      web3,
    })
  } catch (error) {
    if (isMarketError(error)) return toFailure(from.owner ? error : withoutCause(error))
    report?.(`a call through the ${from.door}`, error)
    return toFailure(
      new MarketError('E_INTERNAL', `${name} failed for a reason of its own`, {
        hint: 'The operator finds the cause in the log. Look before repeating: it may have been done.',
      }),
    )
  }
}

export function whyOff(web3: Web3): MarketError | undefined {
  try {
    web3.market()
    return undefined
  } catch (error) {
    if (isMarketError(error)) return error
    throw error
  }
}

/** What is wrong with the config is the owner's to know. */
export function withoutCause(error: MarketError): MarketError {
  if (error.code !== 'E_NOT_CONFIGURED') return error
  return new MarketError('E_UNAVAILABLE', 'the market is not running', { hint: 'Its owner finds why.' })
}

/** What needs no market, like the descriptions, is answered even while it is off. */
export function nodeWallet(web3: Web3, name: string, { owner, run }: OwnersDoor): Principal {
  if (web3.registry.find(name)?.facts.offline === true) return { kind: 'anyone' }
  return { kind: 'node', actorId: web3.market().address, owner, ...(run === undefined ? {} : { run }) }
}
