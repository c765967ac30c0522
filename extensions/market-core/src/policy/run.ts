/** Whose run it is, and whether an allowance is about it. */
import { AgentName, Run, Sender, SessionKey, type Whose } from '@openclaw-market/protocol/entities/policy'
import type { Principal, RunFacts } from '@openclaw-market/protocol/principal'
import { codec } from '@openclaw-market/protocol/schema/codec'

/** What no record could keep counts as not said: an id that is cut short may be another's. */
export function runOf({ agentId, sessionKey, senderId: id, channel }: RunFacts = {}): Run {
  const sender = { channel, id }
  return {
    ...(codec(AgentName).problem(agentId) === undefined && agentId !== undefined ? { agentId } : {}),
    ...(codec(SessionKey).problem(sessionKey) === undefined && sessionKey !== undefined
      ? { sessionKey }
      : {}),
    ...(codec(Sender).problem(sender) === undefined ? { sender: codec(Sender).decode(sender) } : {}),
  }
}

export interface Spender {
  /** Whether the host proved that the owner asks. */
  readonly owner: boolean
  readonly run: Run
}

/** Undefined for those who have no share in the node wallet's budget: they spend their own, or are its operator. */
export function spenderOf(who: Principal): Spender | undefined {
  return who.kind === 'node' ? { owner: who.owner, run: runOf(who.run) } : undefined
}

/** Runs without a session count as one. */
export function sessionOf({ sessionKey = '' }: Run): string {
  return sessionKey
}

/** A part that is named must be proved. */
export function isAbout({ sender, agentId, sessionKey }: Whose, run: Run): boolean {
  if (agentId !== undefined && agentId !== run.agentId) return false
  if (sessionKey !== undefined && sessionKey !== run.sessionKey) return false
  if (sender === undefined) return true
  return sender.channel === run.sender?.channel && sender.id === run.sender.id
}
