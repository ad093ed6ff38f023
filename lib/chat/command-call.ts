import type { Person } from './person.ts';
import type { ReceivedCommand } from './platform.ts';
import type { ChatSource } from './source.ts';

/** A command with who typed it, and where. */
export interface CommandCall<C> {
  command: C;
  person: Person;
  source: ChatSource;
  /** A press has to come from the card of its request; a typed command comes from a message of its own. */
  received: Pick<ReceivedCommand, 'sender' | 'place' | 'locale'> & { type?: 'command' | 'press' | undefined };
  /** For events and the log. */
  requestId: string;
}
