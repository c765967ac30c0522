/** What is proposed for a thing that was found: a price to begin with, and bounds that leave the machine its owner's. */
import type { Policy } from '@openclaw-market/protocol/entities/resource'

/** Up to so many billions of parameters. What it takes to answer grows with them. */
const modelFigures: readonly { readonly upTo: number; readonly figure: string }[] = [
  { upTo: 4, figure: '0.05/0.15' },
  { upTo: 10, figure: '0.1/0.3' },
  { upTo: 35, figure: '0.3/0.9' },
  { upTo: 80, figure: '0.6/1.8' },
  { upTo: Number.POSITIVE_INFINITY, figure: '1.2/3.6' },
]
const unknownModel = '0.2/0.6'

export type Sized =
  | { readonly kind: 'model'; readonly size?: number }
  | { readonly kind: 'search'; readonly of: 'web' | 'docs' }
  | { readonly kind: 'storage'; readonly bytes: number }

/** As `parseFigure` reads it. */
export function proposedFigure(thing: Sized): string {
  switch (thing.kind) {
    case 'model':
      return thing.size === undefined
        ? unknownModel
        : (modelFigures.find(({ upTo }) => (thing.size ?? 0) <= upTo)?.figure ?? unknownModel)
    case 'search':
      return thing.of === 'web' ? '0.002' : '0.001'
    case 'storage':
      return '0.001'
  }
}

/** For every lease by itself; a home machine answers one or two at a time. */
export function proposedPolicy(thing: Sized): Policy {
  switch (thing.kind) {
    case 'model':
      return { maxConcurrent: 1, maxTokens: 2_048, maxBytes: 524_288, maxRequestsPerMinute: 20 }
    case 'search':
      return { maxConcurrent: 2, maxBytes: 16_384, maxRequestsPerMinute: 30 }
    case 'storage':
      return {
        maxConcurrent: 2,
        maxBytes: Math.min(thing.bytes, 33_554_432),
        maxTotalBytes: Math.min(thing.bytes, 1_099_511_627_776),
        maxRequestsPerMinute: 60,
      }
  }
}
