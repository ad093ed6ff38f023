/**
 * Mattermost: custom slash commands, which carry a token, and message buttons, which carry our own signature.
 * Source: Mattermost Developers, "Custom slash commands" and "Interactive messages"; mattermost/mattermost,
 * server/channels/app/integration_action.go and command.go.
 */
import * as z from 'zod/mini';
import { type HttpResponse, sendRequest } from '../../clients/http.ts';
import { KmsError } from '../../errors.ts';
import { sha256Hex } from '../../signing/bytes.ts';
import { type PressContext, signPress, verifyPress } from '../../signing/mattermost.ts';
import { plainSecretProblem, verifyPlainSecret } from '../../signing/plain-secret.ts';
import { type SignableRequest, SignatureError } from '../../signing/signed-request.ts';
import { isJsonObject, parseBody } from '../../validation/json-body.ts';
import type { ChatPlatform, Incoming, ReceivedCommand, ReceivedPress } from '../platform.ts';
import { viewMarkdown } from '../rendering/markdown.ts';
import type { ChatSource } from '../source.ts';
import { isTooLong } from '../text.ts';
import { BUTTONS, type Message, type View } from '../view.ts';

interface MattermostSettings {
  /** The origin of the Mattermost server, the only place that answers are sent to. */
  url: string;
  /** Ids of the teams. */
  workspaces: readonly string[];
  /** Ids of the only channels in which commands and presses are accepted; all channels when absent. */
  channels?: readonly string[] | undefined;
  /** Signs the buttons. */
  press_secret: string;
  /** The origin at which Mattermost reaches this service: presses are sent there. */
  public_url: string;
}
type Source = ChatSource<MattermostSettings>;

const ORIGIN_PROBLEM = 'must be an https:// origin such as https://chat.example.com';
const origin = () => z.string(ORIGIN_PROBLEM).check(z.refine(isHttpsOrigin, ORIGIN_PROBLEM));

const ID = /^[A-Za-z0-9]{1,64}$/;
const IDS_PROBLEM = 'must be a list of 1 to 100 ids of Mattermost, such as qh8x9t8sp3n6dbxnuxj6cbxq4a';
const ids = () =>
  z
    .array(z.string(IDS_PROBLEM).check(z.regex(ID, IDS_PROBLEM)), IDS_PROBLEM)
    .check(z.minLength(1, IDS_PROBLEM), z.maxLength(100, IDS_PROBLEM));

const PRESS_SECRET_PROBLEM = 'must be 32 to 4096 characters, random and used for nothing else';
const pressSecret = z
  .string(PRESS_SECRET_PROBLEM)
  .check(z.minLength(32, PRESS_SECRET_PROBLEM), z.maxLength(4096, PRESS_SECRET_PROBLEM));

/** Source: model.PostMessageMaxRunesV2 is 16383. */
const MESSAGE_CHARACTERS_MAX = 16_000;

/** A response_url is valid for this long. Source: "Custom slash commands", "Delayed and multiple responses". */
const REPLY_URL_LIFETIME_MS = 30 * 60 * 1000;
/** As long as the stored request is kept, so that a late press is told what became of it. */
const BUTTON_LIFETIME_MS = 24 * 60 * 60 * 1000;
const REPLY_PATH = /^(?:\/[\w-]+)*\/hooks\/commands\/[A-Za-z0-9]{1,64}$/;
const POST_TIMEOUT_MS = 1_500;

const TONE_COLORS: Record<View['tone'], string> = {
  neutral: '#2389d7',
  good: '#2e8540',
  warning: '#e0a100',
  bad: '#c0392b',
};

/** @param post replaces the way to the server in tests */
export function mattermostPlatform({
  post = postJson,
  now = Date.now,
}: {
  post?: (url: string, body: string) => Promise<Pick<HttpResponse, 'status'>>;
  now?: () => number;
} = {}): ChatPlatform<MattermostSettings> {
  return {
    settings: {
      url: origin(),
      workspaces: ids(),
      channels: z.optional(ids()),
      press_secret: pressSecret,
      public_url: origin(),
    },
    secretProblem: plainSecretProblem,
    verify(request, source, nowMs) {
      if (isPress(request)) pressContext(request, source, nowMs);
      else verifyToken(request, source);
      // Every command and press has a trigger_id of its own, so equal bytes are a repeat.
      return { deliveryId: sha256Hex(request.body) };
    },
    read: (request, source, nowMs) =>
      isPress(request) ? readPress(request, source, nowMs) : readCommand(request, source, nowMs),
    reply: (messages, incoming, source) =>
      incoming.type === 'press'
        ? pressReply(messages, incoming, source)
        : { reply: commandReply(messages, incoming, source), rest: [] },
    async deliver(message, place, source, locale) {
      const { replyUrl, replyUrlExpiresAtMs = 0 } = place;
      if (replyUrl === undefined || now() >= replyUrlExpiresAtMs) return undefined;
      assertReplyUrl(replyUrl, source);
      const { status } = await post(replyUrl, JSON.stringify(responseOf(message, { place, locale }, source)));
      if (status >= 500 || status === 429) throw new Error(`the Mattermost server answered ${status}`);
      // Any other refusal, and a redirect, is final: the address is used up or of no command.
      return status === 200 ? { ...place, messageId: undefined } : undefined;
    },
  };
}

export const mattermost = mattermostPlatform();

/** Presses are JSON, commands are forms. */
const isPress = ({ headers }: SignableRequest) => /^application\/json\b/i.test(headers['content-type'] ?? '');

/** The token is in a header and in the body. A proxy may remove the header, but one that is wrong is refused. */
function verifyToken({ headers, body }: SignableRequest, { secrets }: Source): void {
  const header = headers['authorization'];
  const [, headerToken] = /^Token (\S+)$/i.exec(header ?? '') ?? [];
  const bodyTokens = formOf(body).getAll('token');
  const tokens = [...(header === undefined ? [] : [headerToken]), ...bodyTokens];
  if (tokens.length === 0) throw new SignatureError('no token');
  for (const token of tokens) verifyPlainSecret(token, secrets);
}

const formOf = (body: Uint8Array) => new URLSearchParams(Buffer.from(body).toString());

/** @throws SignatureError, also for a body that cannot be read: nothing of it is verified */
function pressContext({ body }: SignableRequest, { name, settings }: Source, nowMs: number): PressContext {
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

function readPress(request: SignableRequest, source: Source, nowMs: number): Incoming {
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

function readCommand({ body }: SignableRequest, source: Source, nowMs: number): Incoming {
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

function assertAllowed({ settings }: Source, teamId: string | undefined, channelId: string | undefined): void {
  if (!settings.workspaces.some((id) => id === teamId)) throw new SignatureError('a team that is not in workspaces');
  if (settings.channels && !settings.channels.some((id) => id === channelId))
    throw new SignatureError('a channel that is not in channels');
}

function isHttpsOrigin(text: string): boolean {
  const url = URL.parse(text);
  return url?.protocol === 'https:' && url.origin === text;
}

/** @throws SignatureError unless it is an address for answers at the server of the settings */
function assertReplyUrl(text: string, { settings }: Source): void {
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

/** Where a message goes, as far as its buttons need it. */
type Target = Pick<ReceivedCommand, 'place' | 'locale'>;

function commandReply(messages: readonly Message[], incoming: ReceivedCommand, source: Source): object {
  const [first = {}, ...more] = messages.map((message) => responseOf(message, incoming, source));
  return more.length > 0 ? { ...first, extra_responses: more } : first;
}

/**
 * The answer to a press can change the pressed message, but only one that the channel sees: Mattermost does not store
 * those for one person and fails the whole answer. Everything else for the presser is text that only the presser sees.
 */
function pressReply(messages: readonly Message[], incoming: ReceivedPress, source: Source) {
  const { place, locale } = incoming;
  const isPublicCard = place.extra?.['audience'] === 'channel';
  const isUpdate = (message: Message) => isPublicCard && message.replacesCard && message.audience === 'channel';
  const isForChannel = (message: Message) => message.audience === 'channel' && !isUpdate(message);
  const update = messages.find(isUpdate);
  const rest = place.replyUrl === undefined ? [] : messages.filter(isForChannel);
  const texts = messages
    .filter((message) => message !== update)
    // The presser reads the rest in the channel.
    .map((message) => (rest.includes(message) ? titleOf(message.view) : message.view))
    .map((view) => viewMarkdown(view, locale, MESSAGE_CHARACTERS_MAX / messages.length));
  const reply = {
    // Without `props`, Mattermost keeps the old ones, and with them the buttons.
    ...(update && {
      update: {
        message: viewMarkdown(update.view, locale, MESSAGE_CHARACTERS_MAX),
        props: { attachments: attachmentsOf(update, incoming, source) },
      },
    }),
    ...(texts.length > 0 && { ephemeral_text: texts.join('\n\n') }),
    skip_slack_parsing: true,
  };
  return { reply, rest };
}

const titleOf = (view: View): View => ({ ...view, sentences: [], facts: [], rows: [], moreRows: 0 });

function responseOf(message: Message, target: Target, source: Source): object {
  return {
    response_type: message.audience === 'channel' ? 'in_channel' : 'ephemeral',
    text: viewMarkdown(message.view, target.locale, MESSAGE_CHARACTERS_MAX),
    attachments: attachmentsOf(message, target, source),
    // Else Mattermost reads <!channel> and <@id> as Slack does.
    skip_slack_parsing: true,
  };
}

/** Buttons can only be in an attachment. */
function attachmentsOf({ view, audience }: Message, { place }: Target, source: Source): object[] {
  const { buttons, tone } = view;
  if (buttons.length === 0) return [];
  const { name: sourceName, settings } = source;
  const actions = buttons.map(({ name, label, style, requestId }) => {
    const context: PressContext = {
      request_id: requestId,
      button: name,
      channel_id: place.channelId,
      team_id: place.extra?.['team'] ?? '',
      audience,
      expires_at_ms: Number(place.extra?.['buttonsUntilMs'] ?? 0),
      reply_url: place.replyUrl ?? '',
      reply_url_expires_at_ms: place.replyUrl === undefined ? 0 : (place.replyUrlExpiresAtMs ?? 0),
    };
    return {
      id: name,
      name: label,
      type: 'button',
      style,
      integration: {
        url: `${settings.public_url}/hooks/${sourceName}`,
        context: signPress(context, sourceName, settings.press_secret),
      },
    };
  });
  return [{ fallback: buttons.map(({ label }) => label).join(', '), color: TONE_COLORS[tone], actions }];
}

/** Follows no redirect. */
function postJson(url: string, body: string): Promise<HttpResponse> {
  return sendRequest({ method: 'POST', url, headers: { 'content-type': 'application/json' }, body }, POST_TIMEOUT_MS);
}
