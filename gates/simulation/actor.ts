/** What every actor does: asks, and asks again with the same key when nobody answered. */
import type { TObject } from '@sinclair/typebox'
import type { Envelope } from '@openclaw-market/protocol/errors'
import type { Operation } from '@openclaw-market/protocol/operation'
import type { Principal } from '@openclaw-market/protocol/principal'
import { answerTtlMs, type World } from './world.ts'

export type Act = (world: World) => Promise<void>

/** Chooses by weight, again and again, for ever. */
export async function live(
  world: World,
  name: string,
  acts: readonly (readonly [number, Act])[],
): Promise<void> {
  const all = acts.flatMap(([weight, act]) => Array.from({ length: weight }, () => act))
  for (;;) {
    await world.up()
    await world.scheduler.turn(name, false)
    await world.dice.one(all)(world)
  }
}

/** With an idempotency key: until there is an answer; and now and then once more, which must change nothing. */
export async function askSurely<P extends TObject, R extends TObject, S, F>(
  world: World,
  op: Operation<P, R, S, F>,
  params: object,
  who: Principal & { readonly actorId: string },
): Promise<Envelope | undefined> {
  const { dice, scheduler, books, clock } = world
  const idempotencyKey = `key-${world.ids.next('evt')}`
  const request = { ...params, idempotencyKey }
  const since = clock.now
  let answer: Envelope | undefined
  for (let tries = 0; tries < 4; tries++) {
    answer = await world.ask(op, request, who)
    if (clock.now - since >= answerTtlMs) return answer
    if (answer !== undefined && !unsure(answer)) break
    await world.up()
    await scheduler.turn(`${op.name} again`, false)
  }
  if (answer?.ok !== true) return answer
  const first = books.answered(`${who.actorId}/${idempotencyKey}`, JSON.stringify(answer))
  if (first !== undefined) world.wrong(first)
  if (!dice.oneIn(4)) return answer
  await scheduler.turn(`${op.name} once more`, false)
  const other = dice.oneIn(2)
  const again = await world.ask(op, other ? altered(request) : request, who)
  if (again === undefined || unsure(again) || clock.now - since >= answerTtlMs) return answer
  const said = again.ok ? 'ok' : again.error
  if (other && said !== 'E_CONFLICT')
    world.wrong(`${op.name}: the key of another request was answered with ${said}`)
  const { accessToken: _once, ...kept } = answer as Envelope & { readonly accessToken?: string }
  if (!other && JSON.stringify(again) !== JSON.stringify(kept))
    world.wrong(`${op.name}: the same request again had another answer: ${JSON.stringify(again)}`)
  return answer
}

function unsure(answer: Envelope): boolean {
  return !answer.ok && (answer.error === 'E_UNAVAILABLE' || answer.error === 'E_OUTCOME_UNKNOWN')
}

/** Another request of the same shape. */
function altered(request: object): object {
  const changed = Object.entries(request).map(([field, value]) => {
    if (field === 'amount' || field === 'maxCost') return [field, `${BigInt(String(value)) + 1n}`]
    if (field === 'resource') return [field, { ...(value as object), label: 'another label' }]
    return [field, value]
  })
  return Object.fromEntries(changed)
}
