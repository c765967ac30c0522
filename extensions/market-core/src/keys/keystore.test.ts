import { Wallet } from 'ethers'
import { describe, expect, it } from 'vitest'
import { newKeystore, openKeystore } from './keystore.ts'
import { shown } from './temporary-directory.fixture.ts'

const passphrase = 'canary-passphrase-0123456789'

describe('a keystore', async () => {
  const json = await newKeystore(passphrase)
  const { Crypto: crypto, ...rest } = JSON.parse(json) as {
    Crypto: { kdfparams: object; ciphertext: string }
  }
  const changed = (part: object): string => JSON.stringify({ ...rest, Crypto: { ...crypto, ...part } })

  it('opens with its passphrase, and in another wallet', async () => {
    const key = await openKeystore(json, passphrase)
    expect(key).toMatch(/^0x[0-9a-f]{64}$/)
    const imported = await Wallet.fromEncryptedJson(json, passphrase)
    expect(imported.privateKey).toBe(key)
  })

  it('is another one each time', async () => {
    const other = await newKeystore(passphrase)
    expect((JSON.parse(other) as { address: string }).address).not.toBe(
      (JSON.parse(json) as { address: string }).address,
    )
  })

  it('opens as geth writes it', async () => {
    expect(await openKeystore(JSON.stringify({ ...rest, crypto }), passphrase)).toMatch(/^0x/)
  })

  it('opens in well under a second', async () => {
    const times: number[] = []
    for (let i = 0; i < 3; i++) {
      const start = performance.now()
      await openKeystore(json, passphrase)
      times.push(performance.now() - start)
    }
    expect(Math.min(...times)).toBeLessThan(1_000)
  })

  it('does not open with another passphrase', async () => {
    await expect(openKeystore(json, `${passphrase} `)).rejects.toMatchObject({
      code: 'E_NOT_CONFIGURED',
      details: { config: 'passphraseFile', reason: 'wrong' },
    })
  })

  it('does not open with a changed ciphertext', async () => {
    const flipped = (crypto.ciphertext.startsWith('0') ? '1' : '0') + crypto.ciphertext.slice(1)
    await expect(openKeystore(changed({ ciphertext: flipped }), passphrase)).rejects.toMatchObject({
      details: { reason: 'wrong' },
    })
  })

  it.each([
    ['nothing', ''],
    ['no JSON', json.slice(0, -10)],
    ['no object', '"canary"'],
    ['null', 'null'],
    ['another version', JSON.stringify({ ...rest, version: 4, Crypto: crypto })],
    ['no address', JSON.stringify({ version: 3, Crypto: crypto })],
    ['the address of another key', JSON.stringify({ ...rest, address: '00'.repeat(20), Crypto: crypto })],
    ['no ciphertext', changed({ ciphertext: '' })],
    ['a cost that takes all memory', changed({ kdfparams: { ...crypto.kdfparams, n: 2 ** 21, r: 64 } })],
    ['a cost that is no power of two', changed({ kdfparams: { ...crypto.kdfparams, n: 3 } })],
    ['another derivation', changed({ kdf: 'pbkdf2' })],
  ])('is damaged with %s', async (_, text) => {
    const error: unknown = await openKeystore(text, passphrase).catch((caught: unknown) => caught)
    expect(error).toMatchObject({
      code: 'E_NOT_CONFIGURED',
      details: { config: 'keyDirectory', reason: 'damaged' },
    })
    expect(shown(error)).not.toMatch(/canary/)
  })
})
