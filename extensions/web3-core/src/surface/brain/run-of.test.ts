import { expect, it } from 'vitest'
import { runOf } from './run-of.ts'

const told = { sessionId: 's', sessionKey: 'agent:main:a', runId: 'run-1' }

it.each([
  ['of a person', told, false],
  ['of a timer', { ...told, inputProvenance: { kind: 'internal_system' } }, false],
  ['of another conversation', { ...told, inputProvenance: { kind: 'inter_session' } }, true],
  ['of a subagent', { ...told, sessionKey: 'agent:main:subagent:7' }, true],
])('a run %s is another run’s own: %s', (_whose, context, derived) => {
  expect(runOf(context)).toMatchObject({ sessionId: 's', runId: 'run-1', derived })
})

it('the own choice is known by its provider and its name, or not at all', () => {
  expect(runOf({ ...told, modelProviderId: 'own', modelId: 'plain' }).ownModel).toBe('own/plain')
  expect(runOf({ ...told, modelId: 'plain' })).not.toHaveProperty('ownModel')
})
