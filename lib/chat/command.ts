/** The commands, parsed: the same on every platform. */
import type { ChatAction } from './source.ts';
import type { ButtonName } from './view.ts';

/** A key as typed: an id or an alias. */
type KeyName = string;

/** A person as typed: a mention, a principal id, or an identity that an administrator mapped. */
export type PersonName = { mention: string } | { text: string };

export type Command =
  | { name: 'help'; about?: string | undefined }
  | { name: 'whoami' }
  | { name: 'keys' }
  | { name: 'list'; key: KeyName }
  | { name: 'who'; person: PersonName }
  /** `grant` is an id or a prefix of one. */
  | { name: 'show'; grant: string }
  | { name: 'revoke'; key: KeyName; grant: string; reason?: string | undefined }
  | { name: 'revoke-all'; person: PersonName; key?: KeyName | undefined; reason?: string | undefined }
  | { name: 'events'; about: string | { mention: string } }
  | { name: 'job'; jobId: string }
  /** What a button does, typed: for platforms without buttons. */
  | { name: ButtonName; requestId: string };

export type ReadCommand = Extract<Command, { name: Exclude<ChatAction, 'revoke' | 'revoke-all'> }>;
export type ChangeCommand = Extract<Command, { name: 'revoke' | 'revoke-all' }>;

/** A text that is no command. */
export interface NotUnderstood {
  name: 'not-understood';
  problem: 'unknown-command' | 'missing-argument' | 'too-many-arguments' | 'too-long' | 'malformed-argument';
  /** The nearest command's usage, such as `list <key>`. */
  usage?: string | undefined;
}
