/** Verifies and parses commands, which carry a token, and presses of buttons, which carry our own signature. */
import { KmsError } from '../../../errors.ts';
import { type PressContext, verifyPress } from '../../../signing/mattermost.ts';
import { verifyPlainSecret } from '../../../signing/plain-secret.ts';
import { type SignableRequest, SignatureError } from '../../../signing/signed-request.ts';
import { isJsonObject, parseBody } from '../../../validation/json-body.ts';
import type { Incoming } from '../../platform.ts';
import { isTooLong } from '../../text.ts';
import { BUTTONS } from '../../view.ts';
import { ID, type MattermostSource } from './settings.ts';

/** A response_url is valid for this long. Source: "Custom slash commands", "Delayed and multiple responses". */
const REPLY_URL_LIFETIME_MS = 30 * 60 * 1000;
/** As long as the stored request is kept, so that a late press is told what became of it. */
const BUTTON_LIFETIME_MS = 24 * 60 * 60 * 1000;
const REPLY_PATH = /^(?:\/[\w-]+)*\/hooks\/commands\/[A-Za-z0-9]{1,64}$/;

/** Presses are JSON, commands are forms. */
export const isPress = ({ headers }: SignableRequest) => /^application\/json\b/i.test(headers['content-type'] ?? '');

/** The token is in a header and in the body. A proxy may remove the header, but one that is wrong is refused. */
export function verifyToken({ headers, body }: SignableRequest, { secrets }: MattermostSource): void {
  const header = headers['authorization'];
  const [, headerToken] = /^Token (\S+)$/i.exec(header ?? '') ?? [];
  const bodyTokens = formOf(body).getAll('token');
  const tokens = [...(header === undefined ? [] : [headerToken]), ...bodyTokens];
  if (tokens.length === 0) throw new SignatureError('no token');
  for (const token of tokens) verifyPlainSecret(token, secrets);
}

const formOf = (body: Uint8Array) => new URLSearchParams(Buffer.from(body).toString());

/** @throws SignatureError, also for a body that cannot be read: nothing of it is verified */
export function pressContext(
  { body }: SignableRequest,
  { name, settings }: MattermostSource,
  nowMs: number,
): PressContext {
  let press: Record<string, unknown>;
  try {
    press = parseBody(body);
  } catch {
    throw new SignatureError('a press that is not a JSON object');
  }
  const { context } = press;
  if (!isJsonObject(context)) throw new SignatureError('a press without a context');
  const verified = verifyPress(context, name, settings.press_secret, nowMs);
  if (press['channel_id'] !== verified.channel_id) throw new SignatureError('a press in another channel');
  // Mattermost sends no team for direct and group messages.
  if (press['team_id'] && press['team_id'] !== verified.team_id) throw new SignatureError('a press in another team');
  return verified;
}

export function readPress(request: SignableRequest, source: MattermostSource, nowMs: number): Incoming {
  const context = pressContext(request, source, nowMs);
  const { user_id: userId, post_id: postId } = parseBody(request.body);
  assertAllowed(source, context.team_id, context.channel_id);
  const button = BUTTONS.find((name) => name === context.button);
  if (!button) throw new KmsError('KMS.0308', { detail: 'The context of the press names no button.' });
  const isUrlValid = context.reply_url !== '' && nowMs < context.reply_url_expires_at_ms;
  if (isUrlValid) assertReplyUrl(context.reply_url, source);
  return {
    type: 'press',
    button,
    requestId: context.request_id,
    sender: { workspace: context.team_id, userId: idOf('user_id', userId) },
    locale: 'en',
    place: {
      channelId: context.channel_id,
      // A slash command in a direct message is seen by the other person, not by a bot.
      isDirect: false,
      ...(typeof postId === 'string' && ID.test(postId) && { messageId: postId }),
      ...(isUrlValid && { replyUrl: context.reply_url, replyUrlExpiresAtMs: context.reply_url_expires_at_ms }),
      extra: extraOf(context.team_id, nowMs, context.audience),
    },
  };
}

export function readCommand({ body }: SignableRequest, source: MattermostSource, nowMs: number): Incoming {
  const form = formOf(body);
  const [teamId, channelId, userId] = ['team_id', 'channel_id', 'user_id'].map((name) => idOf(name, only(form, name)));
  assertAllowed(source, teamId, channelId);
  const replyUrl = only(form, 'response_url') ?? '';
  if (replyUrl !== '') assertReplyUrl(replyUrl, source);
  return {
    type: 'command',
    text: withMentions(form),
    sender: { workspace: teamId ?? '', userId: userId ?? '' },
    locale: 'en',
    place: {
      channelId: channelId ?? '',
      isDirect: false,
      ...(replyUrl !== '' && { replyUrl, replyUrlExpiresAtMs: nowMs + REPLY_URL_LIFETIME_MS }),
      extra: extraOf(teamId ?? '', nowMs),
    },
  };
}

/** What the buttons of an answer need: the team, and until when they work. */
const extraOf = (team: string, nowMs: number, audience?: string) => ({
  team,
  buttonsUntilMs: String(nowMs + BUTTON_LIFETIME_MS),
  ...(audience !== undefined && { audience }),
});

function only(form: URLSearchParams, name: string): string | undefined {
  const values = form.getAll(name);
  if (values.length > 1) throw new KmsError('KMS.0308', { detail: `${name} occurs twice.` });
  return values[0];
}

function idOf(name: string, value: unknown): string {
  if (typeof value === 'string' && ID.test(value)) return value;
  throw new KmsError('KMS.0308', { detail: `${name} must be an id of Mattermost.` });
}

function assertAllowed(
  { settings }: MattermostSource,
  teamId: string | undefined,
  channelId: string | undefined,
): void {
  if (!settings.workspaces.some((id) => id === teamId)) throw new SignatureError('a team that is not in workspaces');
  if (settings.channels && !settings.channels.some((id) => id === channelId))
    throw new SignatureError('a channel that is not in channels');
}

/** @throws SignatureError unless it is an address for answers at the server of the settings */
export function assertReplyUrl(text: string, { settings }: MattermostSource): void {
  const url = URL.parse(text);
  const isOfServer = url?.origin === settings.url && url.username === '' && url.password === '';
  if (!isOfServer || url.search !== '' || url.hash !== '' || !REPLY_PATH.test(url.pathname))
    throw new SignatureError('a response_url that is not one of the server in the settings');
}

/**
 * Mattermost sends the names that it found in the text, and their ids in the same order. A text that is too long for a
 * command stays as it is: it is refused later, and to search it would take long.
 */
function withMentions(form: URLSearchParams): string {
  const text = only(form, 'text') ?? '';
  if (isTooLong(text)) return text;
  const idsOfUsers = form.getAll('user_mentions_ids');
  const byName = new Map(form.getAll('user_mentions').map((name, index) => [name.toLowerCase(), idsOfUsers[index]]));
  return text.replaceAll(/(^|\s)@([\w.-]+)/g, (typed, before: string, name: string) => {
    const id = byName.get(name.toLowerCase()) ?? byName.get(name.toLowerCase().replace(/[._-]+$/, ''));
    return id !== undefined && ID.test(id) ? `${before}<@${id}>` : typed;
  });
}
