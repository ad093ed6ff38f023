/**
 * A Security Event Token (SET): a signed JWT with events.
 * Source: RFC 8417, section 2; OpenID Shared Signals Framework 1.0, "Events".
 */
import { compactVerify, decodeProtectedHeader } from 'jose';
import * as z from 'zod/mini';
import { UNPRINTABLE } from '../../../domain/characters.ts';
import { KmsError } from '../../../errors.ts';
import { SetError } from '../../../http/set-error.ts';
import { SignatureError } from '../../../signing/signed-request.ts';
import { isJsonObject, parseBody } from '../../../validation/json-body.ts';
import { isAllowedAlgorithm, isKeyFor, type PublicKey } from './keys.ts';

/** How far `iat` may be after our clock. */
const FUTURE_SECONDS_MAX = 5 * 60;
/**
 * How old a token may be. A transmitter repeats a token for days while it cannot deliver it, with the same `iat`.
 * Repeats of a delivered one are recognised by `jti` for longer than this.
 */
const AGE_SECONDS_MAX = 7 * 24 * 60 * 60;

const COMPACT = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;
const TOKEN_ID = new RegExp(`^[^${UNPRINTABLE}]{1,256}$`, 'u');

const HEADER = z.object({
  alg: z.string(),
  kid: z.optional(z.string().check(z.maxLength(1024))),
  typ: z.optional(z.string()),
});

export interface TokenHeader {
  alg: string;
  kid?: string | undefined;
  typ?: string | undefined;
}

/** The parts of a token that its receiver uses. */
export interface Claims {
  jti: string;
  events: Readonly<Record<string, unknown>>;
  sub_id: unknown;
}

/** Returns the header, which is not verified yet. @throws SignatureError for a token that nobody can verify here */
export function headerOf(body: Uint8Array): TokenHeader {
  const token = Buffer.from(body).toString('latin1');
  if (!COMPACT.test(token)) throw new SignatureError('the body is no signed token');
  let header: ReturnType<typeof decodeProtectedHeader>;
  try {
    header = decodeProtectedHeader(token);
  } catch {
    throw new SignatureError('malformed header of the token');
  }
  const { success, data } = z.safeParse(HEADER, header);
  if (!success) throw new SignatureError('malformed header of the token');
  if (header.crit !== undefined) throw new SignatureError('the token has extensions that must be understood');
  if (!isAllowedAlgorithm(data.alg)) throw new SignatureError('the algorithm of the token is not allowed');
  return data;
}

/** Whether one of the keys has signed the token. */
export async function isSignedByAny(
  keys: readonly PublicKey[],
  body: Uint8Array,
  header: TokenHeader,
  nowMs: number,
): Promise<boolean> {
  for (const key of keys.filter((each) => isKeyFor(each, header, nowMs))) {
    try {
      await compactVerify(body, key, { algorithms: [header.alg] });
      return true;
    } catch {
      // This key did not sign the token, or cannot be used. Another one may verify it.
    }
  }
  return false;
}

/** The bytes of the content of a token. */
export function contentOf(body: Uint8Array): Buffer {
  const [, payload = ''] = Buffer.from(body).toString('latin1').split('.');
  return Buffer.from(payload, 'base64url');
}

/** The content of a verified token. @throws SetError */
export function payloadOf(body: Uint8Array): Record<string, unknown> {
  try {
    return parseBody(contentOf(body));
  } catch (error) {
    if (!(error instanceof KmsError)) throw error;
    throw new SetError(
      'invalid_request',
      'The content of the token must be a JSON object in which no key occurs twice.',
    );
  }
}

/** Who sends the tokens of a stream, and by which names the receiver is addressed. */
interface Stream {
  issuer: string;
  audiences: readonly string[];
}

/** Checks the header and the claims of a token whose signature is right. @throws SetError */
export function assertToken(
  { typ = '' }: TokenHeader,
  payload: Record<string, unknown>,
  { issuer, audiences }: Stream,
  nowMs: number,
): void {
  const invalid = (detail: string) => new SetError('invalid_request', detail);
  // Other tokens of the same issuer, such as ID tokens, have another type. Source: RFC 8417, section 2.3.
  if (!/^(?:application\/)?secevent\+jwt$/i.test(typ)) throw invalid('The header typ must be secevent+jwt.');
  const { iss, aud, exp, sub } = payload;
  if (iss !== issuer) throw new SetError('invalid_issuer', 'iss is not the issuer of this source.');
  if (![aud].flat().some((each) => typeof each === 'string' && audiences.includes(each))) {
    throw new SetError('invalid_audience', 'aud has no audience of this source.');
  }
  // Source: Shared Signals Framework 1.0, "Security Event Token Profile": so that no access token passes for a SET.
  if (exp !== undefined || sub !== undefined) throw invalid('The claims exp and sub must not be present.');
  assertTime(payload['iat'], nowMs);
}

function assertTime(iat: unknown, nowMs: number): void {
  const ageSeconds = typeof iat === 'number' ? nowMs / 1000 - iat : Number.NaN;
  if (ageSeconds >= -FUTURE_SECONDS_MAX && ageSeconds <= AGE_SECONDS_MAX) return;
  throw new SetError('invalid_request', 'iat must be a time within the last 7 days, and not in the future.');
}

/** Returns the claims that say what has happened. @throws SetError */
export function claimsOf({ jti, events, sub_id }: Record<string, unknown>): Claims {
  if (typeof jti !== 'string' || !TOKEN_ID.test(jti)) {
    throw new SetError('invalid_request', 'jti must be a string of 1 to 256 printable characters.');
  }
  if (!isJsonObject(events) || Object.keys(events).length === 0) {
    throw new SetError('invalid_request', 'events must be an object with at least one event.');
  }
  return { jti, events, sub_id };
}
