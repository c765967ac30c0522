import { core, protocol, web3, type Area } from './claim.ts'

const market = `${core}/market`
const execute = `${market}/execute.ts`
const executed = `${market}/execute.test.ts`
const seen = `${core}/store/conformance`

export const sightClaims: Area = {
  title: 'What is seen, and what is on record',
  against:
    'Actors that look at what is not theirs, operators who act for others, and errors that say too much.',
  claims: [
    {
      claim: 'Whoever acts for another leaves an event with whom and why.',
      file: `${core}/log/event.ts`,
      enforcedBy: 'eventOf',
      caughtBy: {
        file: `${market}/accounts/accounts.test.ts`,
        test: 'of someone else are read by an operator only, and acting for them leaves the reason',
      },
      loss: {
        line: "...(who.kind === 'operator' && who.onBehalfOf !== undefined ? actedFor(who.onBehalfOf) : {}),",
        replacement: '',
      },
    },
    {
      claim: 'An operator who acts for another says why.',
      file: `${core}/plugin/operator-call.ts`,
      enforcedBy: 'OnBehalfOf',
      caughtBy: {
        file: `${core}/plugin/service.test.ts`,
        test: 'says for whom it acts and why, and the place of a mistake in that',
      },
      loss: { line: 'reason: line(1, 200) })', replacement: 'reason: line(0, 200) })' },
    },
    {
      claim: 'Every operation of an actor that is carried out leaves an event, in the same write.',
      file: execute,
      enforcedBy: 'executor',
      caughtBy: { file: executed, test: 'commits what it decided with its event, and tells of it' },
      loss: {
        line: "if (who.kind !== 'anyone') await append(tx, eventOf(op, params, who, changes, now, env.ids))",
        replacement: '',
      },
    },
    {
      claim: 'A read by id or by a unique field shows only what the reader may see.',
      file: `${core}/store/transaction.ts`,
      enforcedBy: 'ReadTransaction',
      caughtBy: { file: `${seen}/records.test.ts`, test: 'shows get and find only what the scope may see' },
      loss: {
        line: 'return isVisible(of, entity, this.scope) ? entity : undefined',
        replacement: 'return entity',
      },
    },
    {
      claim: 'A list shows only what the reader may see.',
      file: `${core}/store/query.ts`,
      enforcedBy: 'scansOf',
      caughtBy: {
        file: `${seen}/lists.test.ts`,
        test: 'lists what a scope may see, each once, in order, over pages',
      },
      loss: {
        line: "if (scope.as === 'market') return [base]",
        replacement: "if (scope.as !== 'nobody') return [base]",
      },
    },
    {
      claim: 'A wallet reads with its own eyes, and not with the market’s.',
      file: `${protocol}/principal.ts`,
      enforcedBy: 'scopeOf',
      caughtBy: {
        file: `${protocol}/errors.test.ts`,
        test: 'sees what is its own; operators and the market see all; anyone sees what is public',
      },
      loss: {
        line: "return { as: 'actor', actorId: who.actorId }",
        replacement: "return { as: 'market' }",
      },
    },
    {
      claim: 'An error that an operation does not declare comes out as E_INTERNAL, without its text.',
      file: execute,
      enforcedBy: 'declared',
      caughtBy: {
        file: executed,
        test: 'that fails (%s) ends in %s, leaves nothing, and says nothing that it should not',
      },
      loss: { line: 'if (may.includes(error.code)) {', replacement: 'if (may.length > 0) {' },
    },
    {
      claim: 'An error that a capability does not declare comes out as E_INTERNAL, without its text.',
      file: `${web3}/capabilities/capability.ts`,
      enforcedBy: 'declared',
      caughtBy: {
        file: `${web3}/capabilities/capability.test.ts`,
        test: 'says an error that it declares, and of any other only that there was one',
      },
      loss: {
        line: 'if (isMarketError(error) && may.includes(error.code)) return error',
        replacement: 'if (isMarketError(error) && may.length > 0) return error',
      },
    },
    {
      claim: 'An answer that its own schema refuses does not go out, and nothing of its write stays.',
      file: execute,
      enforcedBy: 'answer',
      caughtBy: {
        file: executed,
        test: 'that fails (%s) ends in %s, leaves nothing, and says nothing that it should not',
      },
      loss: {
        line: 'if (problem !== undefined) throw new Error(`result of ${op.name}: ${problem.pointer} ${problem.message}`)',
        replacement: '',
      },
    },
  ],
}
