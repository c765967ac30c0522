import { describe, expect, it } from 'vitest'
import { isMarketError } from '@openclaw-market/protocol/errors'
import { readAllowance, type Heard } from './allowance-words.ts'

const usdc = { currency: 'USDC', decimals: 6 }
const eurc = { currency: 'EURC', decimals: 2 }
const one: Heard = { currencies: [usdc], channel: 'telegram' }
const two: Heard = { currencies: [usdc, eurc], channel: 'telegram' }

const allow = { is: 'allow', per: 'day', whose: {}, currency: 'USDC', limit: 20_000_000n }

describe('/allowance', () => {
  it.each<[string, object]>([
    ['', { is: 'show' }],
    ['$20/day', allow],
    ['20 USDC/day', allow],
    ['20 usdc / day ask', { ...allow, above: 'ask' }],
    ['5.25 EURC/call refuse', { ...allow, per: 'call', currency: 'EURC', limit: 525n, above: 'refuse' }],
    [
      '@bob 2 USDC/day',
      { ...allow, limit: 2_000_000n, whose: { sender: { channel: 'telegram', id: 'bob' } } },
    ],
    [
      '@7:x on discord agent worker 2 USDC/session',
      {
        ...allow,
        per: 'session',
        limit: 2_000_000n,
        whose: { sender: { channel: 'discord', id: '7:x' }, agentId: 'worker' },
      },
    ],
    ['session agent:main:1 0 USDC/day', { ...allow, limit: 0n, whose: { sessionKey: 'agent:main:1' } }],
    ['+5 USDC for 2h', { is: 'topUp', currency: 'USDC', amount: 5_000_000n, forMs: 7_200_000 }],
    ['+$0.5 for 30m to 3', { is: 'topUp', currency: 'USDC', amount: 500_000n, forMs: 1_800_000, number: 3 }],
    ['off 3', { is: 'remove', number: 3 }],
    ['approve apr_1', { is: 'approve', approvalId: 'apr_1' }],
    ['deny apr_1', { is: 'deny', approvalId: 'apr_1' }],
  ])('understands %j', (words, said) => {
    expect(readAllowance(words, two)).toEqual(said)
  })

  it('takes a bare figure where there is one currency, and asks which where there are two', () => {
    expect(readAllowance('20/day', one)).toEqual(allow)
    expect(refusal('20/day', two)).toMatch(/say which currency/)
    expect(refusal('$1/day', { ...one, currencies: [eurc] })).toMatch(
      /no currency of this market is a dollar/,
    )
    const dollars = [usdc, { currency: 'USDT', decimals: 6 }]
    expect(refusal('$1/day', { ...one, currencies: dollars })).toMatch(/more than one currency/)
  })

  it.each([
    '20',
    '20 USDC',
    '20 USDC/week',
    '20 USDC/day maybe',
    '20 XYZ/day',
    '-5 USDC/day',
    '1e9 USDC/day',
    '0.0000001 USDC/day',
    '20 USDC more/day',
    '+5 USDC',
    '+5 USDC for ever',
    '+5 USDC for 31d',
    '+5 USDC for 0h',
    '+5 USDC for 2h to all',
    '+5 USDC for 2h on 1',
    'off',
    'off all',
    'off 1 2',
    'approve',
    'agent',
    '@ 2 USDC/day',
    'please',
  ])('changes nothing for %j, and says how it goes', (words) => {
    expect(refusal(words, two)).toMatch(/\/allowance /)
  })

  it('needs the channel of a sender', () => {
    expect(refusal('@bob 2 USDC/day', { ...one, channel: undefined })).toMatch(/of a channel/)
  })
})

function refusal(words: string, heard: Heard): string {
  try {
    return `not refused: ${JSON.stringify(readAllowance(words, heard), (_key, value: unknown) => String(value))}`
  } catch (error) {
    if (!isMarketError(error)) throw error
    expect(error.code).toBe('E_INVALID_ARGUMENT')
    return `${error.message}\n${error.hint}`
  }
}
