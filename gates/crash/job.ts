/** What a child of the gate is told to do, one after the other. */
import { join } from 'node:path'
import type { Fault } from './record/recorder.ts'

export const backends = ['sqlite', 'file'] as const
export type Backend = (typeof backends)[number]

export interface Job {
  /** Stands in every line that it says. */
  readonly name: string
  /** Bare records in a store, or the operations of a market. */
  readonly workload: 'notes' | 'trade'
  readonly backend: Backend
  /** What is recorded; holds the store and nothing else. */
  readonly home: string
  readonly keys?: { readonly keyDirectory: string; readonly passphraseFile: string }
  readonly seed: number
  /** Notes: writes to try. A trade goes on until it has written as often. */
  readonly writes: number
  /** How often the store is opened and closed again meanwhile. */
  readonly lives: number
  /** Which child of this job it is, from 0: the next goes on where one was killed. */
  readonly child?: number
  /** What SQLite is told instead of FULL, to show that the gate sees the loss. */
  readonly synchronous?: 'OFF' | 'NORMAL'
  /** Calls of Node that fail meanwhile. */
  readonly fault?: Fault
  /** How large SQLite's file may become, in pages: then its disk is full. */
  readonly pages?: number
  /** SIGKILL at the n-th write: when it is about to be committed, or when it is but nobody has been told. */
  readonly kill?: { readonly write: number; readonly when: 'before' | 'after' }
}

/** Two levels below, neither of which is there before the first opening. */
export const storeIn = (home: string): string => join(home, 'data', 'store')
