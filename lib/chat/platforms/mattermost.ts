/**
 * Mattermost: custom slash commands, which carry a token, and message buttons, which carry our own signature. Its parts
 * are in `mattermost/`.
 * Source: Mattermost Developers, "Custom slash commands" and "Interactive messages"; mattermost/mattermost,
 * server/channels/app/integration_action.go and command.go.
 */
import { type HttpResponse, sendRequest } from '../../clients/http.ts';
import { sha256Hex } from '../../signing/bytes.ts';
import { plainSecretProblem } from '../../signing/plain-secret.ts';
import type { ChatPlatform } from '../platform.ts';
import { DELIVERY_MS } from '../time-limits.ts';
import { assertReplyUrl, isPress, pressContext, readCommand, readPress, verifyToken } from './mattermost/incoming.ts';
import { commandReply, pressReply, responseOf } from './mattermost/messages.ts';
import { type MattermostSettings, SETTINGS } from './mattermost/settings.ts';

/** @param post replaces the way to the server in tests */
export function mattermostPlatform({
  post = postJson,
  now = Date.now,
}: {
  post?: (url: string, body: string) => Promise<Pick<HttpResponse, 'status'>>;
  now?: () => number;
} = {}): ChatPlatform<MattermostSettings> {
  return {
    settings: SETTINGS,
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

/** Follows no redirect. */
function postJson(url: string, body: string): Promise<HttpResponse> {
  const headers = { 'content-type': 'application/json' };
  // A kept-alive connection may break unnoticed, and the message would be lost or shown twice.
  return sendRequest({ method: 'POST', url, headers, body, isNewConnection: true }, DELIVERY_MS);
}
