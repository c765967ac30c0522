/** A home with programs on the loopback interface, a folder of notes and one with room, and a gateway in it. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { RunningWorld, WorldOptions } from '../plugin/running-world.fixture.ts'
import { temporaryHome, testWorld, type Json } from '../plugin/world.fixture.ts'
import {
  lmStudioRoutes,
  localServer,
  ollamaRoutes,
  searxngRoutes,
  vllmRoutes,
  type LocalServer,
} from './local-servers.fixture.ts'

export interface Household {
  readonly home: string
  readonly ports: readonly number[]
  readonly servers: readonly LocalServer[]
  readonly docs: string
  readonly disk: string
}

export async function household(): Promise<Household> {
  const home = await temporaryHome()
  const servers = await Promise.all([
    localServer(ollamaRoutes),
    localServer(searxngRoutes('json')),
    localServer(vllmRoutes),
    localServer(lmStudioRoutes),
  ])
  for (const server of servers) onTestFinished(() => server.close())
  const [docs, disk] = [join(home, 'notes'), join(home, 'room')]
  await mkdir(docs)
  await mkdir(disk)
  await writeFile(join(docs, 'tides.md'), '# Tides\n\nThe moon pulls the sea.\n')
  return { home, ports: servers.map(({ port }) => port), servers, docs, disk }
}

export function open({ home, ports }: Household, more: Partial<WorldOptions> = {}): Promise<RunningWorld> {
  return testWorld({ home, config: { share: { ports } }, ...more })
}

export const list = (value: unknown): readonly Json[] => value as readonly Json[]
export const names = (value: unknown): unknown[] => list(value).map(({ name }) => name)
export const everything = ({ docs, disk }: Household) => ({ docs, disk: { folder: disk, bytes: 5_000_000 } })
export const byName = (value: unknown, name: string): Json => {
  const found = list(value).find((each) => each['name'] === name)
  if (found === undefined) throw new Error(`no ${name} in ${JSON.stringify(value)}`)
  return found
}
