/** Opens what Feishu sends: verifies it, decrypts it, and checks which app and organisation it is for. */

import { isEqualConstantTime } from '../../../signing/bytes.ts';
import { decryptFeishu, hasFeishuSignature, verifyFeishu } from '../../../signing/feishu.ts';
import { type SignableRequest, SignatureError } from '../../../signing/signed-request.ts';
import { parseJson } from '../../../util/json.ts';
import { decodeUtf8, isJsonObject } from '../../../validation/json-body.ts';
import type { ChatSource } from '../../source.ts';
import type { FeishuSettings } from './settings.ts';

type Fields = Readonly<Record<string, unknown>>;

export type Opened =
  /** Feishu checks the URL, when an administrator saves it in the console. */
  | { type: 'url_verification'; challenge: string }
  | { type: 'event'; eventType: string; eventId: string; event: Fields };

/** @throws SignatureError */
export function openRequest(
  request: Pick<SignableRequest, 'headers' | 'body'>,
  { secrets, settings }: Pick<ChatSource<FeishuSettings>, 'secrets' | 'settings'>,
  nowMs: number,
): Opened {
  const isSigned = hasFeishuSignature(request);
  // The signature is verified before anything is parsed or decrypted.
  const keys = isSigned ? [verifyFeishu(request, secrets, nowMs)] : secrets;
  const content = decrypted(request.body, keys);
  if (content['type'] === 'url_verification') return openUrlVerification(content, settings);
  if (!isSigned) throw new SignatureError('only url_verification may come without a signature');
  return openEvent(content, settings);
}

/** Anything that is not encrypted is refused: fields beside `encrypt` too are not used. */
function decrypted(body: Uint8Array, keys: readonly string[]): Fields {
  const encrypted = jsonObject(body)?.['encrypt'];
  for (const [index, key] of keys.entries()) {
    try {
      const content = jsonObject(decryptFeishu(encrypted, key));
      if (content) return content;
    } catch (error) {
      if (index === keys.length - 1) throw error;
    }
  }
  throw new SignatureError('the decrypted text is not a JSON object');
}

function jsonObject(bytes: Uint8Array): Fields | undefined {
  const value = parseJson(decodeUtf8(bytes) ?? '');
  return isJsonObject(value) ? value : undefined;
}

function openUrlVerification({ token, challenge }: Fields, settings: FeishuSettings): Opened {
  assertToken(token, settings);
  if (typeof challenge !== 'string' || challenge.length > CHALLENGE_CHARACTERS_MAX) {
    throw new SignatureError('the challenge is malformed');
  }
  return { type: 'url_verification', challenge };
}

const CHALLENGE_CHARACTERS_MAX = 1_000;

/** Events of schema 1.0 do not name their app, so they are refused. */
function openEvent({ schema, header, event }: Fields, settings: FeishuSettings): Opened {
  if (schema !== '2.0' || !isJsonObject(header) || !isJsonObject(event)) {
    throw new SignatureError('not an event of schema 2.0');
  }
  const { app_id, token, tenant_key, event_type: eventType, event_id: eventId } = header;
  if (app_id !== settings.app_id) throw new SignatureError('the app is not `app_id`');
  assertToken(token, settings);
  assertTenant(tenant_key, settings);
  if (typeof eventType !== 'string' || typeof eventId !== 'string' || eventId === '') {
    throw new SignatureError('the event has no type or no id');
  }
  return { type: 'event', eventType, eventId, event };
}

function assertToken(token: unknown, { verification_token }: FeishuSettings): void {
  if (typeof token !== 'string' || !isEqualConstantTime(token, verification_token)) {
    throw new SignatureError('the token is not `verification_token`');
  }
}

/** @throws SignatureError for another organisation than those of the source: groups may have people of several */
export function assertTenant(tenant: unknown, { tenants }: FeishuSettings): void {
  if (typeof tenant !== 'string' || !tenants.includes(tenant)) {
    throw new SignatureError('the organisation is not one of `tenants`');
  }
}
