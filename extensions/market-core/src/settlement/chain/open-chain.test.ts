import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { marketEscrow } from '@openclaw-market/contracts/market-escrow'
import { codec } from '@openclaw-market/protocol/schema/codec'
import { ActorId } from '@openclaw-market/protocol/schema/scalars'
import { startAnvil } from '../../keys/anvil.fixture.ts'
import { localChain, localChainId, type LocalChain } from '../outbox/local-chain.fixture.ts'
import { openChain, type ChainOptions } from './open-chain.ts'

let chain: LocalChain
beforeAll(async () => {
  chain = await localChain()
})
afterAll(() => chain.stop())

const at = (digit: string): ActorId => codec(ActorId).decode(`0x${digit.repeat(40)}`)
const dead = 'http://127.0.0.1:1'

/** Answers whatever it is called with by 6, as a token of six decimals does. */
const six = '0x600660005260206000f3'

function options(over: Partial<ChainOptions> = {}): ChainOptions {
  return { chainId: localChainId, rpcUrls: [chain.rpcUrl], escrow: chain.escrow, tokens: [], ...over }
}

async function refusal(over: Partial<ChainOptions>): Promise<unknown> {
  return openChain(options(over)).then(
    () => 'opened',
    (error: unknown) => error,
  )
}

/** An RPC that answers in its own way. */
async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer)
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

describe('opening a chain', () => {
  it('believes an escrow of ours, and tokens that count as the config says', async () => {
    await chain.test.setCode({ address: at('6'), bytecode: six })
    const tokens = [{ symbol: 'USDC', decimals: 6, address: at('6') }]
    const opened = await openChain(options({ tokens, rpcUrls: [dead, chain.rpcUrl] }))
    expect(opened.escrow).toBe(chain.escrow)
    expect(await opened.client.getChainId()).toBe(localChainId)
    opened.close()
    await expect(opened.view.head()).rejects.toMatchObject({ code: 'E_UNAVAILABLE' })
  })

  it('refuses an RPC of another chain, beside one of the right one too, and names which', async () => {
    const other = await startAnvil(7)
    onTestFinished(other.stop)
    expect(await refusal({ rpcUrls: [chain.rpcUrl, other.rpcUrl] })).toMatchObject({
      code: 'E_NOT_CONFIGURED',
      message: expect.stringContaining('another chain'),
      hint: expect.stringContaining('entry 1 of rpcUrls'),
    })
  })

  it('refuses an address without code, with other code, and with code that stands elsewhere', async () => {
    expect(await refusal({ escrow: at('9') })).toMatchObject({
      message: expect.stringContaining('no contract'),
    })
    await chain.test.setCode({ address: at('8'), bytecode: six })
    expect(await refusal({ escrow: at('8') })).toMatchObject({
      code: 'E_NOT_CONFIGURED',
      details: { config: 'escrow' },
      message: expect.stringContaining('is not the escrow'),
    })
    const bytecode = (await chain.client.getCode({ address: chain.escrow })) ?? '0x'
    const zeroed = marketEscrow.immutables.reduce(
      (code, [start, length]) =>
        `${code.slice(0, 2 + 2 * start)}${'0'.repeat(2 * length)}${code.slice(2 + 2 * (start + length))}`,
      bytecode as string,
    )
    await chain.test.setCode({ address: at('a'), bytecode: zeroed as `0x${string}` })
    expect(await refusal({ escrow: at('a') })).toMatchObject({
      code: 'E_NOT_CONFIGURED',
      message: expect.stringContaining('does not say that it stands there'),
    })
  })

  it('refuses a token that is none, and one that counts otherwise', async () => {
    const token = { symbol: 'USDC', decimals: 6, address: at('5') }
    expect(await refusal({ tokens: [token] })).toMatchObject({ message: expect.stringContaining('no token') })
    await chain.test.setCode({ address: at('5'), bytecode: six })
    expect(await refusal({ tokens: [{ ...token, decimals: 18 }] })).toMatchObject({
      code: 'E_NOT_CONFIGURED',
      message: expect.stringContaining('has 6 decimals, not 18'),
    })
  })

  it('is E_UNAVAILABLE when nobody answers, and says nothing of where they are', async () => {
    const error = await refusal({ rpcUrls: ['http://127.0.0.1:1/secret-key'] })
    expect(error).toMatchObject({ code: 'E_UNAVAILABLE' })
    expect(JSON.stringify(error) + String(error)).not.toContain('secret-key')
  })

  it.each([
    ['no JSON', '<html>'],
    ['something else', '{"jsonrpc":"2.0","id":1,"result":"0xgg"}'],
    ['half an answer', undefined],
  ])('takes an RPC that answers %s for one that does not answer', async (_name, body) => {
    const url = await serve((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      if (body === undefined) response.write('{"jsonrpc":')
      else response.end(body)
    })
    const error = await refusal({ rpcUrls: [url], timeoutMs: 200 })
    expect(error).toMatchObject({
      code: body?.includes('0xgg') === true ? 'E_NOT_CONFIGURED' : 'E_UNAVAILABLE',
    })
  })
})
