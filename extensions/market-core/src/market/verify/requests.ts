/** What is kept of requests and of who made them: quotes, sessions, challenges, bindings, nonces, answers, receipts. */
import type { EntityOf } from '@openclaw-market/protocol/collection'
import {
  Answers,
  Challenges,
  ConsumerReceipts,
  Quotes,
  Sessions,
  SpentNonces,
  type Quote,
} from '@openclaw-market/protocol/entities/records'
import { Resources, type Resource } from '@openclaw-market/protocol/entities/resource'
import {
  BindingChallenges,
  WalletBindings,
  type WalletBinding,
} from '@openclaw-market/protocol/entities/wallet'
import type { Books } from './books.ts'
import { agree, all, rules, same } from './findings.ts'
import { named } from './records.ts'
import { kindOf, missingOf } from './references.ts'

interface QuoteFacts {
  readonly quote: Quote
  readonly resource: Resource | undefined
}

const quoteRules = rules<QuoteFacts>({
  'quote.resource': ({ quote, resource }) =>
    resource === undefined
      ? `there is no resource ${quote.resourceId}`
      : all(
          agree(['providerActorId'], quote, resource),
          quote.resourceVersion <= resource.version || 'is of a version that there is not',
          quote.resourceVersion < resource.version || agree(['offerHash', 'currency'], quote, resource),
        ),
  'quote.parties': ({ quote }) =>
    quote.consumerActorId !== quote.providerActorId || 'is for the provider itself',
  'quote.times': ({ quote }) => lives(quote),
})

interface Living {
  readonly expiresAt: number
  readonly dueAt: number
}

function lives({ createdAt, expiresAt, dueAt }: Living & { readonly createdAt: number }): true | string {
  return all(same('dueAt', dueAt, expiresAt), expiresAt > createdAt || 'was over when it was made')
}

const sessionRules = rules<EntityOf<typeof Sessions>>({ 'session.times': lives })

const challengeRules = rules<EntityOf<typeof Challenges>>({
  'challenge.times': ({ issuedAt, ...challenge }) => lives({ ...challenge, createdAt: issuedAt }),
})

const bindingRules = rules<WalletBinding>({
  'binding.parties': ({ nodeActorId, ownerActorId }) =>
    nodeActorId !== ownerActorId || 'makes the node wallet its own owner',
  'binding.times': ({ boundAt, suspendedAt = boundAt }) =>
    suspendedAt >= boundAt || 'was suspended before it was bound',
})

const bindingChallengeRules = rules<EntityOf<typeof BindingChallenges>>({
  'binding-challenge.times': ({ issuedAt, ...challenge }) => lives({ ...challenge, createdAt: issuedAt }),
  'binding-challenge.address': ({ ownerActorId, message }) =>
    message.split('\n')[1] === ownerActorId || 'asks another wallet',
})

const nonceRules = rules<EntityOf<typeof SpentNonces>>({
  'nonce.key': ({ nonceKey }) => /^0x[0-9a-fA-F]{40}\/[!-~]+$/.test(nonceKey) || 'is of no wallet',
})

const receiptRules = rules<EntityOf<typeof ConsumerReceipts>>({
  'receipt.key': ({ receiptKey, leaseId, requestId }) =>
    receiptKey === `${leaseId}/${requestId}` || 'is not of its lease and request',
})

interface AnswerFacts {
  readonly answer: EntityOf<typeof Answers>
  readonly missing: string | undefined
}

/** An access token, or a session bearer. */
const secret = /(tok|ses)_[A-Za-z0-9_-]{43}/

const answerRules = rules<AnswerFacts>({
  'answer.key': ({ answer }) =>
    /^0x[0-9a-fA-F]{40}\/(market|web3)(\.[A-Za-z]+)+\/[!-~]+$/.test(answer.answerKey) ||
    'is of no actor and operation',
  'answer.result': ({ missing }) => missing === undefined || `names ${missing}, and there is no such thing`,
  'answer.secret': ({ answer }) =>
    !secret.test(JSON.stringify(answer.result)) || 'keeps a secret that is said only once',
})

export async function checkRequests(books: Books): Promise<void> {
  const { findings } = books
  await books.each(Quotes, async (quote) => {
    const resource = await books.get(Resources, quote.resourceId)
    findings.apply(quoteRules, quote.quoteId, { quote, resource })
  })
  await books.each(Sessions, (session) => findings.apply(sessionRules, session.sessionId, session))
  await books.each(Challenges, (each) => findings.apply(challengeRules, named(Challenges, each.nonce), each))
  await books.each(WalletBindings, (each) =>
    findings.apply(bindingRules, named(WalletBindings, each.nodeActorId), each),
  )
  await books.each(BindingChallenges, (each) =>
    findings.apply(bindingChallengeRules, named(BindingChallenges, each.nodeActorId), each),
  )
  await books.each(SpentNonces, (each) => findings.apply(nonceRules, named(SpentNonces, each.nonceKey), each))
  await books.each(ConsumerReceipts, (each) => findings.apply(receiptRules, each.receiptKey, each))
  await books.each(Answers, async (answer) => {
    const missing = await missingOf(books, idsIn(answer.result))
    findings.apply(answerRules, named(Answers, answer.answerKey), { answer, missing })
  })
}

function idsIn(json: unknown): readonly string[] {
  if (typeof json === 'string') return kindOf(json) === undefined ? [] : [json]
  if (typeof json !== 'object' || json === null) return []
  return Object.values(json).flatMap(idsIn)
}
