import type { OpenClawPluginApi } from 'openclaw/plugin-sdk/plugin-entry'

/**
 * Whether the host lets us have the hooks of what is said, as its owner decides. Without it they are not asked for: the host
 * would warn at every start of what was decided, and its doctor would not be content.
 */
export function mayReadConversation({ config, id }: Pick<OpenClawPluginApi, 'config' | 'id'>): boolean {
  return config.plugins?.entries?.[id]?.hooks?.allowConversationAccess === true
}
