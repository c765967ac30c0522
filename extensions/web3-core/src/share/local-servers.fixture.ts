/** Programs that people run at home, as far as their own APIs tell who they are, on free ports of 127.0.0.1. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface LocalServer {
  readonly port: number
  /** Paths that were asked for, with their query. */
  readonly asked: readonly string[]
  close(): Promise<void>
}

type Answer = { readonly status?: number; readonly json?: unknown; readonly text?: string }
type Routes = Readonly<
  Record<string, Answer | ((request: IncomingMessage, response: ServerResponse) => void)>
>

/** Answers what it has, by path with query or without, and 404 for the rest. */
export async function localServer(routes: Routes, port = 0): Promise<LocalServer> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    const url = request.url ?? ''
    asked.push(url)
    const route = routes[url] ?? routes[url.split('?', 1)[0] ?? '']
    if (typeof route === 'function') {
      route(request, response)
      return
    }
    const { status = 200, json, text = 'not here' } = route ?? { status: 404 }
    response.writeHead(status, { 'content-type': json === undefined ? 'text/html' : 'application/json' })
    response.end(json === undefined ? text : JSON.stringify(json))
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    async close() {
      server.closeAllConnections()
      if (server.listening) await new Promise((resolve) => void server.close(resolve))
    },
  }
}

const chatUsage = { prompt_tokens: 11, completion_tokens: 5, total_tokens: 16 }

/** One answer for every question, metered as said. */
export function chatting(model: string): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    request.resume()
    request.on('end', () => {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(
        JSON.stringify({
          id: 'chatcmpl-1',
          object: 'chat.completion',
          created: 1,
          model,
          choices: [
            {
              index: 0,
              message: { role: 'assistant', content: `${model} says hello` },
              finish_reason: 'stop',
            },
          ],
          usage: chatUsage,
        }),
      )
    })
  }
}

export const ollamaRoutes: Routes = {
  '/api/version': { json: { version: '0.9.2' } },
  '/api/tags': {
    json: {
      models: [
        {
          name: 'llama3.2:3b',
          model: 'llama3.2:3b',
          size: 2_019_393_189,
          details: { format: 'gguf', family: 'llama', parameter_size: '3.2B', quantization_level: 'Q4_K_M' },
        },
        {
          name: 'nomic-embed-text:latest',
          model: 'nomic-embed-text:latest',
          details: { family: 'nomic-bert', parameter_size: '137M' },
        },
      ],
    },
  },
  '/v1/models': {
    json: {
      object: 'list',
      data: [
        { id: 'llama3.2:3b', object: 'model', created: 1, owned_by: 'library' },
        { id: 'nomic-embed-text:latest', object: 'model', created: 1, owned_by: 'library' },
      ],
    },
  },
  '/v1/chat/completions': chatting('llama3.2:3b'),
}

export const lmStudioRoutes: Routes = {
  '/api/v0/models': {
    json: {
      object: 'list',
      data: [
        { id: 'qwen2.5-7b-instruct', object: 'model', type: 'llm', publisher: 'lmstudio-community' },
        { id: 'text-embedding-nomic', object: 'model', type: 'embeddings' },
      ],
    },
  },
  '/v1/models': {
    json: {
      object: 'list',
      data: [
        { id: 'qwen2.5-7b-instruct', object: 'model', owned_by: 'organization_owner' },
        { id: 'text-embedding-nomic', object: 'model', owned_by: 'organization_owner' },
      ],
    },
  },
  '/v1/chat/completions': chatting('qwen2.5-7b-instruct'),
}

export const vllmRoutes: Routes = {
  '/version': { json: { version: '0.11.0' } },
  '/v1/models': {
    json: {
      object: 'list',
      data: [
        {
          id: '/srv/private/models/Mistral-Small-24B',
          object: 'model',
          owned_by: 'vllm',
          root: '/srv/private/models/Mistral-Small-24B',
          max_model_len: 32_768,
        },
      ],
    },
  },
  '/v1/chat/completions': chatting('mistral'),
}

export const llamaCppRoutes: Routes = {
  '/props': {
    json: {
      default_generation_settings: { n_ctx: 8_192 },
      total_slots: 1,
      model_path: '/home/me/phi-4.gguf',
    },
  },
  '/v1/models': {
    json: { object: 'list', data: [{ id: '/home/me/phi-4.gguf', object: 'model', owned_by: 'llamacpp' }] },
  },
}

/** As it is once `json` stands in `search.formats`; before, every search for JSON is 403. */
export function searxngRoutes(formats: 'json' | 'html-only'): Routes {
  const results = [{ title: 'Tides', url: 'https://example.org/tides', content: 'The moon pulls the sea.' }]
  const search = (request: IncomingMessage, response: ServerResponse): void => {
    const q = new URL(request.url ?? '', 'http://localhost').searchParams.get('q') ?? ''
    const status = formats === 'html-only' ? 403 : q === '' ? 400 : 200
    response.writeHead(status, { 'content-type': status === 200 ? 'application/json' : 'text/html' })
    response.end(status === 200 ? JSON.stringify({ query: q, results }) : 'refused')
  }
  return {
    '/config': { json: { instance_name: 'searxng', version: '2026.1.1', engines: [{ name: 'wikipedia' }] } },
    '/search': search,
  }
}
