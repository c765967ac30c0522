/** A request's JSON, parsed with suspicion: declared as JSON, UTF-8, and no deeper than anything real. */
import type { Static, TSchema } from '@sinclair/typebox'
import { MarketError } from '@openclaw-market/protocol/errors'
import { codec, invalidArgument } from '@openclaw-market/protocol/schema/codec'

/** What recurses over a value must never be able to exhaust the stack. */
const maxDepth = 64

/** @throws MarketError E_UNSUPPORTED_MEDIA, E_INVALID_ARGUMENT with pointer and rule. */
export function parseJson(bytes: Uint8Array, contentType: string | undefined): unknown {
  if (!/^application\/json\s*(;\s*charset="?utf-8"?\s*)?$/i.test(contentType?.trim() ?? '')) {
    throw new MarketError('E_UNSUPPORTED_MEDIA', 'the body must be application/json in UTF-8', {
      hint: 'Send JSON with content-type: application/json.',
    })
  }
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as unknown
  } catch {
    throw invalidArgument({ pointer: '', rule: 'json', message: 'the body is not JSON' })
  }
  if (deeperThan(value, maxDepth)) {
    throw invalidArgument({
      pointer: '',
      rule: 'depth',
      message: `the body is nested more than ${maxDepth} deep`,
    })
  }
  return value
}

/** @throws MarketError E_INVALID_ARGUMENT with pointer and rule. */
export function decoded<S extends TSchema>(schema: S, value: unknown): Static<S> {
  return codec(schema).decode(value)
}

function deeperThan(value: unknown, most: number): boolean {
  let level: unknown[] = [value]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > most) return true
    const next: unknown[] = []
    for (const item of level) {
      if (typeof item !== 'object' || item === null) continue
      for (const inner of Object.values(item))
        if (typeof inner === 'object' && inner !== null) next.push(inner)
    }
    level = next
  }
  return false
}
