/** What becomes of a contract's source: interface and code, as a TypeScript file that viem takes its types from. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import hre from 'hardhat'

const contracts = join(import.meta.dirname, '..', 'contracts')

/** Of each contract that is deployed, the file that it is written to. */
const deployed = { MarketEscrow: 'market-escrow', AuditAnchor: 'audit-anchor' } as const

interface Artifact {
  readonly abi: unknown
  readonly bytecode: string
  readonly deployedBytecode: string
  readonly immutableReferences: Readonly<Record<string, readonly { start: number; length: number }[]>>
}

/** @returns the text of each file by its path */
export async function compiledContracts(): Promise<ReadonlyMap<string, string>> {
  await hre.tasks.getTask('build').run({ quiet: true, noTests: true })
  return new Map(
    Object.entries(deployed).map(([name, file]) => {
      const path = join(contracts, 'artifacts', 'contracts', 'src', `${name}.sol`, `${name}.json`)
      return [
        join(contracts, 'build', `${file}.ts`),
        written(name, JSON.parse(readFileSync(path, 'utf8')) as Artifact),
      ]
    }),
  )
}

export function writeContracts(files: ReadonlyMap<string, string>): void {
  for (const [path, text] of files) writeFileSync(path, text)
}

/** The places in the code that are filled in when it is deployed. */
function filledIn({ immutableReferences }: Artifact): readonly (readonly [number, number])[] {
  return Object.values(immutableReferences)
    .flat()
    .map(({ start, length }) => [start, length] as const)
    .toSorted(([a], [b]) => a - b)
}

function written(name: string, artifact: Artifact): string {
  const exported = `${name.charAt(0).toLowerCase()}${name.slice(1)}`
  const parts = {
    abi: artifact.abi,
    bytecode: artifact.bytecode,
    deployedBytecode: artifact.deployedBytecode,
    immutables: filledIn(artifact),
  }
  return [
    `/** Made from contracts/src/${name}.sol by scripts/build-contracts.ts. */`,
    `export const ${exported} = ${JSON.stringify(parts)} as const\n`,
  ].join('\n')
}
