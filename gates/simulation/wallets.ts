/**
 * Wallets whose signatures cost nothing: a hash over the signer's secret and what is signed, which nobody else can make
 * here and which is good for exactly these words. Each remembers what it has signed.
 */
import { createHash } from 'node:crypto'
import type { Principal } from '@openclaw-market/protocol/principal'
import type { Prover } from '@openclaw-market/protocol/operation'
import { codec } from '@openclaw-market/protocol/schema/codec'
import { ActorId } from '@openclaw-market/protocol/schema/scalars'

export type Signature = `0x${string}`

export interface Wallet {
  readonly name: string
  readonly actorId: ActorId
  readonly who: Principal & { readonly actorId: ActorId }
  sign(typedData: unknown): Signature
  signText(text: string): Signature
}

interface TypedData {
  readonly domain: object
  readonly primaryType: string
  readonly message: Readonly<Record<string, unknown>>
}

export function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function addressOf(name: string): ActorId {
  return codec(ActorId).decode(`0x${hash(name).slice(0, 40)}`)
}

/** What a wallet shows: the same words whether a number is a bigint or a decimal string. */
function words(typedData: unknown): string {
  const { domain, primaryType, message } = typedData as TypedData
  const fields = Object.keys(message).sort()
  return JSON.stringify([domain, primaryType, fields.map((field) => [field, String(message[field])])])
}

function signatureOf(actorId: ActorId, said: string): Signature {
  const digest = hash(`${actorId} signs ${said}`)
  return `0x${digest}${digest}1b`
}

export function wallet(name: string): Wallet {
  const actorId = addressOf(name)
  return {
    name,
    actorId,
    who: { kind: 'wallet', actorId },
    sign: (typedData) => signatureOf(actorId, words(typedData)),
    signText: (text) => signatureOf(actorId, text),
  }
}

/** The gateway's own. */
export function nodeWallet(): Wallet {
  const own = wallet('node')
  return { ...own, who: { kind: 'node', actorId: own.actorId, owner: true } }
}

export function proverOf(node: Wallet, asked: () => Promise<void>, newToken: () => string): Prover {
  return {
    async verify({ address, signature, typedData }) {
      await asked()
      return signature === signatureOf(address, words(typedData))
    },
    async verifyMessage({ address, signature, message }) {
      await asked()
      return signature === signatureOf(address, message)
    },
    async sign(typedData) {
      await asked()
      return node.sign(typedData)
    },
    newToken,
  }
}
