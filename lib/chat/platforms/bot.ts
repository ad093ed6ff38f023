/**
 * Any bot: a program of the operator that passes on what people say to it, in the form of Standard Webhooks, and shows
 * them the answer. The bot vouches for the person, so the source says what may be done through it.
 */
import * as z from 'zod/mini';
import { KmsError } from '../../errors.ts';
import { verifyWebhook, webhookSecretProblem } from '../../signing/standard-webhooks.ts';
import { bodyParser } from '../../validation/body-parser.ts';
import { field, optional, optionalText, text } from '../../validation/field.ts';
import { parseBody } from '../../validation/json-body.ts';
import type { ChatPlatform, Incoming, Locale } from '../platform.ts';
import { escapeMarkdown, viewMarkdown } from '../rendering/markdown.ts';
import { typedButton, viewText } from '../rendering/plain-text.ts';
import type { Message } from '../view.ts';

const CHARACTERS_MAX = 16_000;

const ACTOR = /^[^\s\p{C}<>|](?:[^\p{C}<>|]{0,126}[^\s\p{C}<>|])?$/u;
const CHANNEL = /^[^\p{C}]{1,256}$/u;
const REQUEST_ID = /^[\x21-\x7e]{1,256}$/;

const string = (name: string) => optional(field(z.string(), { code: 'KMS.0308', detail: `${name} must be a string.` }));

const parseCommandBody = bodyParser({
  command: string('command'),
  text: string('text'),
  actor: text(ACTOR, 'KMS.0308', 'actor must be 1 to 128 characters without < > | and control characters.'),
  channel: optionalText(text(CHANNEL, 'KMS.0308', 'channel must be 256 characters or fewer.')),
  request_id: optionalText(text(REQUEST_ID, 'KMS.0308', 'request_id must be 1 to 256 printable ASCII characters.')),
  locale: string('locale'),
});

export const bot: ChatPlatform = {
  settings: {},
  secretProblem: webhookSecretProblem,
  verify(request, { secrets }, nowMs) {
    verifyWebhook(request, secrets, nowMs);
    // A bot that sends a command again signs it again, perhaps with another webhook-id, but keeps its request_id.
    const requestId = requestIdOf(request.body);
    return {
      deliveryId: requestId === undefined ? `webhook ${request.headers['webhook-id']}` : `request ${requestId}`,
    };
  },
  read({ body }, { name }): Incoming {
    const { command, text: said, actor, channel = '', locale } = parseCommandBody(parseBody(body));
    const typed = command ?? said;
    if (typed === undefined) throw new KmsError('KMS.0204', { detail: 'command or text is required.' });
    if (command !== undefined && said !== undefined) {
      throw new KmsError('KMS.0308', { detail: 'Send command or text, not both.' });
    }
    return {
      type: 'command',
      text: typed,
      sender: { workspace: name, userId: actor },
      locale: localeOf(locale),
      // The answer goes to the bot, which shows it where it wants: nothing here is known to be private.
      place: { channelId: channel, isDirect: false },
    };
  },
  reply(messages, { locale }) {
    const answers = messages.map((message) => answerOf(message, locale));
    const [first] = answers;
    const reply = {
      text: answers.map((answer) => answer.text).join('\n\n'),
      markdown: answers.map((answer) => answer.markdown).join('\n\n'),
      data: first?.data ?? {},
      buttons: answers.flatMap((answer) => answer.buttons),
      messages: answers,
    };
    return { reply, rest: [] };
  },
  /** A bot has no address to post to; its people ask with the command `job <id>`. */
  deliver: async () => undefined,
};

function requestIdOf(body: Uint8Array): string | undefined {
  try {
    const { request_id: id } = parseBody(body);
    return typeof id === 'string' && id !== '' ? id : undefined;
  } catch {
    // `read` refuses the body.
    return undefined;
  }
}

const localeOf = (locale = ''): Locale => (/^zh\b/i.test(locale) ? 'zh' : 'en');

function answerOf({ view, audience, replacesCard }: Message, locale: Locale) {
  const buttons = view.buttons.map((button) => ({ label: button.label, command: typedButton(button) }));
  return {
    /** Whom the bot should show it to. */
    audience,
    replaces_card: replacesCard,
    tone: view.tone,
    text: [viewText(view, locale, CHARACTERS_MAX), ...buttons.map(textOfButton)].join('\n'),
    markdown: [viewMarkdown(view, locale, CHARACTERS_MAX), ...buttons.map(markdownOfButton)].join('\n\n'),
    data: view.data,
    buttons,
  };
}

interface TypedButton {
  label: string;
  command: string;
}

const textOfButton = ({ label, command }: TypedButton) => `${label}: ${command}`;
const markdownOfButton = ({ label, command }: TypedButton) => `${escapeMarkdown(label)}: \`${command}\``;
