/**
 * The part of a package registry that an install asks for, on loopback: the packages that lie in this repository's
 * node_modules, packed as they are. So an install needs no network, and takes nothing that was not locked.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { isRecord, parseJson, stringAt } from '../scripts/gateway/json-value.ts'

export interface NpmRegistry {
  readonly url: string
  /** What was asked for, in order. */
  readonly asked: readonly string[]
  close(): Promise<void>
}

interface Packed {
  readonly manifest: Readonly<Record<string, unknown>>
  readonly tarball: Buffer
}

/** @param from a package of ours whose dependencies, and theirs, are served */
export async function npmRegistry(from: string): Promise<NpmRegistry> {
  const packages = new Map<string, Packed>()
  addDependencies(packages, realpathSync(from))
  const asked: string[] = []
  const server = createServer((request, response) => {
    const path = decodeURIComponent((request.url ?? '').slice(1))
    asked.push(path)
    const [name = '', file] = path.split('/-/')
    const found = packages.get(name)
    if (found === undefined) return void response.writeHead(404).end('{}')
    if (file !== undefined) return void response.end(found.tarball)
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(packument(name, found, `http://${request.headers.host}`)))
  })
  const listening = Promise.withResolvers<void>()
  server.once('error', listening.reject)
  server.listen(0, '127.0.0.1', listening.resolve)
  await listening.promise
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('no port')
  return {
    url: `http://127.0.0.1:${address.port}/`,
    asked,
    close: () => new Promise((resolve) => void server.close(() => resolve())),
  }
}

function addDependencies(packages: Map<string, Packed>, directory: string): void {
  const { dependencies } = manifestOf(directory)
  for (const name of Object.keys(isRecord(dependencies) ? dependencies : {})) {
    if (packages.has(name)) continue
    const entry = createRequire(join(directory, 'package.json')).resolve(`${name}/package.json`)
    const found = realpathSync(dirname(entry))
    packages.set(name, { manifest: manifestOf(found), tarball: packed(found) })
    addDependencies(packages, found)
  }
}

function manifestOf(directory: string): Readonly<Record<string, unknown>> {
  const manifest = parseJson(readFileSync(join(directory, 'package.json'), 'utf8'))
  if (!isRecord(manifest)) throw new Error(`${directory} is no package`)
  return manifest
}

/** Whole, but for the packages inside it. */
function packed(directory: string): Buffer {
  const work = mkdtempSync(join(tmpdir(), 'npm-registry-'))
  try {
    const [copy, archive] = [join(work, 'package'), join(work, 'package.tgz')]
    mkdirSync(copy)
    cpSync(directory, copy, { recursive: true, filter: (path) => !path.endsWith('node_modules') })
    execFileSync('tar', ['-czf', archive, '-C', work, 'package'])
    return readFileSync(archive)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

function packument(name: string, { manifest, tarball }: Packed, url: string): unknown {
  const version = stringAt(manifest, 'version') ?? ''
  const integrity = `sha512-${createHash('sha512').update(tarball).digest('base64')}`
  const dist = { tarball: `${url}/${name}/-/${version}.tgz`, integrity }
  return { name, 'dist-tags': { latest: version }, versions: { [version]: { ...manifest, dist } } }
}
