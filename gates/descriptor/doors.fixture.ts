/** What a descriptor says of who may call it and when, and its examples, each carried out. */
import { expect } from 'vitest'
import type { Actor } from './actor.ts'
import type { Answer, Descriptor, Document, Json } from './document.ts'
import type { Run } from './run.fixture.ts'
import { valuesAt } from './schema-walk.ts'

/** The valid example as it stands is answered as the document promises; the invalid one exactly as it says. */
export async function examples(run: Run, actor: Actor, raw: Actor): Promise<number> {
  let count = 0
  for (const descriptor of callableBy(run.document, actor)) {
    const { valid, invalid } = descriptor.examples
    // What a door demands beyond the schema, an example for every door cannot have; the tour adds it.
    if (run.schemas.params(descriptor, actor.door)(valid).length === 0)
      await run.call(actor, descriptor, valid)
    const before = await run.root()
    const answer = await call(raw, descriptor, invalid.params)
    expect(answer, descriptor.name).toMatchObject({
      ok: false,
      error: invalid.error,
      message: invalid.message,
      details: { rule: invalid.rule, pointer: expect.any(String) },
    })
    expect(await run.root(), descriptor.name).toBe(before)
    count += 2
  }
  return count
}

/** Through a door that it does not name, a capability is refused. */
export async function otherDoors({ document }: Run, raw: Actor): Promise<void> {
  for (const descriptor of document.capabilities) {
    if (descriptor.permissions.doors.includes(raw.door)) continue
    const answer = await call(raw, descriptor, descriptor.examples.valid)
    expect(answer, `${descriptor.name} through ${raw.door}`).toMatchObject({ error: 'E_FORBIDDEN' })
  }
}

/** @param nobody through the API, without a session */
export async function withoutWallet({ document }: Run, nobody: Actor): Promise<void> {
  for (const descriptor of callableBy(document, nobody)) {
    const { error } = await call(nobody, descriptor, descriptor.examples.valid)
    if (Object.hasOwn(descriptor.errors, 'E_AUTH_REQUIRED')) continue
    const demanded = descriptor.permissions.actor !== 'anyone'
    expect(error === 'E_AUTH_REQUIRED', `${descriptor.name} of nobody: ${error}`).toBe(demanded)
  }
}

/** @param guest through the tool, in a message that is not proved to be the owner's */
export async function withoutOwner(run: Run, guest: Actor): Promise<void> {
  const before = await run.root()
  for (const descriptor of callableBy(run.document, guest)) {
    const answer = await call(guest, descriptor, descriptor.examples.valid)
    const refused = answer.details?.['rule'] === 'owner-only'
    // One with an allowance may do some of it; a guest has none.
    const demanded = descriptor.permissions.approval !== undefined
    expect(refused, `${descriptor.name} of a guest: ${JSON.stringify(answer).slice(0, 300)}`).toBe(demanded)
  }
  expect(await run.root(), 'a guest has changed nothing').toBe(before)
}

/** Everything is available, and a group is what it says. */
export async function groups({ document }: Run, describe: (group: string) => Promise<Answer>): Promise<void> {
  for (const group of new Set(document.capabilities.map((each) => each.group))) {
    const part = (await describe(group)) as unknown as Document
    expect(part.version).toBe(document.version)
    expect(part.capabilities.map(({ name }) => name)).toEqual(
      document.capabilities.filter((each) => each.group === group).map(({ name }) => name),
    )
  }
  for (const { name, availability } of document.capabilities) expect(availability, name).toBeUndefined()
}

/**
 * @param document as it is described while the market does not run
 * @param serves what does in its place: backends that the owner has configured for that, what other markets have offered
 */
export async function withoutMarket(
  document: Document,
  raw: Actor,
  serves: readonly ('own' | 'seen')[],
): Promise<void> {
  const found = new Map<string, Json>()
  for (const descriptor of callableBy(document, raw)) {
    const { examples: its, prerequisites, finds = [], withoutMarket: without } = descriptor
    const named = prerequisites.flatMap(({ is, param }) =>
      [...found].flatMap(([of, object]) =>
        of === is && param !== undefined ? [[param, object] as const] : [],
      ),
    )
    const answer = await call(raw, descriptor, { ...its.valid, ...Object.fromEntries(named) })
    for (const { is, field } of finds) {
      const [object] = valuesAt(answer, field)
      if (object !== undefined) found.set(is, object as Json)
    }
    // What other markets have offered is not for an outside wallet.
    const answers =
      without === 'answers' ||
      (without !== undefined && serves.includes(without) && !(without === 'seen' && raw.door === 'api'))
    expect([answer.ok, answer.error], `${descriptor.name} through ${raw.door}`).toEqual(
      answers ? [true, undefined] : [false, 'E_UNAVAILABLE'],
    )
    expect(descriptor.availability?.available, descriptor.name).toBe(answers ? undefined : false)
    if (!answers) expect(descriptor.availability?.reason).toContain('market')
  }
}

function callableBy({ capabilities }: Document, { door }: Actor): readonly Descriptor[] {
  return capabilities.filter(({ permissions }) => permissions.doors.includes(door))
}

function call(actor: Actor, { name }: Descriptor, params: Parameters<Actor['call']>[1]): Promise<Answer> {
  return actor.call(name, params, Object.fromEntries(actor.headers))
}
