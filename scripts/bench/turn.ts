/**
 * What the plugins cost a gateway whose owner rents nothing at the moment: time to boot, memory, and on each turn of the
 * agent milliseconds and context. Two gateways of the same host, one without the plugins, booted and driven in turns; the
 * model is scripted and answers at once, so a turn takes what the host and the hooks take.
 */
import { readFileSync } from 'node:fs'
import { buildPlugin, buildPlugins, pluginDirectories } from '../build-plugins.ts'
import { sendChat } from '../gateway/agent-turn.ts'
import { launchGateway, type Gateway } from '../gateway/launch.ts'
import {
  startScriptedModel,
  toolResults,
  type ModelRequest,
  type ScriptedModel,
} from '../gateway/scripted-model.ts'
import { benchPlugin, untilOpen } from './leased-market.ts'
import { temporaryDirectory } from './places.ts'
import { Samples } from './samples.ts'

export const sides = ['bare', 'market'] as const
export type Side = (typeof sides)[number]

/** With the host's default the plugins' tools hide behind its search; with `all` the model sees each of them. */
export const views = ['search', 'all'] as const
export type View = (typeof views)[number]

export interface SideFigures {
  readonly bootP50Ms: number
  /** MiB, resident, when the gateway is ready and the market open. */
  readonly rssMiB: number
  /** A turn of one tool call of the host's own, from the message to the final answer. */
  readonly turnP50Ms: number
  readonly turnP99Ms: number
  /** Characters of system prompt and tools that the model is sent, by view, over four: about so many tokens. */
  readonly contextTokens: Readonly<Record<View, number>>
}
export type TurnResult = Readonly<Record<Side, SideFigures>>

const bootsOfView: readonly View[] = ['all', 'search', 'search']
const turns = 40
const warmUp = 5
const charactersPerToken = 4
/** A tool of the host that does next to nothing, so that the hooks around tools run. */
const hostTool = 'session_status'

interface Measured {
  readonly boots: Samples
  readonly rss: Samples
  readonly turns: Samples
  readonly context: Map<View, number>
}

export async function benchTurn(progress: (text: string) => void): Promise<TurnResult> {
  await buildPlugins()
  await buildPlugin(benchPlugin)
  const model = await startScriptedModel((request) =>
    toolResults(request).length > 0 || !request.tools.some(({ name }) => name === hostTool)
      ? { text: 'It is as it was.' }
      : { toolCalls: [{ name: hostTool, arguments: {} }] },
  )
  const measured = { bare: none(), market: none() }
  try {
    for (const [round, view] of bootsOfView.entries()) {
      progress(`turn: boot ${round + 1} of ${bootsOfView.length}, with and without the plugins`)
      const last = round === bootsOfView.length - 1
      await withBoth(model, view, measured, async (gateways) => {
        for (const side of sides) await contextOf(gateways[side], model, view, measured[side])
        if (last) await timeTurns(gateways, measured, progress)
      })
    }
  } finally {
    await model.close()
  }
  return { bare: figures(measured.bare), market: figures(measured.market) }
}

async function withBoth(
  model: ScriptedModel,
  view: View,
  measured: Readonly<Record<Side, Measured>>,
  use: (gateways: Readonly<Record<Side, Gateway>>) => Promise<void>,
): Promise<void> {
  const bare = await boot('bare', model, view, measured.bare)
  try {
    const market = await boot('market', model, view, measured.market)
    try {
      await use({ bare, market })
    } finally {
      await market.stop()
    }
  } finally {
    await bare.stop()
  }
}

async function boot(
  side: Side,
  model: ScriptedModel,
  view: View,
  { boots, rss }: Measured,
): Promise<Gateway> {
  const gateway = await launchGateway({
    dir: temporaryDirectory(`turn-${side}`),
    pluginDirs: [benchPlugin, ...(side === 'bare' ? [] : pluginDirectories)],
    pluginConfigs: {
      // A list of plugins keeps out all others, the host's own included: the bare gateway has a list as well.
      'market-bench': { upstream: `${model.baseUrl}/chat/completions` },
      ...(side === 'bare' ? {} : { 'market-core': {}, 'web3-core': {} }),
    },
    ...(side === 'bare' ? {} : { allowConversationAccess: ['market-core', 'web3-core'] }),
    agentTools: view,
    model,
  })
  boots.add(gateway.bootMs)
  if (side === 'market') await untilOpen(gateway)
  rss.add(residentMiB(gateway.pid))
  return gateway
}

async function contextOf(gateway: Gateway, model: ScriptedModel, view: View, into: Measured): Promise<void> {
  const before = model.requests.length
  await turn(gateway, 'context')
  const first = model.requests.slice(before).find(({ tools }) => tools.length > 0)
  if (first === undefined) throw new Error('the model was asked nothing with tools')
  into.context.set(view, Math.round(charactersOf(first) / charactersPerToken))
}

function charactersOf({ messages, tools }: ModelRequest): number {
  const system = messages.filter(({ role }) => role === 'system' || role === 'developer')
  return system.reduce((sum, { text }) => sum + text.length, 0) + JSON.stringify(tools).length
}

async function timeTurns(
  gateways: Readonly<Record<Side, Gateway>>,
  measured: Readonly<Record<Side, Measured>>,
  progress: (text: string) => void,
): Promise<void> {
  progress(`turn: ${turns} turns with and without the plugins`)
  for (let at = -warmUp; at < turns; at += 1) {
    for (const side of at % 2 === 0 ? sides : sides.toReversed()) {
      const startedAt = performance.now()
      await turn(gateways[side], `turn-${at}`)
      if (at >= 0) measured[side].turns.add(performance.now() - startedAt)
    }
  }
}

/** In a conversation of its own, so that no turn carries what was said before it. */
async function turn(gateway: Gateway, name: string): Promise<void> {
  const sessionKey = `agent:main:bench-${name}`
  const { state, text } = await sendChat(gateway, 'How is it?', { sessionKey, timeoutMs: 60_000 })
  if (state !== 'final' || text !== 'It is as it was.') throw new Error(`the turn ended ${state}: ${text}`)
}

/** As the kernel counts it. @throws where there is no /proc */
function residentMiB(pid: number): number {
  const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  if (line === null) throw new Error(`no resident size of process ${pid}`)
  return Number(line[1]) / 1024
}

function none(): Measured {
  return { boots: new Samples(), rss: new Samples(), turns: new Samples(), context: new Map() }
}

function figures({ boots, rss, turns: timed, context }: Measured): SideFigures {
  const tokens = (view: View): number => {
    const counted = context.get(view)
    if (counted === undefined) throw new Error(`no context was seen in view ${view}`)
    return counted
  }
  return {
    bootP50Ms: boots.percentile(50),
    rssMiB: Math.round(rss.percentile(50)),
    turnP50Ms: timed.percentile(50),
    turnP99Ms: timed.percentile(99),
    contextTokens: { search: tokens('search'), all: tokens('all') },
  }
}
