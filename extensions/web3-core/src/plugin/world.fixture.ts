/** Running worlds for tests, gone when the test is over. */
import { rm } from 'node:fs/promises'
import { onTestFinished } from 'vitest'
import type { Envelope, Failure } from '@openclaw-market/protocol/errors'
import { stateRoot } from '../../../market-core/src/store/state-root.ts'
import { makeHome, startWorld, type RunningWorld, type WorldOptions } from './running-world.fixture.ts'

export async function temporaryHome(): Promise<string> {
  const home = await makeHome()
  onTestFinished(() => rm(home, { recursive: true, force: true }))
  return home
}

export async function testWorld(options: Partial<WorldOptions> = {}): Promise<RunningWorld> {
  const world = await startWorld({ ...options, home: options.home ?? (await temporaryHome()) })
  onTestFinished(() => world.stop())
  return world
}

export type Json = { readonly [key: string]: unknown }

/** The fields of a success. */
export function good(envelope: Envelope): Json {
  if (envelope.ok) return envelope
  throw new Error(`refused: ${JSON.stringify(envelope)}`)
}

export function bad(envelope: Envelope): Failure {
  if (!envelope.ok) return envelope
  throw new Error(`not refused: ${JSON.stringify(envelope)}`)
}

/** Over all that the market's store holds. */
export function rootOf({ market }: RunningWorld): Promise<string> {
  return stateRoot(market.store)
}

export const prices = {
  search: [{ unit: 'query', amount: '1000', per: '1', currency: 'USDC' }],
  storage: [
    { unit: 'put', amount: '10', per: '1', currency: 'USDC' },
    { unit: 'get', amount: '5', per: '1', currency: 'USDC' },
    { unit: 'byte', amount: '1', per: '1', currency: 'USDC' },
  ],
  model: [
    { unit: 'request', amount: '100', per: '1', currency: 'USDC' },
    { unit: 'input_token', amount: '2', per: '1', currency: 'USDC' },
    { unit: 'output_token', amount: '3', per: '1', currency: 'USDC' },
  ],
} as const

const backendOf = { search: 'docs', storage: 'disk', model: 'llm' } as const
export type Kind = keyof typeof backendOf

export function offerOf(kind: Kind, more: object = {}): { resource: Json } {
  return { resource: { kind, label: `a ${kind}`, prices: prices[kind], backend: backendOf[kind], ...more } }
}

/** Published by the node wallet. */
export async function publishAsNode(world: RunningWorld, kind: Kind, more: object = {}): Promise<string> {
  return String(good(await world.call('web3.resources.publish', offerOf(kind, more)))['resourceId'])
}
