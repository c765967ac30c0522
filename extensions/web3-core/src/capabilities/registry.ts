/** The one registry behind every surface. */
import { hasAllowance } from '@openclaw-market/market-core'
import { MarketError, toFailure, type Envelope } from '@openclaw-market/protocol/errors'
import { codec } from '@openclaw-market/protocol/schema/codec'
import type { AloneCall, Call, Capability, Door, Group } from './capability.ts'
import type { DescribeContext } from './descriptor.ts'
import {
  capabilityDocument,
  type AnswerForm,
  type CapabilityDocument,
  type SharedSchemas,
} from './document.ts'
import type { Naming } from './naming.ts'
import type { PredicateName } from './predicate.ts'
import { withRequest } from './request.ts'

export interface Registry {
  readonly naming: Naming
  readonly capabilities: readonly Capability[]
  find(shownName: string): Capability | undefined
  call(shownName: string, json: unknown, call: Call): Promise<Envelope>
  /** While there is no market; undefined when nothing serves in its place. */
  callAlone(
    shownName: string,
    json: unknown,
    call: AloneCall & Pick<Call, 'door'> & { readonly owner: boolean },
  ): Promise<Envelope | undefined>
  /** Why it cannot be used now through that door; undefined when it can. */
  unavailable(capability: Capability, door: Door): string | undefined
  /**
   * @param answers how they are described; absent: the whole schema when it is one capability, else an outline
   * @param door through which its reader calls; absent: the owner's programs
   */
  document(capabilities: readonly Capability[], answers?: AnswerForm, door?: Door): CapabilityDocument
}

export function registry(
  capabilities: readonly Capability[],
  naming: Naming,
  unavailable: (capability: Capability, door: Door) => string | undefined,
): Registry {
  const byName = new Map(capabilities.map((c) => [naming.shown(c.contract.name), c]))
  if (byName.size !== capabilities.length) throw new Error('two capabilities are shown under one name')
  const context: Omit<DescribeContext, 'unavailable'> = {
    naming,
    obtainedBy: (is: PredicateName) =>
      capabilities
        .filter(({ facts }) => facts.effects.some((effect) => effect.is === is))
        .map(({ contract }) => naming.shown(contract.name)),
    foundBy: (is: PredicateName) =>
      capabilities
        .filter(({ facts }) => facts.finds?.some((found) => found.is === is))
        .map(({ contract }) => naming.shown(contract.name)),
  }
  const shared: SharedSchemas = new Map()
  return {
    naming,
    capabilities,
    find: (name) => byName.get(name),
    unavailable,
    document: (of, answers = of.length === 1 ? 'schema' : 'outline', door = 'gateway') =>
      capabilityDocument(of, answers, { ...context, unavailable: (each) => unavailable(each, door) }, shared),
    async call(name, json, call) {
      const capability = byName.get(name)
      const envelope =
        capability === undefined
          ? toFailure(unknownName(name))
          : await performAs(capability, json === undefined ? {} : json, call)
      return envelope.ok ? envelope : naming.resolve(envelope)
    },
    async callAlone(name, json, { door, owner, ...call }) {
      const capability = byName.get(name)
      if (capability?.alone === undefined || !capability.facts.doors.includes(door)) return undefined
      // What is the owner's own is for the owner alone; what markets offer is public.
      if (!owner && capability.facts.fromSeen !== true) return undefined
      const envelope = await capability.alone(json === undefined ? {} : json, call)
      return envelope === undefined || envelope.ok ? envelope : naming.resolve(envelope)
    },
  }
}

async function performAs(capability: Capability, json: unknown, call: Call): Promise<Envelope> {
  const refusal = refuse(capability, json, call) ?? (await withoutAllowance(capability, json, call))
  if (refusal !== undefined) return toFailure(refusal)
  return capability.perform(json, { ...call, who: withRequest(capability, json, call.who) })
}

/**
 * What is refused whatever the parameters do. A stranger in a group chat changes nothing, and spends only by an allowance
 * (DESIGN §4).
 */
function refuse(
  { contract, facts }: Capability,
  json: unknown,
  { who, door }: Call,
): MarketError | undefined {
  if (!facts.doors.includes(door)) {
    return new MarketError('E_FORBIDDEN', `{{${contract.name}}} cannot be called from here`, {
      hint: `It can be called through: ${facts.doors.join(', ')}.`,
    })
  }
  if (facts.actor !== 'anyone' && who.kind === 'anyone') {
    return new MarketError('E_AUTH_REQUIRED', 'no wallet has been proved', {
      hint: 'Sign in: {{web3.siwe.challenge}}, sign its message, {{web3.siwe.verify}}. Or sign this one request.',
    })
  }
  const others = who.kind === 'node' && !who.owner && facts.byAllowance !== true
  return others && contract.effect !== 'read' && isValid(contract, json) ? ownerOnly(contract) : undefined
}

/** How much is allowed is decided where it is spent; here only that a stranger learns and tries nothing. */
async function withoutAllowance(
  { contract, facts }: Capability,
  json: unknown,
  { who, web3 }: Call,
): Promise<MarketError | undefined> {
  if (facts.byAllowance !== true || who.kind !== 'node' || who.owner || !isValid(contract, json))
    return undefined
  const named = await web3.market().store.read({ as: 'market' }, (tx) => hasAllowance(tx, who))
  return named ? undefined : ownerOnly(contract)
}

function ownerOnly({ effect }: Capability['contract']): MarketError {
  return new MarketError(
    'E_FORBIDDEN',
    "only the owner may do this, and this message is not proved to be the owner's",
    {
      details: { rule: 'owner-only', effect, ...(effect === 'money' ? { limit: '0' } : {}) },
      hint:
        effect === 'money'
          ? 'The owner has to ask for it, from its own session, or gives an allowance to this sender with /allowance.'
          : 'The owner has to ask for it, from its own session.',
    },
  )
}

/** What is malformed is told so first: that it would not have been allowed either helps nobody mend it. */
function isValid({ params }: Capability['contract'], json: unknown): boolean {
  return codec(params).problem(json) === undefined
}

/** What stands in the place of a name may be a token: only what has the form of a name is repeated. */
const nameForm = /^[a-z][a-z0-9]{0,30}(\.[A-Za-z][A-Za-z0-9]{0,30}){1,3}$/

export function unknownName(name: string): MarketError {
  return new MarketError(
    'E_NOT_FOUND',
    `there is no capability ${nameForm.test(name) ? name : 'of that name'}`,
    {
      hint: 'List them with {{web3.capabilities.list}}.',
    },
  )
}

export function describeAll(
  of: Registry,
  group?: Group,
  answers?: AnswerForm,
  door?: Door,
): CapabilityDocument {
  const chosen = of.capabilities.filter(({ facts }) => group === undefined || facts.group === group)
  return of.document(chosen, answers, door)
}

/**
 * Everything, for a reader at this door. A butler or a wallet that reads all there is reads nothing that it could never
 * call; the owner's programs see the whole. The owner's wallet, one of many, asks by name or group for what is its alone.
 */
export function describeAt(of: Registry, door: Door, answers?: AnswerForm): CapabilityDocument {
  return of.document(of.capabilities.filter(concerns(door)), answers, door)
}

function concerns(door: Door): (capability: Capability) => boolean {
  return ({ facts }) => {
    if (door === 'gateway') return true
    if (!facts.doors.includes(door)) return false
    return door === 'tool' || facts.prerequisites.every(({ is }) => is !== 'owners_side')
  }
}
