/**
 * The host's hooks that go on record. They are registered in every module instance of the plugin, because the host runs some
 * in one and some in another; the running part is looked up each time. A failure here is never one of the conversation.
 */
import type { OpenClawPluginApi } from 'openclaw/plugin-sdk/plugin-entry'
import { runningWeb3 } from '../plugin/handle.ts'
import { mayReadConversation } from './conversation-access.ts'
import { ofInput, ofOutput, ofSessionEnd, ofToolCall, type Told } from '../audit/facts.ts'

export function registerAuditHooks(api: OpenClawPluginApi): void {
  if (mayReadConversation(api)) {
    api.on('llm_input', (event, ctx) => record(() => ofInput(event, { ...ctx, ...event })))
    api.on('llm_output', (event, ctx) => record(() => ofOutput(event, { ...ctx, ...event })))
  }
  api.on('after_tool_call', (event, ctx) => record(() => ofToolCall(event, { ...ctx, ...event })))
  api.on('session_end', (event, ctx) => record(() => ofSessionEnd(event, { ...ctx, ...event })))
}

function record(make: () => Told): void {
  try {
    runningWeb3().conversation.record(make)
  } catch {
    // Before the start and after the stop there is nobody who could write it down.
  }
}
