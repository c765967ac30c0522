/**
 * Makes the backends that local config names. What is wrong with one is answered, not thrown: the gateway starts, the
 * other backends serve, and the operator reads what to mend.
 */
import { readFileSync, realpathSync, statSync } from 'node:fs'
import path from 'node:path'
import type { TSchema, Static } from '@sinclair/typebox'
import { codec } from '@openclaw-market/protocol/schema/codec'
import { BackendName } from '@openclaw-market/protocol/entities/resource'
import type { Backend } from './backend.ts'
import {
  backendConfigs,
  FilesystemConfig,
  LocalDocsConfig,
  OpenAiCompatConfig,
  SearxngConfig,
} from './config.ts'
import { filesystemBackend } from './filesystem.ts'
import { isJsonObject } from './json.ts'
import { localDocsBackend } from './local-docs.ts'
import { openAiCompatBackend } from './openai-compat.ts'
import { searxngBackend } from './searxng.ts'
import { baseUrlProblem } from './upstream-url.ts'

/** For the operator's eyes. Says which field, and never what stands in it. */
export interface ConfigProblem {
  /** JSON pointer into the plugin's config, e.g. `/provider/backends/docs/directory`. */
  readonly path: string
  readonly problem: string
}

export interface LoadedBackends {
  /** Those that can serve, by name. */
  readonly backends: ReadonlyMap<string, Backend>
  readonly problems: readonly ConfigProblem[]
  close(): void
}

export interface LoadOptions {
  /** Where the backends stand in the config. Default `/provider/backends`. */
  readonly at?: string
  /** Why a backend failed, as a word of a short list. Not for callers. */
  readonly onTrouble?: (backend: string, reason: string) => void
  /** Folders that filesystem backends have already; those that are made now are added. */
  readonly stores?: string[]
}

/** A problem at a place below the backend's own entry. */
class Unusable extends Error {
  readonly pointer: string
  constructor(pointer: string, problem: string) {
    super(problem)
    this.pointer = pointer
  }
}

/** `config` is what stands in local config, unread: a record of names and, by intent, `BackendConfig`s. */
export function loadBackends(config: unknown, options: LoadOptions = {}): LoadedBackends {
  const { at = '/provider/backends', onTrouble, stores = [] } = options
  const backends = new Map<string, Backend>()
  const problems: ConfigProblem[] = []
  if (config !== undefined && !isJsonObject(config)) problems.push({ path: at, problem: 'is not an object' })
  for (const [name, entry] of Object.entries(isJsonObject(config) ? config : {})) {
    const here = `${at}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`
    try {
      if (codec(BackendName).problem(name) !== undefined) {
        throw new Unusable('', 'is named with other than 1 to 64 of a-z, 0-9 and -, or begins with -')
      }
      backends.set(
        name,
        makeBackend(entry, (reason) => onTrouble?.(name, reason), stores),
      )
    } catch (error) {
      if (!(error instanceof Unusable)) throw error
      problems.push({ path: here + error.pointer, problem: error.message })
    }
  }
  return {
    backends,
    problems,
    close() {
      for (const backend of backends.values()) backend.close()
    },
  }
}

/** `stores`: the folders that are taken already; each is served by one backend. */
function makeBackend(entry: unknown, report: (reason: string) => void, stores: string[]): Backend {
  if (!isJsonObject(entry)) throw new Unusable('', 'is not an object')
  switch (entry['driver']) {
    case 'openai-compat': {
      const config = checked(OpenAiCompatConfig, entry)
      checkBaseUrl(config.baseUrl)
      const apiKey = config.apiKeyFile === undefined ? undefined : readKey(config.apiKeyFile)
      return openAiCompatBackend({ config, report, ...(apiKey === undefined ? {} : { apiKey }) })
    }
    case 'searxng': {
      const config = checked(SearxngConfig, entry)
      checkBaseUrl(config.baseUrl)
      return searxngBackend({ config, report })
    }
    case 'local-docs': {
      const config = checked(LocalDocsConfig, entry)
      return localDocsBackend({ config: { ...config, directory: folder(config.directory) }, report })
    }
    case 'filesystem': {
      const config = checked(FilesystemConfig, entry)
      const directory = folder(config.directory)
      if (stores.some((taken) => isWithin(directory, taken) || isWithin(taken, directory))) {
        throw new Unusable('/directory', 'is, holds or lies in the folder of another filesystem backend')
      }
      stores.push(directory)
      return filesystemBackend({ config: { ...config, directory }, report })
    }
    default:
      throw new Unusable('/driver', `is not one of ${Object.keys(backendConfigs).join(', ')}`)
  }
}

function checked<S extends TSchema>(schema: S, entry: unknown): Static<S> {
  const problem = codec(schema).problem(entry)
  if (problem !== undefined) throw new Unusable(problem.pointer, problem.message)
  return codec(schema).decode(entry)
}

function checkBaseUrl(text: string): void {
  const problem = baseUrlProblem(text)
  if (problem !== undefined) throw new Unusable('/baseUrl', problem)
}

/** The folder with links resolved once, so that later only what lies in it is looked at. */
function folder(directory: string): string {
  if (!path.isAbsolute(directory)) throw new Unusable('/directory', 'is not an absolute path')
  try {
    const real = realpathSync(directory)
    if (statSync(real).isDirectory()) return real
  } catch {
    throw new Unusable('/directory', 'does not exist, or may not be read')
  }
  throw new Unusable('/directory', 'is not a folder')
}

function isWithin(inner: string, outer: string): boolean {
  return inner === outer || inner.startsWith(outer.endsWith(path.sep) ? outer : outer + path.sep)
}

const maxKeyBytes = 8_192

function readKey(file: string): string {
  if (!path.isAbsolute(file)) throw new Unusable('/apiKeyFile', 'is not an absolute path')
  let key: string
  try {
    const info = statSync(file)
    if (!info.isFile() || info.size > maxKeyBytes)
      throw new Unusable('/apiKeyFile', 'is not a file with a key in it')
    key = readFileSync(file, 'utf8').trim()
  } catch (error) {
    throw error instanceof Unusable
      ? error
      : new Unusable('/apiKeyFile', 'does not exist, or may not be read')
  }
  // What may stand in a header, and nothing that would begin another.
  if (!/^[\x21-\x7e]+$/.test(key)) throw new Unusable('/apiKeyFile', 'has no key, or more than one line')
  return key
}
