import { core, web3, type Area } from './claim.ts'

const wallet = `${web3}/wallet`
const binding = `${wallet}/binding.test.ts`
const commands = `${web3}/surface/commands`

export const walletClaims: Area = {
  title: 'Who is the owner',
  against:
    'Others in a chat, whoever has got hold of the owner’s chat, and butlers that were talked into something.',
  claims: [
    {
      claim: 'A command in a chat is answered only when the host says that its owner wrote it.',
      file: `${commands}/command.ts`,
      enforcedBy: 'isOwners',
      caughtBy: { file: `${commands}/command.test.ts`, test: 'answers the owner alone' },
      loss: {
        line: 'if (senderIsOwner !== true) return false',
        replacement: 'if (senderIsOwner === false) return false',
      },
    },
    {
      claim:
        'A command does nothing any more when the host has learnt meanwhile that it was not the owner’s.',
      file: `${commands}/command.ts`,
      enforcedBy: 'isOwners',
      caughtBy: { file: `${commands}/command.test.ts`, test: 'asks again before it acts' },
      loss: { line: 'assertOwnerCurrent?.()', replacement: '' },
    },
    {
      claim:
        'A wallet becomes the owner’s only by its own signature over the message that it was given last.',
      file: `${wallet}/bind.ts`,
      enforcedBy: 'bindWallet',
      caughtBy: {
        file: binding,
        test: 'takes the signature of the wallet that was asked, once, and moves no money',
      },
      loss: {
        line: 'if (!(await prover.verifyMessage({ address, chainId, signature, message }))) {',
        replacement: 'if (message === signature) {',
      },
    },
    {
      claim: 'The message by which a wallet becomes the owner’s is answered once.',
      file: `${wallet}/bind.ts`,
      enforcedBy: 'bindWallet',
      caughtBy: {
        file: binding,
        test: 'takes the signature of the wallet that was asked, once, and moves no money',
      },
      loss: { line: 'remove(BindingChallenges, nodeActorId),', replacement: '' },
    },
    {
      claim: 'The message by which a wallet becomes the owner’s is over after ten minutes.',
      file: `${wallet}/bind.ts`,
      enforcedBy: 'bindWallet',
      caughtBy: {
        file: binding,
        test: 'an answer that is late, by a millisecond; the moment before it is taken',
      },
      loss: { line: 'if (now >= asked.expiresAt) throw expired()', replacement: '' },
    },
    {
      claim:
        'Whoever has the owner’s chat can take the say of its wallet away, and give it to no other wallet.',
      file: `${wallet}/ask.ts`,
      enforcedBy: 'admitOwner',
      caughtBy: {
        file: binding,
        test: 'a wallet whose say is taken away may come back, and no other may come',
      },
      loss: { line: 'if (ownerActorId !== address) {', replacement: 'if (ownerActorId === undefined) {' },
    },
    {
      claim: 'A wallet whose say was taken away has none.',
      file: `${core}/market/wallet/owners-wallet.ts`,
      enforcedBy: 'ownersWallet',
      caughtBy: {
        file: binding,
        test: 'a wallet whose say is taken away may come back, and no other may come',
      },
      loss: {
        line: 'return binding?.suspendedAt === undefined ? binding?.ownerActorId : undefined',
        replacement: 'return binding?.ownerActorId',
      },
    },
    {
      claim: 'What is the gateway’s is withdrawn by the gateway and its owner’s wallet, and by nobody else.',
      file: `${core}/market/accounts/withdraw.ts`,
      enforcedBy: 'gatewayFor',
      caughtBy: {
        file: binding,
        test: "the owner's wallet withdraws what is the gateway's, while it has a say; and nobody else does",
      },
      loss: { line: 'if (by === gateway || by === owner) return gateway', replacement: 'return gateway' },
    },
    {
      claim: 'No butler withdraws money, whoever tells it to.',
      file: `${web3}/billing/withdraw.ts`,
      enforcedBy: 'withdrawCapability',
      caughtBy: { file: binding, test: 'a butler withdraws nothing, whoever tells it to' },
      loss: { line: "doors: ['gateway', 'api'],", replacement: "doors: ['gateway', 'api', 'tool']," },
    },
    {
      claim: 'No butler binds a wallet, whoever tells it to.',
      file: `${wallet}/capabilities.ts`,
      enforcedBy: 'walletCapabilities',
      caughtBy: { file: binding, test: 'a butler, somebody else, or an outside wallet' },
      loss: { line: "doors: ['gateway'],", replacement: "doors: ['gateway', 'tool']," },
    },
  ],
}
