import type { Command, NotUnderstood, ReadCommand } from './command.ts';
import type { ChatDependencies } from './dependencies.ts';
import type { Person } from './person.ts';
import type { ReceivedCommand } from './platform.ts';
import type { ChatSource } from './source.ts';
import type { Message } from './view.ts';

export interface CommandCall<C> {
  command: C;
  person: Person;
  source: ChatSource;
  /** A press has to come from the card of its request; a typed command comes from a message of its own. */
  received: Pick<ReceivedCommand, 'sender' | 'place' | 'locale'> & { type?: 'command' | 'press' | undefined };
  /** For events and the log. */
  requestId: string;
}

/** Answers a command that changes nothing. */
export async function answerCommand(
  _dependencies: ChatDependencies,
  _call: CommandCall<ReadCommand | Extract<Command, { name: 'help' | 'whoami' }> | NotUnderstood>,
): Promise<Message> {
  throw new Error('not built');
}
