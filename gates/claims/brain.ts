import { web3, type Area } from './claim.ts'

const thinking = `${web3}/brain/thinking.test.ts`
const choosing = `${web3}/brain/choosing.ts`
const chosen = `${web3}/brain/choosing.test.ts`
const relay = `${web3}/brain/relay.ts`
const relayed = `${web3}/brain/relay.test.ts`
const answer = `${web3}/surface/brain/leased-answer.ts`
const answered = `${web3}/surface/brain/leased-answer.test.ts`
const brokenOff = 'a break ends the turn with what was received, without a word of whoever broke it'
const unproved = 'spends nothing and asks nobody before the host has proved the owner'

export const brainClaims: Area = {
  title: 'Thinking with a lease',
  against:
    'Strangers who write to an agent, runs that begin others, and providers that read, break off or lie.',
  claims: [
    {
      claim: 'No lease is taken for a run before the host has said whose it is.',
      file: choosing,
      enforcedBy: 'decide',
      caughtBy: { file: thinking, test: unproved },
      loss: {
        line: 'const choice = await serving(run, config)',
        replacement: 'const { choice } = await leasedOrNot(run, config)',
      },
    },
    {
      claim: 'A request of a run that is not proved to be of the owner reaches no provider.',
      file: choosing,
      enforcedBy: 'answering',
      caughtBy: { file: thinking, test: unproved },
      loss: {
        line: "known.isOwners(run) ? 'owner' : 'stranger')",
        replacement: "'owner')",
      },
    },
    {
      claim: 'What the host has proved of one run stands for no other.',
      file: `${web3}/brain/senders.ts`,
      enforcedBy: 'isOwners',
      caughtBy: {
        file: `${web3}/brain/choice.test.ts`,
        test: 'commits nothing before the host has proved that very run',
      },
      loss: {
        line: "const proof = runs.get(runId ?? '')",
        replacement: "const proof = runs.get(runId ?? '') ?? [...runs.values()].at(-1)",
      },
    },
    {
      claim: "Subagents and messages between conversations do not think on the owner's money.",
      file: `${web3}/surface/brain/run-of.ts`,
      enforcedBy: 'runOf',
      caughtBy: {
        file: `${web3}/surface/brain/run-of.test.ts`,
        test: 'a run %s is another run’s own: %s',
      },
      loss: {
        line: "inputProvenance?.kind === 'inter_session' || sessionKey?.includes(':subagent:') === true",
        replacement: "inputProvenance?.kind === 'inter_session'",
      },
    },
    {
      claim: 'A lease that the brain takes is asked of the budget of the very run that it is for.',
      file: `${web3}/brain/auto-lease.ts`,
      enforcedBy: 'callOf',
      caughtBy: {
        file: thinking,
        test: 'no more for a lease than the allowance of its agent: the own choice answers, and it is said why',
      },
      loss: { line: 'run: factsOf(run) }', replacement: 'run: {} }' },
    },
    {
      claim: 'A call on a lease that another run took is not made unless the budget of this run covers it.',
      file: `${web3}/brain/open-brain.ts`,
      enforcedBy: 'carryOut',
      caughtBy: { file: thinking, test: 'no more for a call on a lease that another run took' },
      loss: {
        line: 'if (spend === undefined) {',
        replacement: 'if (spend === undefined && failed !== undefined) {',
      },
    },
    {
      claim: 'In one conversation the brain takes as many leases as its config says, and no more.',
      file: `${web3}/brain/auto-lease.ts`,
      enforcedBy: 'hasEnough',
      caughtBy: { file: chosen, test: 'is as many as the config says' },
      loss: {
        line: 'return forThis.length >= (order.maxLeases ?? 1)',
        replacement: 'return forThis.length > (order.maxLeases ?? 1)',
      },
    },
    {
      claim: "The host's client holds a ticket for one request; a second request with it is refused.",
      file: relay,
      enforcedBy: 'relay',
      caughtBy: { file: relayed, test: 'serves a ticket once' },
      loss: { line: '    tickets.delete(apiKey)\n', replacement: '' },
    },
    {
      claim: 'The relay to a lease listens on loopback alone.',
      file: relay,
      enforcedBy: 'listen',
      caughtBy: { file: relayed, test: 'listens on loopback alone, and not any more when it is closed' },
      loss: { line: "{ host: '127.0.0.1', port: 0 }", replacement: '{ port: 0 }' },
    },
    {
      claim:
        'What the host tells its own providers of users and conversations is kept from the provider of a lease.',
      file: `${web3}/surface/brain/brain-stream.ts`,
      enforcedBy: 'withoutIdentity',
      caughtBy: {
        file: `${web3}/surface/brain/brain-stream.test.ts`,
        test: 'tells the provider nothing of who asks',
      },
      loss: {
        line: "'safety_identifier', 'user', 'metadata', 'store']",
        replacement: "'safety_identifier']",
      },
    },
    {
      claim: 'Until a leased model has said something, nothing of its answer is shown.',
      file: answer,
      enforcedBy: 'passLeased',
      caughtBy: { file: answered, test: '%s shows nothing, and a break leaves no trace' },
      loss: {
        line: "return event.delta !== ''",
        replacement: 'return event.delta.length >= 0',
      },
    },
    {
      claim: 'A tool call that broke off half-way is not carried out.',
      file: answer,
      enforcedBy: 'cleanEnd',
      caughtBy: { file: answered, test: brokenOff },
      loss: {
        line: "content: message.content.filter(({ type }) => type !== 'toolCall'),",
        replacement: 'content: message.content,',
      },
    },
    {
      claim: 'When an answer breaks off, no word of the failure gets into the conversation.',
      file: answer,
      enforcedBy: 'cleanEnd',
      caughtBy: { file: answered, test: brokenOff },
      loss: { line: '    errorMessage: _message,\n', replacement: '' },
    },
    {
      claim: 'A market that keeps silent costs a turn its deadline, and not the answer.',
      file: `${web3}/brain/open-brain.ts`,
      enforcedBy: 'choose',
      caughtBy: {
        file: chosen,
        test: 'none of a market that does not answer: the own choice has the turn within its deadline',
      },
      loss: {
        line: 'await within(deadlineMs, chooses.decide(run), tooLate)',
        replacement: 'await within(60 * deadlineMs, chooses.decide(run), tooLate)',
      },
    },
    {
      claim: 'With a conversation end the leases that were opened for it, and no others.',
      file: `${web3}/brain/statement-lines.ts`,
      enforcedBy: 'openedIn',
      caughtBy: {
        file: `${web3}/brain/session-end.test.ts`,
        test: 'ends what was opened for it, and nothing else',
      },
      loss: { line: '    .list({ sessionKey })', replacement: '    .list({})' },
    },
    {
      claim: 'The end of a conversation accepts no usage that the owner has refused.',
      file: `${web3}/brain/session-end.ts`,
      enforcedBy: 'endLease',
      caughtBy: {
        file: `${web3}/brain/session-end.test.ts`,
        test: 'does not accept a usage that the owner has refused',
      },
      loss: { line: "state === 'active' && ending === undefined", replacement: "state === 'active'" },
    },
    {
      claim: 'The end of a conversation is carried out once, however the gateway dies in between.',
      file: `${web3}/plugin/start.ts`,
      enforcedBy: 'startWeb3',
      caughtBy: {
        file: `${web3}/brain/killed-session-end.test.ts`,
        test: 'killed %s its lease is completed, on the %s store',
      },
      loss: { line: '        await closeSessions(made, stopping.signal)\n', replacement: '' },
    },
  ],
}
