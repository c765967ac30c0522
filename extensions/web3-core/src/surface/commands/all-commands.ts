import type { ChatCommand } from './command.ts'
import { marketCommand } from './market.ts'

/** Every slash command, in the order in which a list shows them. */
export const allCommands: readonly ChatCommand[] = [marketCommand]
