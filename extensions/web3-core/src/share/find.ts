/** Looks at this machine for what can be shared: ports of the loopback interface, and folders that were named. */
import type { BackendConfig } from '../provider/backends/config.ts'
import { isSame, type Candidate, type Note } from './candidate.ts'
import { wellKnownPorts } from './hearing.ts'
import { freeName, labelOfModel, slugOf } from './model-name.ts'
import { checkRoom, countDocuments, openFolder } from './places.ts'
import { hear, listenAt, loopback } from './probe.ts'
import { proposedFigure, proposedPolicy, type Sized } from './proposal.ts'
import { recognise, recogniseEndpoint, type Recognised } from './recognise.ts'

/** Where to look. */
export interface Look {
  /** Absent: where such programs listen when nobody has told them otherwise. */
  readonly ports?: readonly number[]
  /** OpenAI-compatible endpoints: the path is what stands before `/models`. */
  readonly endpoints?: readonly { readonly port: number; readonly path: string }[]
  readonly docs?: string
  readonly disk?: { readonly folder: string; readonly bytes: number }
}

export interface Surroundings {
  readonly stateDirectory: string
  /** Of the gateway itself: what it offers is not to be offered again. */
  readonly ownPorts: readonly number[]
  /** What is shared already. */
  readonly shared: readonly { readonly name: string; readonly driver: BackendConfig }[]
  /** Whether another backend has this name. */
  isTaken(name: string): boolean
}

export interface Findings {
  readonly candidates: readonly Candidate[]
  readonly notes: readonly Note[]
}

interface Thing {
  readonly wanted: string
  readonly by: string
  readonly label: string
  readonly sized: Sized
  readonly driver: BackendConfig
}

/** @throws MarketError for a folder that cannot be shared: it was named, so nothing else is what was meant */
export async function find(look: Look, around: Surroundings): Promise<Findings> {
  const things: Thing[] = []
  const notes: Note[] = []
  const ports = (look.ports ?? wellKnownPorts).filter((port) => !around.ownPorts.includes(port))
  const heard = await Promise.all([
    ...ports.map(async (port) => ({ base: loopback(port, ''), of: recogniseAt(await listenAt(port)) })),
    ...(look.endpoints ?? []).map(async ({ port, path }) => {
      const base = loopback(port, path.replace(/\/+$/, ''))
      return { base, named: true, of: recogniseEndpoint(await hear(`${base}/models`)) }
    }),
  ])
  for (const { base, of, ...more } of heard) {
    if (of === undefined) {
      if ('named' in more) notes.push(noEndpoint)
      continue
    }
    const found = inWhatAnswers(of, 'named' in more ? base : `${base}/v1`, base)
    things.push(...found.things)
    notes.push(...found.notes)
  }
  if (look.docs !== undefined) {
    const directory = await openFolder('/docs', look.docs, around.stateDirectory)
    const count = await countDocuments(directory)
    if (count === 0) notes.push(noDocuments)
    else things.push(documents(directory, count))
  }
  if (look.disk !== undefined) {
    const directory = await openFolder('/disk/folder', look.disk.folder, around.stateDirectory)
    const driver = { driver: 'filesystem', directory, maxTotalBytes: look.disk.bytes } as const
    const same = around.shared.find((each) => isSame(each.driver, driver))?.driver
    // What is stored there by now takes of the room that it was given.
    const asBefore = same?.driver === 'filesystem' && same.maxTotalBytes === look.disk.bytes
    if (!asBefore) await checkRoom('/disk/bytes', directory, look.disk.bytes)
    things.push({
      wanted: 'disk',
      by: 'a folder',
      label: 'Disk space',
      sized: { kind: 'storage', bytes: look.disk.bytes },
      driver,
    })
  }
  return { candidates: named(things, around), notes }
}

function recogniseAt(hearing: Awaited<ReturnType<typeof listenAt>>): Recognised | undefined {
  return hearing === undefined ? undefined : recognise(hearing)
}

function inWhatAnswers(
  of: Recognised,
  modelBase: string,
  searchBase: string,
): { things: readonly Thing[]; notes: readonly Note[] } {
  switch (of.what) {
    case 'locked':
      return { things: [], notes: [wantsKey] }
    case 'search':
      return of.ready
        ? { things: [webSearch(searchBase)], notes: [] }
        : { things: [], notes: [of.why === 'limited' ? limited : jsonOff] }
    case 'models': {
      const things = of.models.map(({ id, size }): Thing => {
        const label = labelOfModel(id)
        return {
          wanted: slugOf(of.server === 'OpenAI-compatible' ? 'model' : of.server, label),
          by: of.server,
          label,
          sized: { kind: 'model', ...(size === undefined ? {} : { size }) },
          driver: { driver: 'openai-compat', baseUrl: modelBase, model: id },
        }
      })
      return { things, notes: things.length === 0 ? [noModels(of.server)] : [] }
    }
  }
}

/** Each by the name that it has already, or by one that is free; the same machine gives the same names. */
function named(things: readonly Thing[], { shared, isTaken }: Surroundings): Candidate[] {
  const given = new Set<string>()
  // Two ways to one endpoint lead to one thing.
  const distinct = things.filter(
    ({ driver }, i) => things.findIndex((other) => isSame(other.driver, driver)) === i,
  )
  return distinct.map(({ wanted, by, label, sized, driver }) => {
    const before = shared.find((each) => isSame(each.driver, driver))?.name
    const name = before ?? freeName(wanted, (each) => given.has(each) || isTaken(each))
    given.add(name)
    const { kind } = sized
    return { name, kind, by, label, figure: proposedFigure(sized), policy: proposedPolicy(sized), driver }
  })
}

function documents(directory: string, count: number): Thing {
  return {
    wanted: 'docs',
    by: `a folder, ${count} ${count === 1 ? 'document' : 'documents'}`,
    label: 'Documents',
    sized: { kind: 'search', of: 'docs' },
    driver: { driver: 'local-docs', directory },
  }
}

function webSearch(baseUrl: string): Thing {
  return {
    wanted: 'searxng',
    by: 'SearXNG',
    label: 'Web search',
    sized: { kind: 'search', of: 'web' },
    driver: { driver: 'searxng', baseUrl },
  }
}

const noEndpoint: Note = {
  about: 'the named endpoint',
  problem: 'nothing there lists models as OpenAI does',
  hint: 'Start it, and name what stands before /models, e.g. http://127.0.0.1:8000/v1.',
}
const noDocuments: Note = {
  about: 'the folder of documents',
  problem: 'there are no documents in it that can be searched',
  hint: 'Put text, Markdown or HTML files into it that are neither hidden nor links.',
}
const wantsKey: Note = {
  about: 'a server of models',
  problem: 'it wants a key',
  hint: 'Put the key into a file of its own and the server into provider.backends of web3-core, with apiKeyFile.',
}
const jsonOff: Note = {
  about: 'SearXNG',
  problem: 'its settings allow no JSON',
  hint: 'Add json to search.formats in its settings.yml and restart it.',
}
const limited: Note = {
  about: 'SearXNG',
  problem: 'its limiter refuses this machine',
  hint: 'Set server.limiter to false in its settings.yml, or let 127.0.0.1 pass, and restart it.',
}
function noModels(server: string): Note {
  return {
    about: server,
    problem: 'it has no model that can chat',
    hint: 'Pull or load one there, then look again.',
  }
}
