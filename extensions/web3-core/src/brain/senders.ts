/**
 * Whose run it is. The host proves it when a run is about to reach the model, which is after the model is chosen: so the choice
 * goes by what was proved of that sender last, and each request by what is proved of its own run. Money is only ever
 * committed on the second.
 */
import type { RunBegun, Sender } from './choice.ts'

type Run = Pick<RunBegun, 'runId' | 'sessionKey' | 'channel' | 'senderId'>

export interface Senders {
  proved(run: Run, owner: boolean): void
  /** What to expect of a run that begins. Somebody new counts as the owner until the host says otherwise. */
  expected(run: Run): Sender
  /** A run that no channel's sender began was begun by a token of the gateway or by its clock: the owner's, unless the host says that it is not. */
  isOwners(run: Run): boolean
}

const mostRemembered = 10_000

export function senders(): Senders {
  const runs = new Map<string, boolean>()
  const known = new Map<string, boolean>()
  const remember = (map: Map<string, boolean>, key: string, owner: boolean): void => {
    map.delete(key)
    map.set(key, owner)
    const [oldest] = map.keys()
    if (map.size > mostRemembered && oldest !== undefined) map.delete(oldest)
  }
  return {
    proved(run, owner) {
      if (run.runId !== undefined) remember(runs, run.runId, owner)
      remember(known, nameOf(run), owner)
    },
    expected: (run) => (known.get(nameOf(run)) === false ? 'stranger' : 'owner'),
    isOwners({ runId, senderId }) {
      const proof = runs.get(runId ?? '')
      return senderId === undefined ? proof !== false : proof === true
    },
  }
}

/** Ids of senders mean something within their channel only; and several clients of the gateway may share one. */
function nameOf({ channel, senderId, sessionKey }: Run): string {
  return JSON.stringify([channel, senderId, sessionKey])
}
