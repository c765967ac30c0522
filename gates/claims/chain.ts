import { core, type Area } from './claim.ts'

const outbox = `${core}/settlement/outbox`
const chain = `${core}/settlement/chain`
const running = `${outbox}/outbox.test.ts`
const jobs = `${outbox}/jobs.test.ts`
const opening = `${chain}/open-chain.test.ts`

export const chainClaims: Area = {
  title: 'Sending to a chain',
  against:
    'An RPC that is down, lies or serves another chain, a chain that goes back, and dying at any step.',
  claims: [
    {
      claim: 'What is signed for a chain is on disk before its first byte goes out.',
      file: `${outbox}/begin.ts`,
      enforcedBy: 'begin',
      caughtBy: {
        file: running,
        test: 'has the signed bytes on disk before they go out, and the next process sends the very same',
      },
      loss: {
        line: 'await writeFirst(env.store, sent(job), form)\n  await view.send(form.raw)',
        replacement: 'await view.send(form.raw)\n  await writeFirst(env.store, sent(job), form)',
      },
    },
    {
      claim: 'What the chain shows to be done already is not sent.',
      file: `${outbox}/begin.ts`,
      enforcedBy: 'begin',
      caughtBy: { file: jobs, test: 'that somebody else has done already is not done again' },
      loss: {
        line: "if (effect !== undefined && (await view.holds(effect, 'latest'))) {",
        replacement: 'if (effect !== undefined && job.value < 0n) {',
      },
    },
    {
      claim: 'All forms of a job have one nonce, so that offering more never pays twice.',
      file: `${outbox}/advance.ts`,
      enforcedBy: 'waitForBlock',
      caughtBy: {
        file: jobs,
        test: 'that is not mined offers more under the same nonce, up to its ceiling and no further',
      },
      loss: {
        line: 'const terms = { nonce: last.nonce, attempt: last.attempt + 1, gas: last.gas }',
        replacement: 'const terms = { nonce: last.nonce + 1, attempt: last.attempt + 1, gas: last.gas }',
      },
    },
    {
      claim: 'Nothing offers more for being mined than its ceiling.',
      file: `${outbox}/fees.ts`,
      enforcedBy: 'under',
      caughtBy: {
        file: `${outbox}/fees.test.ts`,
        test: 'never come to more than the ceiling, however often they are raised',
      },
      loss: { line: 'maxFeePerGas: smaller(maxFeePerGas, most),', replacement: 'maxFeePerGas,' },
    },
    {
      claim: 'What is mined is believed only when it is as deep as the rules say.',
      file: `${outbox}/advance.ts`,
      enforcedBy: 'mined',
      caughtBy: {
        file: running,
        test: 'less far than is waited for loses nothing: what it dropped is sent again, as it was',
      },
      loss: {
        line: 'if (deep === undefined || blockNumber > deep)',
        replacement: 'if (deep === undefined)',
      },
    },
    {
      claim: 'An RPC that calls a revert a success is not believed: the contract’s own mark is missing.',
      file: `${outbox}/advance.ts`,
      enforcedBy: 'mined',
      caughtBy: {
        file: jobs,
        test: 'that an RPC calls a success, and that left no mark, is not believed and told of',
      },
      loss: {
        line: 'if (job.mark !== undefined && !bears(receipt, job.mark)) return contradicts(env, job)',
        replacement: '',
      },
    },
    {
      claim:
        'A chain that goes back further than is waited for is told to a person, and mended by nobody else.',
      file: `${outbox}/watch.ts`,
      enforcedBy: 'watch',
      caughtBy: {
        file: running,
        test: 'further is an alert and stops the key, until a person has the same bytes sent again',
      },
      loss: { line: 'await writeJob(env, undone(job))', replacement: '' },
    },
    {
      claim: 'An RPC of another chain is refused, also as the second of two.',
      file: `${chain}/rpc.ts`,
      enforcedBy: 'openRpc',
      caughtBy: {
        file: opening,
        test: 'refuses an RPC of another chain, beside one of the right one too, and names which',
      },
      loss: {
        line: 'if (Number(served) !== chainId) throw otherChain(chainId, endpoints.indexOf(endpoint))',
        replacement: 'void [served, otherChain]',
      },
    },
    {
      claim: 'No money goes to an escrow whose code is not the one that this version knows.',
      file: `${chain}/open-chain.ts`,
      enforcedBy: 'checkEscrow',
      caughtBy: {
        file: opening,
        test: 'refuses an address without code, with other code, and with code that stands elsewhere',
      },
      loss: { line: 'if (!isCodeOf(marketEscrow, code))', replacement: "if (code === '0x00')" },
    },
  ],
}
