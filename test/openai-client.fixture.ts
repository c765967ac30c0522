/** Any OpenAI client works against a lease: the official `openai` package, through both doors. */
import { OpenAI } from 'openai'
import { beforeAll, describe, expect, it } from 'vitest'
import type { DemoUpstream } from './demo-upstream.fixture.ts'
import { list, record, text, type MarketGateway } from './market-gateway.fixture.ts'
import { balanceOf, deposit, model } from './offers.fixture.ts'
import { good, outsideWallet, type Leased, type OutsideWallet } from './outside-wallet.fixture.ts'

interface Shared {
  readonly gateway: MarketGateway
  readonly listener: string
  /** Behind the backend `demo`. */
  readonly upstream: DemoUpstream
}

const granted = 10_000_000n
const prices = { input: 3n, output: 7n }
const ask = (content: string) => [{ role: 'user' as const, content }]

const client = (base: string, apiKey: string): OpenAI => new OpenAI({ baseURL: `${base}/web3/v1`, apiKey })

interface Tokens {
  readonly prompt_tokens: number
  readonly completion_tokens: number
}

const costOf = ({ prompt_tokens, completion_tokens }: Tokens): bigint =>
  prices.input * BigInt(prompt_tokens) + prices.output * BigInt(completion_tokens)

async function refused(asking: Promise<unknown>): Promise<InstanceType<typeof OpenAI.APIError>> {
  const error = await asking.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (error instanceof OpenAI.APIError) return error
  throw new Error('it was not refused as an OpenAI error', { cause: error })
}

export function openAiClientTests(shared: () => Shared): void {
  let upstream: DemoUpstream
  let gateway: MarketGateway
  let listener: string
  let consumer: OutsideWallet
  let resourceId: string
  let ownBefore: bigint

  const own = async () => BigInt(text((await balanceOf(gateway, gateway.address))['available']))

  beforeAll(async () => {
    ;({ gateway, listener, upstream } = shared())
    const resource = model('demo', [prices.input.toString(), prices.output.toString()], { maxTokens: 500 })
    resourceId = text((await gateway.call('web3.resources.publish', { resource }))['resourceId'])
    consumer = outsideWallet(listener)
    await consumer.signIn()
    await deposit(gateway, consumer.address, granted.toString())
    ownBefore = await own()
  })

  describe.each([
    ['its own listener', () => listener],
    ['the port of the gateway', () => gateway.host.url],
  ])('through %s', (_door, base) => {
    let lease: Leased
    let openai: OpenAI
    let servedBefore: { input_tokens: number; output_tokens: number; requests: number }
    const used: Tokens[] = []

    beforeAll(async () => {
      lease = await consumer.lease(resourceId, '500000')
      openai = client(base(), lease.token)
      servedBefore = await upstream.served()
    })

    it('lists the one model that the token leases', async () => {
      const models = await openai.models.list()
      expect(models.data.map(({ id }) => id)).toEqual([resourceId])
    })

    it('answers whole', async () => {
      const answer = await openai.chat.completions.create({ model: resourceId, messages: ask('hello there') })
      expect(answer.choices[0]?.message.content).toContain('You said: hello there')
      expect(answer.choices[0]?.finish_reason).toBe('stop')
      used.push(answer.usage ?? { prompt_tokens: 0, completion_tokens: 0 })
    })

    it('streams, with the usage at the end', async () => {
      const stream = await openai.chat.completions.create({
        model: resourceId,
        messages: ask('count to 40'),
        stream: true,
        stream_options: { include_usage: true },
      })
      const pieces: string[] = []
      let usage: Tokens | undefined
      for await (const chunk of stream) {
        pieces.push(chunk.choices[0]?.delta.content ?? '')
        usage = chunk.usage ?? usage
      }
      expect(pieces.join('')).toBe(`demo-1 counts: ${Array.from({ length: 40 }, (_, i) => i + 1).join(' ')}`)
      expect(pieces.length).toBeGreaterThan(5)
      used.push(usage ?? { prompt_tokens: 0, completion_tokens: 0 })
    })

    it('bills what the upstream served and the caller was told, to the last unit', async () => {
      const served = await upstream.served()
      const told = { input: sum(used, 'prompt_tokens'), output: sum(used, 'completion_tokens') }
      expect(told).toEqual({
        input: served.input_tokens - servedBefore.input_tokens,
        output: served.output_tokens - servedBefore.output_tokens,
      })
      const due = used.map(costOf).reduce((a, b) => a + b)
      const { lease: completed } = good(
        await consumer.api('web3.resources.completeLease', { leaseId: lease.leaseId }),
      )
      expect(record(completed)).toMatchObject({
        metered: due.toString(),
        settlementStatus: 'settlement_released',
      })
      const { settlement } = await gateway.call('market.settlement.status', {
        settlementId: record(completed)['settlementId'],
      })
      expect(settlement).toMatchObject({
        releasedSoFar: due.toString(),
        refundedSoFar: (500_000n - due).toString(),
      })
    })

    it('refuses as OpenAI does, and nothing goes upstream', async () => {
      const { requests } = await upstream.served()
      const messages = ask('hello')
      const asking = (openai: OpenAI) =>
        refused(openai.chat.completions.create({ model: resourceId, messages }))
      const unknown = await asking(client(base(), `tok_${'x'.repeat(43)}`))
      expect(unknown).toBeInstanceOf(OpenAI.AuthenticationError)
      expect(unknown).toMatchObject({ status: 401, code: 'E_AUTH_REQUIRED', type: 'authentication_error' })
      expect(await asking(openai)).toMatchObject({ status: 410, code: 'E_EXPIRED' })

      const small = await consumer.lease(resourceId, '10')
      const poor = client(base(), small.token)
      expect(await asking(poor)).toMatchObject({
        status: 402,
        code: 'E_QUOTA_EXCEEDED',
        type: 'insufficient_quota',
      })
      const wrong = await refused(
        poor.chat.completions.create({ model: resourceId, messages, temperature: 9 }),
      )
      expect(wrong).toBeInstanceOf(OpenAI.BadRequestError)
      expect(wrong).toMatchObject({ code: 'E_INVALID_ARGUMENT', param: 'temperature' })
      good(await consumer.api('web3.resources.completeLease', { leaseId: small.leaseId }))
      expect((await upstream.served()).requests).toBe(requests)
    })

    it('cuts a stream where the budget ends, and says so', async () => {
      // Covers the question and some of the answer.
      const tight = await consumer.lease(resourceId, '1200')
      const messages = ask('count to 2000')
      const stream = await client(base(), tight.token).chat.completions.create({
        model: resourceId,
        messages,
        stream: true,
      })
      let finish: string | null | undefined
      let last: unknown
      for await (const chunk of stream) {
        finish = chunk.choices[0]?.finish_reason ?? finish
        last = chunk
      }
      expect(finish).toBe('length')
      expect(record(last)['openclaw']).toMatchObject({ budget: 'spent', outcome: 'done' })
      const { lease: ended } = good(
        await consumer.api('web3.resources.completeLease', { leaseId: tight.leaseId }),
      )
      const metered = BigInt(text(record(ended)['metered']))
      expect(metered).toBeGreaterThan(0n)
      expect(metered).toBeLessThanOrEqual(1200n)
      expect(record(record(last)['openclaw'])['cost']).toBe(metered.toString())
    })
  })

  it('nothing is left locked, and what the consumer lacks the provider has', async () => {
    const theirs = await balanceOf(gateway, consumer.address)
    const ours = await balanceOf(gateway, gateway.address)
    expect([theirs['held'], ours['owed']]).toEqual(['0', '0'])
    expect(BigInt(text(theirs['available'])) + (await own()) - ownBefore).toBe(granted)
    const { leases } = await gateway.call('market.lease.list', { consumerActorId: consumer.address })
    expect(new Set(list(leases).map(({ status }) => status))).toEqual(new Set(['lease_completed']))
  })
}

function sum(of: readonly Tokens[], field: keyof Tokens): number {
  return of.reduce((total, each) => total + each[field], 0)
}
