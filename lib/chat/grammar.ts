import type { Command, NotUnderstood } from './command.ts';

/** Parses the text of a command. */
export function parseCommand(_text: string): Command | NotUnderstood {
  throw new Error('not built');
}
