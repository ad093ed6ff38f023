import type { Person } from './person.ts';
import type { ReceivedCommand } from './platform.ts';
import type { ChatSource } from './source.ts';

/** A command with who typed it, and where. */
export interface CommandCall<C> {
  command: C;
  person: Person;
  source: ChatSource;
  received: Pick<ReceivedCommand, 'sender' | 'place' | 'locale'>;
  /** For events and the log. */
  requestId: string;
}
