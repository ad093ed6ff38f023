/** Messages for requests that are refused or fail before a command or button answers itself. */
import { KmsError } from '../errors.ts';
import type { NobodyReason } from './person.ts';
import type { Locale } from './platform.ts';
import { PERMISSIONS } from './rights.ts';
import type { ChatAction } from './source.ts';
import { type Message, messageToAsker, viewOf } from './view.ts';
import { REFUSALS } from './wording/refusals.ts';

const TEXTS = {
  'too-many': 'tooMany',
  'seen-already': 'seenAlready',
  'not-shown': 'notShown',
  'several-principals': 'severalPrincipals',
  'no-user': 'noUser',
} as const;

export const refusalMessage = (reason: keyof typeof TEXTS, locale: Locale): Message =>
  toAsker({ ...REFUSALS[locale][TEXTS[reason]], data: { refused: reason } });

/** The answer to a command that the person's roles or the source do not allow. */
export const notAllowedMessage = (action: ChatAction, locale: Locale): Message =>
  toAsker({ ...REFUSALS[locale].notAllowed(action, PERMISSIONS[action]), data: { refused: 'not-allowed' } });

/**
 * The answer to somebody who is nobody here: the same for every command except `whoami`, so that it tells nothing about
 * keys, grants and other people.
 */
export function nobodyMessage(
  reason: NobodyReason,
  locale: Locale,
  { source, identity, isWhoami }: { source: string; identity: string; isWhoami: boolean },
): Message {
  const wording = REFUSALS[locale];
  if (reason !== 'unmapped') return refusalMessage(reason, locale);
  const command = `npm run admin -- map --source ${source} --identity ${quoted(identity)} --principal <your user id>`;
  const text = isWhoami ? wording.whoamiUnmapped(command) : wording.unmapped(command);
  return toAsker({
    ...text,
    facts: [{ name: wording.identity, value: identity }],
    data: { refused: reason, identity, principal: null },
    ...(isWhoami && { tone: 'neutral' }),
  });
}

/** Quotes for a shell what an administrator copies: a platform decides what an identity contains. */
const quoted = (text: string) => (/^[\w:.@-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

/** The text of an error of the service; of any other error only that something failed. */
export function failureMessage(error: unknown, locale: Locale): Message {
  const wording = REFUSALS[locale];
  if (!(error instanceof KmsError)) return toAsker({ ...wording.failed, data: { error_code: 'KMS.0101' } });
  const { publicCode, message } = error;
  return toAsker({
    title: `${wording.refused} (${publicCode})`,
    sentences: [message],
    data: { error_code: publicCode, error_msg: message },
  });
}

const toAsker = (parts: Parameters<typeof viewOf>[0]): Message => messageToAsker(viewOf({ tone: 'bad', ...parts }));
