/** What the log says when it does not hold, or cannot prove what it was asked to. */
import { MarketError } from '@openclaw-market/protocol/errors'
import type { Broken } from './past.ts'

export function unsigned(what: string): Broken {
  return { kind: 'unsigned', message: `${what} was not signed by this log's key` }
}

export function refused({ kind, message }: Broken): MarketError {
  const hint = {
    rewritten: 'Put the store back from a backup of before that; nothing else can say what stood there.',
    ahead:
      'Put the newer store back. If an older copy was put there on purpose, remove the file "log-checkpoint" beside the store directory: what came after it is given up then.',
    unsigned:
      'Put the store, the file "log-checkpoint" beside it and log-key.json in keyDirectory back from one backup: they belong together.',
  }[kind]
  return new MarketError('E_UNAVAILABLE', `the audit log does not hold: ${message}`, {
    details: { log: kind },
    hint,
  })
}

export function noEvent(): MarketError {
  return new MarketError('E_NOT_FOUND', 'there is no such event that you may see', {
    hint: 'The query of the log lists those that you may.',
  })
}

export function beyond(wanted: number, size: number): MarketError {
  return new MarketError('E_CONFLICT', `that takes ${wanted} events, and there are ${size}`, {
    details: { size },
    hint: 'Leave size out for all of the log.',
  })
}
