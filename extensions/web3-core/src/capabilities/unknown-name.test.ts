import { expect, it } from 'vitest'
import { unknownName } from './registry.ts'

it('repeats what could be a name', () => {
  expect(unknownName('web3.nothing').message).toBe('there is no capability web3.nothing')
  expect(unknownName('web3.resources.leaseAll').message).toBe(
    'there is no capability web3.resources.leaseAll',
  )
})

it.each([
  'tok_5-EDTzx5rM_o20ZFghUJejfW5HzWAgzDeAgw_WgM974',
  'ses_8Z8Ed4rIhds4ioQ6DMotLuwQt3Cft_1OrbI4FDAaX2g',
  'sk-live-7f1d0c5e9a4b83c6',
  'f'.repeat(64),
  `0x${'a'.repeat(64)}`,
  `web3.${'a'.repeat(64)}`,
])('says nothing of %s, which may be a secret in the wrong place', (name) => {
  expect(unknownName(name).message).toBe('there is no capability of that name')
})
