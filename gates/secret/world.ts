/** A real gateway that sells and buys, between the worst upstream and the worst other market, with a secret everywhere. */
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generatePrivateKey } from 'viem/accounts'
import { startChild, type ChildWorld } from '../../extensions/web3-core/src/plugin/child-world.fixture.ts'
import { makeHome } from '../../extensions/web3-core/src/plugin/running-world.fixture.ts'
import { bootMarket, freePort, record, text } from '../../test/market-gateway.fixture.ts'
import type { Store } from '../../test/stores.fixture.ts'
import type { MarketGateway } from '../../test/market-gateway.fixture.ts'
import { writeDocs } from '../../test/offers.fixture.ts'
import { outsideWallet, type OutsideWallet } from '../../test/outside-wallet.fixture.ts'
import { startConfessing, type Confessing } from './confessing.ts'
import { doorsOf, type Doors } from './doors.ts'
import { watchProcesses, type ProcessWatch } from './processes.ts'

/** What is chosen here, and stands in a file or goes through a socket. */
export const chosen = {
  apiKey: 'sk-canary-7f1d0c5e9a4b83c6d2e0',
  upstreamWords: 'canary: worker 7 of cluster blue has no memory left',
  upstreamModel: 'canary-upstream-model',
  prompt: 'canary prompt: who keeps what I ask?',
  answer: 'canary answer: nobody keeps it',
  query: 'canary query of the moon',
  file: 'canary file: only for its owner',
  backend: 'canary-shelf',
  /** An address that nobody listens on, with a key in it, as they come from providers of chains. */
  rpc: { host: '127.0.0.1:9', key: 'rpc-canary-5d1e77b0a94c2f68' },
} as const

export interface World {
  readonly home: string
  readonly store: Store
  readonly gateway: MarketGateway
  readonly doors: Doors
  readonly listener: string
  readonly upstream: Confessing
  /** In front of another market. */
  readonly across: Confessing
  readonly other: ChildWorld
  readonly consumer: OutsideWallet
  readonly publisher: OutsideWallet
  readonly keys: { readonly consumer: string; readonly publisher: string }
  readonly processes: ProcessWatch
  /** What only the config may say of where things are. */
  readonly endpoints: ReadonlyMap<string, string>
  close(): Promise<void>
}

export async function startWorld(home: string, store: Store): Promise<World> {
  const processes = watchProcesses()
  const upstream = await startConfessing(chosen.upstreamWords, (request, body, response) => {
    const { stream } = record(JSON.parse(body.toString()))
    const head = { id: 'chatcmpl-1', created: 1_700_000_000, model: chosen.upstreamModel }
    const usage = { prompt_tokens: 4, completion_tokens: 2, total_tokens: 6 }
    if (request.headers.authorization !== `Bearer ${chosen.apiKey}`) throw new Error('without its key')
    if (stream !== true) {
      const message = { role: 'assistant', content: chosen.answer }
      const choices = [{ index: 0, message, finish_reason: 'stop' }]
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ ...head, object: 'chat.completion', choices, usage }))
      return
    }
    const choices = [{ index: 0, delta: { content: chosen.answer }, finish_reason: 'stop' }]
    const chunk = { ...head, object: 'chat.completion.chunk', choices, usage }
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.end(`data: ${JSON.stringify(chunk)}\n\ndata: [DONE]\n\n`)
  })
  const other = await startChild({ home: await makeHome() })
  const across = await startConfessing('', async (request, body, response) => {
    const answer = await fetch(other.url + (request.url ?? ''), {
      method: request.method ?? 'GET',
      headers: Object.entries(request.headers).flatMap(([name, value]): [string, string][] =>
        /^(authorization|content-type|accept|x-.*)$/.test(name) ? [[name, String(value)]] : [],
      ),
      ...(body.length === 0 ? {} : { body: Uint8Array.from(body) }),
    })
    const headers = [...answer.headers].filter(([name]) => /^(content-type|x-)/.test(name))
    response
      .writeHead(answer.status, Object.fromEntries(headers))
      .end(Buffer.from(await answer.arrayBuffer()))
  })

  const folder = (name: string) => join(home, name)
  mkdirSync(folder('files'), { recursive: true })
  mkdirSync(folder('tmp'))
  writeDocs(folder('lent'))
  // Temporary files of its own, but the compiled code of the host that is there already. (NODE_COMPILE_CACHE would make the
  // host start itself again as a child, which outlives a kill.)
  const compiled = join(tmpdir(), 'node-compile-cache')
  mkdirSync(compiled, { recursive: true })
  symlinkSync(compiled, join(folder('tmp'), 'node-compile-cache'))
  writeFileSync(folder('api-key'), `${chosen.apiKey}\n`, { mode: 0o600 })
  const port = await freePort()
  const listener = `http://127.0.0.1:${port}`
  const keys = { consumer: generatePrivateKey(), publisher: generatePrivateKey() }
  const publisher = outsideWallet(listener, keys.publisher)
  const docs = { driver: 'local-docs', directory: writeDocs(folder('docs')) }
  const gateway = await bootMarket({
    dir: folder('gateway'),
    store,
    market: {
      sweepSeconds: 1,
      chains: [{ chainId: 1, rpcUrl: `http://${chosen.rpc.host}/v3/${chosen.rpc.key}` }],
    },
    web3: {
      provider: {
        listen: { port },
        backends: {
          docs: { ...docs, publishers: [publisher.address] },
          [chosen.backend]: {
            driver: 'filesystem',
            directory: folder('files'),
            publishers: [publisher.address],
          },
          held: {
            driver: 'openai-compat',
            baseUrl: `${upstream.url}/v1`,
            model: chosen.upstreamModel,
            apiKeyFile: folder('api-key'),
            publishers: [publisher.address],
          },
          lost: { driver: 'searxng', baseUrl: `${upstream.url}/searx`, publishers: [publisher.address] },
          gone: { ...docs, directory: folder('missing') },
        },
      },
      markets: [{ name: 'harbour', url: across.url }],
      // Whatever else runs on this machine is not part of this world.
      share: { ports: [] },
    },
    launch: {
      env: { TMPDIR: folder('tmp') },
      // As much as the host can say, and without the host's own redaction, which would hide a slip of ours.
      config: { logging: { level: 'trace', consoleLevel: 'trace', redactPatterns: ['^redacts nothing$'] } },
    },
  })
  const endpoints = new Map([
    ...['docs', 'files', 'api-key', 'missing', 'lent'].map((n) => [`the path of ${n}`, folder(n)] as const),
    ['the address of the upstream', new URL(upstream.url).host],
    ['the address of the other market', new URL(across.url).host],
    ['the name of the model of the upstream', chosen.upstreamModel],
    ['the address of the chain', chosen.rpc.key],
  ])
  return {
    home,
    store,
    gateway,
    doors: doorsOf(gateway.host, listener),
    listener,
    upstream,
    across,
    other,
    consumer: outsideWallet(listener, keys.consumer),
    publisher,
    keys,
    processes,
    endpoints,
    async close() {
      processes.stop()
      await Promise.all([gateway.host.kill(), upstream.close(), across.close(), other.kill()])
    },
  }
}

export function passphraseOf({ gateway: { host } }: World): { file: string; text: string } {
  const folder = join(host.home, '.config', 'openclaw-market')
  const file = join(folder, text(readdirSync(folder).find((name) => name.startsWith('passphrase-'))))
  return { file, text: readFileSync(file, 'utf8').trim() }
}
