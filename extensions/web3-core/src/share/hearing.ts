/** What is asked of a port of this machine, and what it answered. */

/** In no order: all are asked at once. An empty search is refused by SearXNG, with 403 when its settings allow no JSON. */
export const probePaths = [
  '/api/version',
  '/api/tags',
  '/api/v0/models',
  '/version',
  '/props',
  '/v1/models',
  '/config',
  '/search?q=&format=json',
] as const
export type ProbePath = (typeof probePaths)[number]

export interface Heard {
  readonly status: number
  /** Absent: the body was no JSON. */
  readonly json?: unknown
}

/** By path; absent: nothing came. */
export type Hearing = { readonly [P in ProbePath]?: Heard | undefined }

/** Where such programs listen when nobody has told them otherwise. */
export const wellKnownPorts: readonly number[] = [
  11_434, // Ollama
  1_234, // LM Studio
  8_000, // vLLM
  8_080, // llama.cpp, LocalAI, SearXNG in its container
  8_888, // SearXNG
  1_337, // Jan
  4_891, // GPT4All
  5_000, // text-generation-webui
]
