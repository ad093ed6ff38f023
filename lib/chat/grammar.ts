import { printable } from '../util/printable.ts';
import { REASON_CHARACTERS_MAX } from '../validation/fields.ts';
import type { Command, NotUnderstood, PersonName } from './command.ts';
import { nearestName } from './nearest-command.ts';
import { MENTION } from './platform.ts';
import { isTooLong } from './text.ts';

/** The commands, and how each is typed. */
export const USAGES = {
  help: 'help [command]',
  whoami: 'whoami',
  keys: 'keys',
  list: 'list <key>',
  who: 'who <person>',
  show: 'show <grant>',
  events: 'events <key, person or grant>',
  job: 'job <job id>',
  revoke: 'revoke <key> <grant> [reason <text>]',
  'revoke-all': 'revoke-all <person> [on <key>] [reason <text>]',
  confirm: 'confirm <request id>',
  ask: 'ask <request id>',
  approve: 'approve <request id>',
  cancel: 'cancel <request id>',
} as const satisfies Record<Command['name'], string>;

const NAMES = Object.keys(USAGES) as Command['name'][];

const isCommandName = (name: string): name is Command['name'] => Object.hasOwn(USAGES, name);

/** The shortest beginning of a grant's id that names it. */
export const GRANT_PREFIX_PATTERN = /^[0-9a-f]{4,64}$/;

/** Ids of jobs and of stored requests. */
export const ID_PATTERN = /^[0-9a-f]{32}$/;

/** Parses the text of a command. */
export function parseCommand(text: string): Command | NotUnderstood {
  if (isTooLong(text)) return { name: 'not-understood', problem: 'too-long' };
  const readable = text.replace(/\p{Cf}/gu, '').trim();
  const [typed = ''] = /^\S*/.exec(foldWidth(readable)) ?? [];
  if (typed === '') return { name: 'help' };
  const name = typed.replace(HYPHENS, '-').toLowerCase();
  if (!isCommandName(name)) {
    const nearest = nearestName(name, NAMES);
    return { name: 'not-understood', problem: 'unknown-command', usage: nearest && USAGES[nearest] };
  }
  const rest = readable.slice(typed.length);
  try {
    return argumentsOf(name, new Words(rest));
  } catch (error) {
    if (!(error instanceof ArgumentError)) throw error;
    if (name === 'revoke' && MEANS_ALL.test(rest)) {
      return { name: 'not-understood', problem: 'unknown-command', usage: USAGES['revoke-all'] };
    }
    return { name: 'not-understood', problem: error.problem, usage: USAGES[name] };
  }
}

/** After `revoke`: people in a hurry type `revoke all @ann` or `revoke @ann`. */
const MEANS_ALL = /^\s+(?:all(?=\s|$)|<@)/i;

/** Phones and word processors put these in place of a hyphen. */
const HYPHENS = /[\u2010-\u2015\u2212]/g;

/** @throws ArgumentError */
function argumentsOf(name: Command['name'], words: Words): Command {
  const command = readArguments(name, words);
  words.assertEnd();
  return command;
}

function readArguments(name: Command['name'], words: Words): Command {
  switch (name) {
    case 'help':
      return { name, about: words.isAtEnd() ? undefined : words.next() };
    case 'whoami':
    case 'keys':
      return { name };
    case 'list':
      return { name, key: words.nextText() };
    case 'who':
      return { name, person: words.nextPerson() };
    case 'show':
      return { name, grant: words.nextGrant() };
    case 'events': {
      const about = words.nextPerson();
      return { name, about: 'text' in about ? about.text : about };
    }
    case 'job':
      return { name, jobId: words.nextId() };
    case 'revoke':
      return { name, key: words.nextText(), grant: words.nextGrant(), reason: words.reason() };
    case 'revoke-all': {
      const person = words.nextPerson();
      const key = words.skip('on') ? words.nextText() : undefined;
      return { name, person, key, reason: words.reason() };
    }
    default:
      return { name, requestId: words.nextId() };
  }
}

class ArgumentError extends Error {
  readonly problem: NotUnderstood['problem'];

  constructor(problem: NotUnderstood['problem']) {
    super(problem);
    this.problem = problem;
  }
}

/** Quotation marks as on keyboards, and as phones and languages replace them. Code marks come with copied ids. */
const QUOTED = /^(?:["“”„‟«»「」]([^"“”„‟«»「」]*)["“”„‟«»「」]|`([^`]*)`)(?=\s|$)/;
const OPENING = /^["“”„‟«»「」`]/;

/** The arguments of a command, read one after the other. */
class Words {
  /** As typed, for free text. */
  #rest: string;

  constructor(text: string) {
    this.#rest = text.trim();
  }

  isAtEnd(): boolean {
    return this.#rest === '';
  }

  assertEnd(): void {
    if (!this.isAtEnd()) throw new ArgumentError('too-many-arguments');
  }

  /** A word, or what stands between quotation marks. */
  next(): string {
    if (this.isAtEnd()) throw new ArgumentError('missing-argument');
    const folded = foldWidth(this.#rest);
    const quoted = QUOTED.exec(folded);
    if (!quoted && OPENING.test(folded)) throw new ArgumentError('malformed-argument');
    const [bare = ''] = /^\S+/.exec(folded) ?? [];
    const word = (quoted ? (quoted[1] ?? quoted[2] ?? '') : bare).trim();
    if (word === '') throw new ArgumentError('missing-argument');
    this.#rest = this.#rest.slice((quoted?.[0] ?? bare).length).trim();
    return word;
  }

  /** A word that does not mention a person. */
  nextText(): string {
    const word = this.next();
    if (MENTION.test(word)) throw new ArgumentError('malformed-argument');
    return word;
  }

  nextPerson(): PersonName {
    const text = this.next();
    const mention = MENTION.exec(text)?.[1];
    return mention === undefined ? { text } : { mention };
  }

  /** The id of a grant or its beginning, which may end in dots where it was cut. */
  nextGrant(): string {
    const prefix = this.nextText()
      .replace(/(?:…|\.{2,})$/, '')
      .toLowerCase();
    if (!GRANT_PREFIX_PATTERN.test(prefix)) throw new ArgumentError('malformed-argument');
    return prefix;
  }

  nextId(): string {
    const id = this.nextText().toLowerCase();
    if (!ID_PATTERN.test(id)) throw new ArgumentError('malformed-argument');
    return id;
  }

  /** Skips the word if it comes next. */
  skip(word: string): boolean {
    const pattern = new RegExp(`^${word}[:：]?(?=\\s|$)`, 'i');
    const [found] = pattern.exec(foldWidth(this.#rest)) ?? [];
    if (found !== undefined) this.#rest = this.#rest.slice(found.length).trim();
    return found !== undefined;
  }

  /** The optional reason: the text to the end, which needs no quotation marks. */
  reason(): string | undefined {
    if (!this.skip('reason')) return undefined;
    const [, quoted] = QUOTED.exec(this.#rest) ?? [];
    const isWhole = quoted !== undefined && quoted.length + 2 === this.#rest.length;
    const reason = printable(isWhole ? quoted : this.#rest, REASON_CHARACTERS_MAX);
    if (reason === '') throw new ArgumentError('missing-argument');
    this.#rest = '';
    return reason;
  }
}

/** Returns the text with full-width letters, digits and signs, as Chinese keyboards type them, in their usual form. */
function foldWidth(text: string): string {
  return text.replace(/[\uff01-\uff5e]/g, (character) => String.fromCharCode(character.charCodeAt(0) - 0xfee0));
}
