import { Type } from '@sinclair/typebox'
import { MarketError } from '@openclaw-market/protocol/errors'
import type { Contract } from '@openclaw-market/protocol/operation'
import { closed, literals } from '@openclaw-market/protocol/schema/scalars'
import { capability, groups } from './capability.ts'
import { answerForms, CapabilityDocument } from './document.ts'
import { describeAll, describeAt, unknownName } from './registry.ts'

const contract = {
  name: 'web3.capabilities.describe',
  summary: 'Says of one capability, a group, or all, everything that is needed to call them safely.',
  effect: 'read',
  scope: 'read',
  params: closed(
    {
      name: Type.Optional(Type.String({ minLength: 1, maxLength: 100, description: 'one capability' })),
      group: Type.Optional(literals(groups)),
      answers: Type.Optional(
        literals(
          answerForms,
          'schema: of every answer, too long for a tool result; absent: of one name only',
        ),
      ),
    },
    { not: { required: ['name', 'group'] } },
  ),
  result: CapabilityDocument,
  errors: ['E_NOT_FOUND'],
} as const satisfies Contract

export const describeCapabilities = capability(
  contract,
  {
    group: 'capabilities',
    whenToUse: 'Before the first call of a capability: schema, errors, cost, risk, and what is legal next.',
    whenNotToUse: 'All at once when one or a group will do: tokens says how much there is to read.',
    returns: 'A descriptor each. The same hash means that nothing has changed.',
    errors: { E_NOT_FOUND: 'there is no capability of that name' },
    doors: ['gateway', 'tool', 'api'],
    offline: true,
    actor: 'anyone',
    risk: { level: 'none', reversible: true },
    pricing: { charge: 'none', units: [] },
    prerequisites: [],
    effects: [],
    next: [],
    idempotency: 'reads-only',
    examples: { valid: { group: 'search' }, invalid: { name: '' } },
  },
  async ({ name, group, answers }, { door, web3: { registry } }) => {
    if (name === undefined)
      return group === undefined
        ? describeAt(registry, door, answers)
        : describeAll(registry, group, answers, door)
    if (group !== undefined) {
      throw new MarketError('E_INVALID_ARGUMENT', '/group: give name or group, not both', {
        details: { pointer: '/group', rule: 'one-of' },
        hint: 'Leave one of them out.',
      })
    }
    const found = registry.find(name)
    if (found !== undefined) return registry.document([found], answers, door)
    throw unknownName(name)
  },
)
