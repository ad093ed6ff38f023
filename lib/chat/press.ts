import type { ChatDependencies } from './dependencies.ts';
import type { CommandCall } from './read-commands.ts';
import type { ButtonName, Message } from './view.ts';

/** What a button does, pressed or typed. */
export async function press(
  _dependencies: ChatDependencies,
  _call: CommandCall<{ name: ButtonName; requestId: string }>,
): Promise<Message[]> {
  throw new Error('not built');
}
