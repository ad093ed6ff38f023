/**
 * Parses Slack's requests: slash commands and presses of buttons. Sources: Slack, "Implementing slash commands" and
 * "block_actions payload".
 */
import * as z from 'zod/mini';
import { KmsError } from '../../../errors.ts';
import { Reply } from '../../../http/reply.ts';
import { type SignableRequest, SignatureError } from '../../../signing/signed-request.ts';
import { decodeUtf8, parseBody } from '../../../validation/json-body.ts';
import { checkPayload } from '../../payload.ts';
import type { Incoming, Place } from '../../platform.ts';
import { BUTTONS, type ButtonName } from '../../view.ts';
import { apiOriginOf, isReplyUrl, REPLY_URL_LIFETIME_MS } from './reply-url.ts';
import type { SlackSettings } from './settings.ts';

/** What Slack takes as "received", without showing anything. */
const RECEIVED = new Reply('');

/** @throws SignatureError, KmsError as `ChatPlatform.read` does */
export function readRequest({ body }: Pick<SignableRequest, 'body'>, settings: SlackSettings, nowMs: number): Incoming {
  const form = parseForm(body);
  if (form.get('ssl_check') === '1') return { type: 'handshake', reply: RECEIVED };
  const payload = form.get('payload');
  return payload === undefined ? readCommand(form, settings, nowMs) : readPress(payload, settings, nowMs);
}

function parseForm(body: Uint8Array): ReadonlyMap<string, string> {
  const fields = [...new URLSearchParams(decodeUtf8(body) ?? '')];
  const form = new Map(fields);
  if (form.size < fields.length) throw new KmsError('KMS.0308', { detail: 'The form has a field twice.' });
  return form;
}

const ID = z.string().check(z.regex(/^[A-Z][A-Z0-9]{1,31}$/));
const REPLY_URL = z.string().check(z.refine(isReplyUrl));

const COMMAND = z.object({
  api_app_id: ID,
  team_id: ID,
  enterprise_id: z.optional(ID),
  channel_id: ID,
  user_id: ID,
  text: z.string(),
  response_url: REPLY_URL,
});

function readCommand(form: ReadonlyMap<string, string>, settings: SlackSettings, nowMs: number): Incoming {
  // Slack sends an optional field empty where it does not apply; an empty text is a command without words.
  const given = [...form].filter(([name, value]) => value !== '' || name === 'text');
  const command = checkPayload(COMMAND, Object.fromEntries(given));
  const { team_id: team, enterprise_id: enterprise, channel_id: channelId, user_id: userId } = command;
  assertAllowed(settings, { app: command.api_app_id, team, enterprise, channelId });
  return {
    type: 'command',
    sender: { workspace: enterprise ?? team, userId },
    place: placeOf({ channelId, userId, replyUrl: command.response_url }, nowMs),
    locale: 'en',
    text: plainTextOf(command.text),
  };
}

const PRESS = z.object({
  api_app_id: ID,
  user: z.object({ id: ID, team_id: ID }),
  team: z.nullish(z.object({ id: ID })),
  enterprise: z.nullish(z.object({ id: ID })),
  channel: z.object({ id: ID }),
  container: z.object({
    message_ts: z.string().check(z.regex(/^\d{1,16}\.\d{1,16}$/)),
    is_ephemeral: z.optional(z.boolean()),
  }),
  actions: z.tuple([
    z.object({ action_id: z.string().check(z.maxLength(255)), value: z.string().check(z.maxLength(2_000)) }),
  ]),
  response_url: REPLY_URL,
});

const ACTION_ID = new RegExp(`^(${BUTTONS.join('|')})-\\d{1,2}$`);

function readPress(payload: string, settings: SlackSettings, nowMs: number): Incoming {
  const input = parseBody(Buffer.from(payload));
  if (input['type'] !== 'block_actions') {
    return { type: 'ignored', why: 'an interaction other than a press of a button', reply: RECEIVED };
  }
  const press = checkPayload(PRESS, input);
  const { user, channel, container, actions } = press;
  const [team, enterprise] = [press.team?.id, press.enterprise?.id];
  assertAllowed(settings, { app: press.api_app_id, team, enterprise, userTeam: user.team_id, channelId: channel.id });
  const [{ action_id, value }] = actions;
  const button = ACTION_ID.exec(action_id)?.[1] as ButtonName | undefined;
  if (!button) throw new KmsError('KMS.0308', { detail: 'payload.actions.0.action_id is none of this service.' });
  const place = placeOf({ channelId: channel.id, userId: user.id, replyUrl: press.response_url }, nowMs);
  return {
    type: 'press',
    // In a channel that two workspaces share, the person may be of the other one.
    sender: { workspace: enterprise ?? user.team_id, userId: user.id },
    // Nothing can be done with the id of a message that only one person sees, except through the `response_url`.
    place: container.is_ephemeral
      ? { ...place, extra: { ...place.extra, isEphemeral: 'true' } }
      : { ...place, messageId: container.message_ts },
    locale: 'en',
    button,
    requestId: value,
  };
}

interface Origin {
  app: string;
  team?: string | undefined;
  enterprise?: string | undefined;
  /** Of the person, where Slack names it: in a shared channel it may be another one than `team`. */
  userTeam?: string | undefined;
  channelId: string;
}

/** @throws SignatureError */
function assertAllowed({ apps, workspaces, channels }: SlackSettings, origin: Origin): void {
  const { app, team, enterprise, userTeam = team, channelId } = origin;
  const isListed = (id: string | undefined) => id !== undefined && workspaces.includes(id);
  if (!apps.includes(app)) throw new SignatureError('the app is not one of `apps`');
  if (!isListed(team) && !isListed(enterprise)) {
    throw new SignatureError('neither the workspace nor its organisation is one of `workspaces`');
  }
  // `enterprise` is that of `team`, so it says nothing about a person of another workspace.
  if (!isListed(userTeam) && userTeam !== team) {
    throw new SignatureError("the person's own workspace is not one of `workspaces`");
  }
  if (channels && !channels.includes(channelId)) throw new SignatureError('the channel is not one of `channels`');
}

function placeOf(at: { channelId: string; userId: string; replyUrl: string }, nowMs: number): Place {
  const { channelId, userId, replyUrl } = at;
  return {
    channelId,
    // Slack does not tell a direct message to the app from one to another person.
    isDirect: false,
    replyUrl,
    replyUrlExpiresAtMs: nowMs + REPLY_URL_LIFETIME_MS,
    extra: { userId, api: apiOriginOf(replyUrl) },
  };
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>' };

/**
 * Returns a command's text as typed, with mentions as `<@id>`. A name in a mention is left out: people choose it.
 * Links, which Slack makes of addresses, become the address. Everything is found in one pass, so that an entity that
 * somebody typed does not become part of a mention or of another entity.
 * Source: Slack, "Formatting message text", "Retrieving messages".
 */
function plainTextOf(sent: string): string {
  return sent.replaceAll(
    /<@([UW][A-Z0-9]+)(?:\|[^<>]*)?>|<(?:mailto:)?([^<>|@#!][^<>|]*)(?:\|[^<>]*)?>|&(amp|lt|gt);/g,
    (_, user?: string, address?: string, entity?: string) => {
      if (user !== undefined) return `<@${user}>`;
      return address ?? ENTITIES[entity ?? ''] ?? '';
    },
  );
}
