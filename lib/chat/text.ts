/** Text for people: what others wrote, made safe to show, and dates. */
import { printable } from '../util/printable.ts';
import type { Place } from './platform.ts';
import type { Message } from './view.ts';

/** Stands for a text that is missing or shows nothing. */
export const NOTHING = '–';

/** The longest texts of platforms have some thousand characters. */
const COMMAND_CHARACTERS_MAX = 3000;

/** Whether a text is longer than any command. */
export const isTooLong = (text: string): boolean => Array.from(text).length > COMMAND_CHARACTERS_MAX;

/** Characters that Unicode counts as letters or symbols, and that show nothing. */
const BLANKS = /[\u115f\u1160\u2800\u3164\uffa0]/g;

/** More marks on one letter than any script needs: they would cover the lines above and below. */
const STACKED_MARKS = /(\p{M}{4})\p{M}+/gu;

/**
 * Returns a text that somebody else wrote, such as a name or a reason, as one line without control, format and
 * direction characters.
 * @param charactersMax a longer text is cut, between two characters, and ends in `…`
 */
export function shownText(text: string | undefined, charactersMax = 80): string {
  const readable = (text ?? '').replace(BLANKS, ' ').replace(STACKED_MARKS, '$1');
  const line = cutLine(readable, charactersMax);
  return /[\p{L}\p{N}\p{P}\p{S}]/u.test(line) ? line : NOTHING;
}

/** Returns the text as one line without control, format and direction characters; one that is cut ends in `…`. */
export function cutLine(text: string, charactersMax: number): string {
  const characters = Array.from(printable(text, Number.POSITIVE_INFINITY));
  return characters.length > charactersMax
    ? `${characters.slice(0, charactersMax - 1).join('')}…`
    : characters.join('');
}

/** Returns a time such as `2026-11-28 17:06 UTC`. @param atMs also as the digits that the API has */
export function shownTime(atMs: number | string | undefined): string {
  const date = new Date(atMs === undefined || atMs === '' ? Number.NaN : Number(atMs));
  if (Number.isNaN(date.getTime())) return NOTHING;
  return `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** A text without spaces or the signs that may surround an e-mail address in a sentence. */
const WORD = /[^\s<>"'(),;:|]+/g;
const EMAIL_ADDRESS = /.[@＠]./;

/**
 * Returns the value with every e-mail address in its texts replaced by `…@…`: a group must not learn the addresses of
 * people.
 */
export function withoutEmailAddresses<T>(value: T): T {
  if (typeof value === 'string') {
    return value.replace(WORD, (word) => (EMAIL_ADDRESS.test(word) ? '…@…' : word)) as T;
  }
  if (Array.isArray(value)) return value.map((item) => withoutEmailAddresses<unknown>(item)) as T;
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, item]) => [name, withoutEmailAddresses<unknown>(item)]);
  return Object.fromEntries(entries) as T;
}

/**
 * Removes e-mail addresses from a message unless it is shown in a direct conversation. A message for the asker alone is
 * no exception: in a group, not every platform can hide it from the others.
 */
export const forReadersAt = ({ isDirect }: Place, message: Message): Message =>
  isDirect ? message : { ...message, view: withoutEmailAddresses(message.view) };
