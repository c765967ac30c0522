/** docs/security.md, as gates/claims has it. Written by `node scripts/write-security.ts`. */
import { areas } from '../gates/claims/claims.ts'
import type { Area, Claim } from '../gates/claims/claim.ts'
import { knownAndOpen } from '../gates/claims/open.ts'

const introduction = `# Security

Every claim below names the function that enforces it and the test that would catch its loss. A gate proves both: it takes
each enforcement away in a copy of the repository, as a careless change would, and demands that the named test fails
(\`npm run soak -- claims\`; \`npm test\` does it for one and checks the names of all). Generated from \`gates/claims/\` by
\`node scripts/write-security.ts\`.

Trusted are the operator’s machine, the passphrase file on it, and the host. The internal rail is custodial: whoever
uses it trusts this market’s operator. Not trusted are strangers over HTTP, leaseholders, providers, upstreams, other
markets, other senders in a chat, whoever has a stolen backup, and the power supply.
`

export function securityPage(): string {
  return [
    introduction,
    ...areas.map(section),
    '## Known and open',
    '',
    'This is not defended:',
    '',
    ...knownAndOpen.map((sentence) => `- ${sentence}`),
    '',
  ].join('\n')
}

function section({ title, against, claims }: Area): string {
  return [
    `## ${title}`,
    '',
    `Against: ${against.charAt(0).toLowerCase()}${against.slice(1)}`,
    '',
    '| claim | enforced by | would be caught by |',
    '|---|---|---|',
    ...claims.map(row),
    '',
  ].join('\n')
}

function row({ claim, file, enforcedBy, caughtBy }: Claim): string {
  const enforced = `[\`${enforcedBy}\`](../${file})`
  return `| ${cell(claim)} | ${enforced} | [${cell(caughtBy.test)}](../${caughtBy.file}) |`
}

/** Nothing in a text may end its cell or its link. */
function cell(text: string): string {
  return text.replaceAll(/[|[\]]/g, '\\$&')
}
