/** The markets that this gateway deals with: its own, called `local`, and those that its config names. */
import { MarketError } from '@openclaw-market/protocol/errors'
import type { Principal } from '@openclaw-market/protocol/principal'
import type { Call } from '../capabilities/capability.ts'
import type { Web3 } from '../plugin/web3.ts'
import type { RemoteMarket } from './remote-market.ts'

export const localName = 'local'

export interface Markets {
  readonly remotes: readonly RemoteMarket[]
}

export type Where = { readonly remote?: RemoteMarket; readonly name: string }

/**
 * Where a call goes. An outside wallet deals with this market only: it must not be able to make us talk to another.
 * @throws MarketError E_NOT_FOUND, E_FORBIDDEN
 */
export function chooseMarkets({ who, web3 }: Call, named: string | undefined): readonly Where[] {
  if (actsAsNode(who)) return marketsNamed(web3, named)
  if (named === undefined || named === localName) return [{ name: localName }]
  throw new MarketError('E_FORBIDDEN', 'an outside wallet deals with this market only', {
    details: { pointer: '/market' },
    hint: 'Leave market out, or call the other market yourself.',
  })
}

/** @throws MarketError E_NOT_FOUND */
export function marketsNamed({ markets }: Web3, named: string | undefined): readonly Where[] {
  const all: readonly Where[] = [
    { name: localName },
    ...markets.remotes.map((remote) => ({ remote, name: remote.name })),
  ]
  if (named === undefined) return all
  const chosen = all.filter(({ name }) => name === named)
  if (chosen.length > 0) return chosen
  throw new MarketError('E_NOT_FOUND', 'there is no market of that name in the config', {
    details: { pointer: '/market', known: all.map(({ name }) => name) },
    hint: `Use one of: ${all.map(({ name }) => name).join(', ')}.`,
  })
}

export function actsAsNode(who: Principal): boolean {
  return who.kind === 'node'
}
