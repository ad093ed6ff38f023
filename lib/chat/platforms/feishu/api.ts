/** Calls to the API of Feishu or Lark, with the token of the app. */
import type { HttpResponse, sendRequest } from '../../../clients/http.ts';
import { parseJson } from '../../../util/json.ts';
import { isJsonObject } from '../../../validation/json-body.ts';
import { type FeishuSettings, ORIGINS } from './settings.ts';

export type Send = typeof sendRequest;

/** Feishu has refused a call, which may not succeed later. */
export class FeishuRefusal extends Error {
  override readonly name = 'FeishuRefusal';
  /** Feishu's error code. */
  readonly code: number;

  constructor(call: string, code: number) {
    super(`${call} failed: code ${code}`);
    this.code = code;
  }
}

/** The token is invalid or has expired. Source: "Generic error codes". */
const INVALID_TOKEN = [99991661, 99991663, 99991664, 99991668];

/** Too many calls, or an internal error. Source: "Generic error codes"; "Send message", "Error codes". */
const TEMPORARY = [2200, 11232, 230020, 230049, 99991400];

/** With less than this left, Feishu issues a new token. Source: "Get custom app's tenant_access_token". */
const RENEWED_BEFORE_MS = 30 * 60_000;

interface Token {
  value: string;
  /** The App Secret that it was issued for. */
  secret: string;
  expiresAtMs: number;
}

interface Call {
  method: 'POST' | 'PATCH';
  /** Without the host. */
  path: string;
  body: object;
}

type Answer = Readonly<Record<string, unknown>>;

export function feishuApi({ send, now }: { send: Send; now: () => number }) {
  const tokens = new Map<string, Token>();
  /** Concurrent callers share one request for a token. */
  const renewals = new Map<string, Promise<Token>>();

  const originOf = ({ host = 'feishu' }: FeishuSettings) => ORIGINS[host];

  async function exchange(
    settings: FeishuSettings,
    { method, path, body }: Call,
    token: string | undefined,
    timeoutMs: number,
  ): Promise<Answer> {
    const headers = {
      'content-type': 'application/json; charset=utf-8',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    };
    const url = `${originOf(settings)}${path}`;
    // A reused connection may have ended, and then it is not known whether the message was shown.
    const request = { method, url, headers, body: JSON.stringify(body), isNewConnection: true };
    return answerOf(callNameOf(path), await send(request, timeoutMs));
  }

  async function renew(settings: FeishuSettings, timeoutMs: number): Promise<Token> {
    const { app_id, app_secret } = settings;
    const call = { method: 'POST', path: TOKEN_PATH, body: { app_id, app_secret } } as const;
    const answer = await exchange(settings, call, undefined, timeoutMs).catch((error: Error) => {
      // Not final for the message: an administrator may correct the App Secret.
      throw error instanceof FeishuRefusal ? new Error(error.message) : error;
    });
    const { tenant_access_token: value, expire } = answer;
    if (typeof value !== 'string' || !/^[\x21-\x7e]{1,4096}$/.test(value) || typeof expire !== 'number') {
      throw new Error(`${callNameOf(TOKEN_PATH)} failed: unexpected answer`);
    }
    return { value, secret: app_secret, expiresAtMs: now() + expire * 1000 };
  }

  /** Returns a token, a new one if the cached one is about to expire and a new one can be had. */
  async function tokenOf(settings: FeishuSettings, timeoutMs: number): Promise<Token> {
    const app = `${originOf(settings)} ${settings.app_id}`;
    const found = tokens.get(app);
    const cached = found?.secret === settings.app_secret ? found : undefined;
    if (cached && cached.expiresAtMs - now() >= RENEWED_BEFORE_MS) return cached;
    const renewal =
      renewals.get(app) ??
      renew(settings, timeoutMs)
        .then((token) => {
          tokens.set(app, token);
          return token;
        })
        .finally(() => renewals.delete(app));
    renewals.set(app, renewal);
    try {
      return await renewal;
    } catch (error) {
      if (cached && cached.expiresAtMs > now()) return cached;
      throw error;
    }
  }

  /**
   * Calls the API.
   * @returns the field `data` of the answer
   * @throws NetworkError when no response came, FeishuRefusal, Error when the same call may succeed later
   */
  return async function call(settings: FeishuSettings, request: Call, deadlineMs: number): Promise<Answer> {
    const leftMs = () => Math.max(1, deadlineMs - performance.now());
    const token = await tokenOf(settings, leftMs());
    try {
      return dataOf(await exchange(settings, request, token.value, leftMs()));
    } catch (error) {
      if (!(error instanceof FeishuRefusal && INVALID_TOKEN.includes(error.code))) throw error;
      // Such as after the App Secret was replaced in the console.
      token.expiresAtMs = 0;
      const renewed = await tokenOf(settings, leftMs());
      return dataOf(await exchange(settings, request, renewed.value, leftMs()));
    }
  };
}

const TOKEN_PATH = '/open-apis/auth/v3/tenant_access_token/internal';

/** For errors and the log: without ids of messages and people. */
const callNameOf = (path: string) => path.replace(/\?.*$/, '').replace(/\/om_\w+/, '/:message_id');

const dataOf = ({ data }: Answer): Answer => (isJsonObject(data) ? data : {});

/** A 200 with a `code` other than 0 is a failure too. */
function answerOf(call: string, { status, text }: HttpResponse): Answer {
  const answer = parseJson(text);
  const code = isJsonObject(answer) ? answer['code'] : undefined;
  if (!isJsonObject(answer) || typeof code !== 'number' || status >= 500 || status === 429) {
    throw new Error(`${call} failed: status ${status}`);
  }
  if (code === 0) return answer;
  if (TEMPORARY.includes(code)) throw new Error(`${call} failed for now: code ${code}`);
  throw new FeishuRefusal(call, code);
}
