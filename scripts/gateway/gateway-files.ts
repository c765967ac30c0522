import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { isRecord, parseJson, stringAt, type JsonRecord } from './json-value.ts'

/** The files of one gateway below one directory: its state, its own HOME, its config with the token, its log. */
export type GatewayFiles = { stateDir: string; home: string; configPath: string; defaultLogFile: string }

export type ModelEndpoint = { baseUrl: string; modelId: string }

export type GatewayConfigInput = {
  port: number
  token: string
  pluginDirs: readonly string[]
  /** By plugin id; also the list of the plugins that may load at all. */
  pluginConfigs: Readonly<Record<string, unknown>>
  model?: ModelEndpoint
  /** 'all' puts every tool in the model's view; 'search' is the host's default, where plugin tools hide behind tool_search. */
  agentTools: 'all' | 'search'
  allowConversationAccess: readonly string[]
  logFile: string
  /** More sections of the host's config, merged over ours object by object. */
  config?: Readonly<JsonRecord>
}

/** The provider id under which {@link ModelEndpoint} appears in the config. */
export const SCRIPTED_PROVIDER = 'scripted'

/** Makes the directories with modes that the host accepts (it refuses world-writable ones). */
export const prepareFiles = (dir: string): GatewayFiles => {
  const root = path.resolve(dir)
  const files: GatewayFiles = {
    stateDir: path.join(root, 'state'),
    home: path.join(root, 'home'),
    configPath: path.join(root, 'state', 'openclaw.json'),
    defaultLogFile: path.join(root, 'gateway.log'),
  }
  for (const folder of [root, files.stateDir, files.home]) {
    const existed = existsSync(folder)
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    // A root that somebody else made keeps its mode: it may hold other things. The two below hold secrets.
    if (!existed || folder !== root) chmodSync(folder, 0o700)
  }
  return files
}

/** Token and port of an earlier start in the same directory: clients that know them keep working after a restart. */
export const readEarlier = (files: GatewayFiles): { token?: string; port?: number } => {
  const gateway = readConfig(files)['gateway']
  if (!isRecord(gateway)) return {}
  const token = stringAt(gateway['auth'], 'token')
  const port = gateway['port']
  return {
    ...(token === undefined ? {} : { token }),
    ...(typeof port === 'number' ? { port } : {}),
  }
}

export const newToken = (): string => randomBytes(32).toString('hex')

/** Writes our sections over what is there; sections that the host wrote itself stay. */
export const writeConfig = (files: GatewayFiles, input: GatewayConfigInput): void => {
  const config = { ...readConfig(files), ...merge(ourSections(files, input), input.config ?? {}) }
  const temporary = `${files.configPath}.new`
  writeFileSync(temporary, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 })
  chmodSync(temporary, 0o600)
  renameSync(temporary, files.configPath)
}

const merge = (below: Readonly<JsonRecord>, above: Readonly<JsonRecord>): JsonRecord => {
  const merged: JsonRecord = { ...below }
  for (const [key, value] of Object.entries(above)) {
    const under = merged[key]
    merged[key] = isRecord(under) && isRecord(value) ? merge(under, value) : value
  }
  return merged
}

const readConfig = (files: GatewayFiles): JsonRecord => {
  if (!existsSync(files.configPath)) return {}
  const config = parseJson(readFileSync(files.configPath, 'utf8'))
  return isRecord(config) ? config : {}
}

const ourSections = (files: GatewayFiles, input: GatewayConfigInput): JsonRecord => ({
  gateway: {
    mode: 'local',
    port: input.port,
    bind: 'loopback',
    auth: { mode: 'token', token: input.token },
  },
  // Its default is one file in /tmp for all gateways of the machine.
  logging: { file: input.logFile },
  agents: {
    defaults: {
      workspace: path.join(files.stateDir, 'workspace'),
      // No question-and-answer ritual of a new agent in front of the first turn.
      skipBootstrap: true,
      ...(input.model === undefined
        ? {}
        : { model: { primary: `${SCRIPTED_PROVIDER}/${input.model.modelId}` } }),
    },
  },
  models: {
    // Would fetch a hosted list from the internet after each start.
    catalogRefresh: { enabled: false },
    ...(input.model === undefined ? {} : { providers: { [SCRIPTED_PROVIDER]: provider(input.model) } }),
  },
  tools: input.agentTools === 'all' ? { toolSearch: false } : {},
  plugins: {
    enabled: true,
    allow: Object.keys(input.pluginConfigs),
    load: { paths: input.pluginDirs.map((folder) => path.resolve(folder)) },
    entries: Object.fromEntries(
      Object.entries(input.pluginConfigs).map(([id, config]) => [
        id,
        {
          enabled: true,
          ...(input.allowConversationAccess.includes(id) ? { hooks: { allowConversationAccess: true } } : {}),
          ...(config === undefined ? {} : { config }),
        },
      ]),
    ),
  },
})

const provider = (model: ModelEndpoint): JsonRecord => ({
  baseUrl: model.baseUrl,
  apiKey: 'sk-local',
  api: 'openai-completions',
  models: [
    {
      id: model.modelId,
      name: model.modelId,
      reasoning: false,
      input: ['text'],
      cost: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 },
      contextWindow: 128_000,
      maxTokens: 4_096,
    },
  ],
})
