/** The method reference, docs/methods.md, as the registries say it. Written by `node scripts/write-methods.ts`. */
import type { TSchema } from '@sinclair/typebox'
import { allCapabilities } from '@openclaw-market/web3-core'
import { marketMethods } from '@openclaw-market/market-core'
import { errorCodes } from '@openclaw-market/protocol/errors'
import type { Contract } from '@openclaw-market/protocol/operation'

const nowhere = { url: 'http://localhost', domain: 'localhost', chainIds: [] }

export function methodReference(): string {
  const capabilities = allCapabilities(nowhere)
  const lines = [
    '# Method reference',
    '',
    'Generated from the registries by `node scripts/write-methods.ts`; a test fails when it is out of date. Amounts and',
    'quantities are decimal strings, times ISO 8601 UTC. A `?` marks what may be left out.',
    '',
    '## web3.*',
    '',
    ...capabilities.flatMap(({ contract, facts }) => [
      ...section(contract),
      `- use it: ${tidy(facts.whenToUse)}`,
      `- not: ${tidy(facts.whenNotToUse)}`,
      `- doors: ${facts.doors.join(', ')}`,
      '',
    ]),
    '## market.*',
    '',
    'For operators (`operator.admin`). Each also takes `onBehalfOf { actorId, reason }` beside its parameters.',
    '',
    ...marketMethods.flatMap(({ contract }) => [...section(contract), '']),
    '## Error codes',
    '',
    '| code | HTTP | retry |',
    '|---|---|---|',
    ...Object.entries(errorCodes).map(([code, { http, retry }]) => `| ${code} | ${http} | ${retry} |`),
    '',
  ]
  return lines.join('\n')
}

function section({ name, summary, effect, params, result, errors }: Contract): string[] {
  return [
    `### ${name}`,
    '',
    `${tidy(summary)} (${effect})`,
    '',
    `- parameters: ${fields(params)}`,
    `- answer: ${fields(result)}`,
    `- errors of its own: ${errors.length === 0 ? 'none' : errors.join(', ')}`,
  ]
}

function fields(schema: TSchema): string {
  const required: readonly string[] = schema.required ?? []
  const names = Object.keys((schema.properties ?? {}) as object)
  if (names.length === 0) return 'none'
  return names.map((name) => `\`${name}${required.includes(name) ? '' : '?'}\``).join(', ')
}

/** Names in texts stand in braces, for the registry to fill in. */
function tidy(text: string): string {
  return text.replaceAll(/\{\{([^{}]+)\}\}/g, '`$1`')
}
