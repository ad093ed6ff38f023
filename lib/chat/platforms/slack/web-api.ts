/** Calls to Slack: posts to a `response_url`, and the Web API. */
import type { HttpResponse, sendRequest } from '../../../clients/http.ts';
import { parseJson } from '../../../util/json.ts';
import { isJsonObject } from '../../../validation/json-body.ts';

export type Send = typeof sendRequest;

/** Slack has not done what it was asked to. */
export class SlackRefusal extends Error {
  override readonly name = 'SlackRefusal';
  /** Whether the same call may succeed later. */
  readonly isTemporary: boolean;

  constructor(call: string, reason: string, isTemporary: boolean) {
    super(`${call} failed: ${reason}`);
    this.isTemporary = isTemporary;
  }
}

/** Source: Slack, "chat.postMessage" and "chat.update", "Errors"; "Rate limits". */
const TEMPORARY = /^(?:ratelimited|rate_limited|internal_error|fatal_error|service_unavailable|request_timeout)$/;

const JSON_HEADERS = { 'content-type': 'application/json; charset=utf-8' };

/**
 * Posts to a `response_url`, which the caller has checked.
 * @throws NetworkError when no response came, SlackRefusal
 */
export async function postReply(send: Send, url: string, payload: object, timeoutMs: number): Promise<void> {
  // A connection of its own, because a post that is sent twice is shown twice.
  const request = { url, headers: JSON_HEADERS, body: JSON.stringify(payload), isNewConnection: true };
  assertDone('response_url', await send({ method: 'POST', ...request }, timeoutMs));
}

interface WebApi {
  send: Send;
  /** One of Slack's origins. */
  origin: string;
  token: string;
}

/**
 * Calls a method of the Web API.
 * @returns the fields of the answer
 * @throws NetworkError when no response came, SlackRefusal
 */
export async function callWebApi(
  { send, origin, token }: WebApi,
  method: 'chat.postMessage' | 'chat.update',
  payload: object,
  timeoutMs: number,
): Promise<Readonly<Record<string, unknown>>> {
  // The form of tokens of bots; anything else, such as a line end, could not be sent in a header.
  if (!/^xoxb-[\w-]+$/.test(token)) throw new SlackRefusal(method, 'bot_token is not a token of a bot (xoxb-…)', false);
  const headers = { ...JSON_HEADERS, authorization: `Bearer ${token}` };
  const body = JSON.stringify({ ...payload, unfurl_links: false, unfurl_media: false });
  const request = { url: `${origin}/api/${method}`, headers, body, isNewConnection: true };
  const answer = assertDone(method, await send({ method: 'POST', ...request }, timeoutMs));
  if (answer['ok'] !== true) throw new SlackRefusal(method, 'unexpected answer', false);
  return answer;
}

/** A 200 with `"ok": false` is a failure too. */
function assertDone(call: string, { status, text }: HttpResponse): Readonly<Record<string, unknown>> {
  const body = parseJson(text);
  const answer = isJsonObject(body) ? body : {};
  if (status === 200 && answer['ok'] !== false) return answer;
  // A server that fails may have done it nevertheless.
  if (status >= 500) throw new Error(`${call} failed: status ${status}`);
  const code = answer['error'] ?? text.trim();
  const reason = typeof code === 'string' && /^[a-z_]{1,64}$/.test(code) ? code : `status ${status}`;
  throw new SlackRefusal(call, reason, status === 429 || TEMPORARY.test(reason));
}
