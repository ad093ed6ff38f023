/** Revoking from chat: preview, confirmation or approval, and the job that does it. */
import type { ChangeCommand } from './command.ts';
import type { ChatDependencies } from './dependencies.ts';
import type { CommandCall } from './read-commands.ts';
import type { Message } from './view.ts';

/** Shows what would be revoked, and stores the request that its buttons name. Revokes nothing. */
export async function preview(_dependencies: ChatDependencies, _call: CommandCall<ChangeCommand>): Promise<Message[]> {
  throw new Error('not built');
}
