/**
 * The files of a store. A generation is a snapshot and the journal of what came after it; generation 0 has no snapshot.
 * Every file is written beside its place, synced and renamed into it, so that under its own name it is whole from the
 * start; the snapshot's rename makes its generation the store's.
 */
import { readdirSync, readFileSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { foreign, unreadable } from '../refusals.ts'
import { readFrame } from './frames.ts'

export type FileKind = 'journal' | 'snapshot'
export const formatVersion = 1

export const fileName = (kind: FileKind, generation: number): string => `${kind}-${generation}.jsonl`

export interface Header {
  readonly format: string
  readonly version: number
  readonly generation: number
  /** Journals: the last checksum of the snapshot that it follows. */
  readonly snapshot?: string
}

export function headerText(kind: FileKind, generation: number, snapshot?: string): string {
  const header: Header = {
    format: formatOf(kind),
    version: formatVersion,
    generation,
    ...(snapshot === undefined ? {} : { snapshot }),
  }
  return JSON.stringify(header)
}

export interface Opened {
  readonly name: string
  readonly bytes: Buffer
  readonly header: Header
  readonly sum: string
  /** Where the first line after the header starts. */
  readonly start: number
}

export function openFile(directory: string, kind: FileKind, generation: number): Opened {
  const name = fileName(kind, generation)
  const bytes = readFileSync(join(directory, name))
  const first = readFrame(bytes, 0, '')
  if (first.kind !== 'frame') throw damaged(name, 0)
  const header = JSON.parse(first.json) as Header
  if (header.format !== formatOf(kind))
    throw foreign(`${name} is a file of some other program`, 'Give the market a store directory of its own.')
  if (header.version > formatVersion) {
    throw foreign(
      `${name} has format ${header.version}; this program knows none above ${formatVersion}`,
      'Start the version of OpenClaw Web3 Market that wrote this store, or a later one.',
    )
  }
  if (header.generation !== generation)
    throw unreadable(`${name} says that it is of generation ${header.generation}`)
  return { name, bytes, header, sum: first.sum, start: first.end }
}

/** The generation of the store, or undefined when there is none yet. */
export function currentGeneration(directory: string): number | undefined {
  const files = readdirSync(directory)
  const of = (kind: FileKind): number[] =>
    files.flatMap((name) => {
      const match = /^(journal|snapshot)-(0|[1-9]\d{0,14})\.jsonl$/.exec(name)
      return match?.[1] === kind ? [Number(match[2])] : []
    })
  const journals = of('journal')
  const snapshots = of('snapshot')
  const current = snapshots.length > 0 ? Math.max(...snapshots) : journals.length > 0 ? 0 : undefined
  if (current !== undefined && !journals.includes(current)) {
    throw unreadable(
      snapshots.length > 0
        ? `${fileName('journal', current)} is missing`
        : `${fileName('snapshot', Math.min(...journals))} is missing`,
    )
  }
  return current
}

/** Removes what a generation that never came to be, or one that is over, has left behind. To be called once `current` is read. */
export function sweepFiles(directory: string, current: number): void {
  for (const name of readdirSync(directory)) {
    const ours = /^(?:journal|snapshot)-(\d+)\.jsonl(\.new)?$/.exec(name)
    if (ours !== null && (Number(ours[1]) !== current || ours[2] !== undefined))
      unlinkSync(join(directory, name))
  }
}

export function damaged(name: string, offset: number): Error {
  return unreadable(`${name} is damaged at byte ${offset}`)
}

function formatOf(kind: FileKind): string {
  return `openclaw-web3-market ${kind}`
}
