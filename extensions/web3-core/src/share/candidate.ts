/** What can be shared: under which name, as what, and how it is reached. The last stays in this process. */
import type { Policy } from '@openclaw-market/protocol/entities/resource'
import type { BackendConfig } from '../provider/backends/config.ts'
import type { ShareableKind } from './price-figure.ts'

export interface Candidate {
  /** Under which it is shared, or would be: the name of its backend. */
  readonly name: string
  readonly kind: ShareableKind
  /** What serves it, in words: `Ollama`, `a folder`. */
  readonly by: string
  readonly label: string
  /** As `parseFigure` reads it. */
  readonly figure: string
  readonly policy: Policy
  readonly driver: BackendConfig
}

/** Something that was looked for or met and cannot be shared as it is. */
export interface Note {
  readonly about: string
  readonly problem: string
  readonly hint: string
}

/** Whether both are the same thing, though perhaps with other settings. */
export function isSame(a: BackendConfig, b: BackendConfig): boolean {
  switch (a.driver) {
    case 'openai-compat':
      return b.driver === a.driver && a.baseUrl === b.baseUrl && a.model === b.model
    case 'searxng':
      return b.driver === a.driver && a.baseUrl === b.baseUrl
    case 'local-docs':
    case 'filesystem':
      return b.driver === a.driver && a.directory === b.directory
  }
}
