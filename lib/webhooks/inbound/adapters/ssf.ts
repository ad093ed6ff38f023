/**
 * Security Event Tokens (SETs) of a Shared Signals transmitter, delivered by push.
 * Source: RFC 8935; OpenID Shared Signals Framework 1.0.
 */
import * as z from 'zod/mini';
import { KmsError } from '../../../errors.ts';
import { plainSecretProblem, verifyPlainSecret } from '../../../signing/plain-secret.ts';
import { SignatureError } from '../../../signing/signed-request.ts';
import { FIELDS } from '../../named-settings.ts';
import type { Adapter } from '../adapter.ts';
import { keepingPayload } from '../event-tasks.ts';
import { cachedKeyLists, isKeyListUrl, KeyListError } from '../key-lists.ts';
import type { Source } from '../source.ts';
import { authorizationIn } from '../ssf/authorization.ts';
import { EVENTS, type EventSettings, taskOf } from '../ssf/events.ts';
import { parseKeySet, parseKeys } from '../ssf/keys.ts';
import {
  assertToken,
  claimsOf,
  contentOf,
  headerOf,
  isSignedByAny,
  payloadOf,
  type TokenHeader,
} from '../ssf/token.ts';

/** The key list is requested at most once in this time, however many tokens with unknown keys arrive. */
const REQUEST_INTERVAL_MS = 10_000;
const RETRY_AFTER_SECONDS = 10;

interface SsfSettings extends EventSettings {
  audience: string | readonly string[];
  /** The URL of the transmitter's public keys. */
  jwks_uri?: string | undefined;
}

const keySetAt = cachedKeyLists(parseKeySet, { intervalMs: REQUEST_INTERVAL_MS });

const SECRET_PROBLEM = 'must be a JWKS, a public key (JWK or PEM), or the text "Authorization: " and a secret';

const name = (problem: string) => z.string(problem).check(z.minLength(1, problem), z.maxLength(1024, problem));
const AUDIENCE_PROBLEM = 'must be a string, or a list of 1 to 10 strings';
const ISSUERS_PROBLEM = 'must be a list of 1 to 10 issuers';
const names = (problem: string) =>
  z.array(name(problem), problem).check(z.minLength(1, problem), z.maxLength(10, problem));

export const ssf: Adapter<SsfSettings> = {
  settings: {
    issuer: name('must be the issuer (iss) of the transmitter'),
    audience: z.union([name(AUDIENCE_PROBLEM), names(AUDIENCE_PROBLEM)], AUDIENCE_PROBLEM),
    jwks_uri: z.optional(
      z.string('must be an https:// URL').check(z.refine(isKeyListUrl, { error: 'must be an https:// URL' })),
    ),
    subject_issuers: z.optional(names(ISSUERS_PROBLEM)),
    trust_email: FIELDS.flag,
  },
  hasOptionalSecrets: true,
  events: EVENTS,
  // Source: RFC 8935, section 2: a transmitter sends a token again only after a failure that may pass.
  isSentOnce: true,
  secretProblem(secret) {
    const authorization = authorizationIn(secret);
    if (authorization !== undefined) return plainSecretProblem(authorization);
    return parseKeys(secret) ? undefined : SECRET_PROBLEM;
  },
  settingsProblems: ({ secrets, settings: { jwks_uri } }) =>
    jwks_uri === undefined && pinnedKeys(secrets).length === 0
      ? ['jwks_uri: is required unless secrets has a public key']
      : [],
  async verify({ headers, body }, source, nowMs) {
    const authorizations = source.secrets.flatMap((secret) => authorizationIn(secret) ?? []);
    // The secret is checked first, so that nobody without it can cause a request for keys.
    if (authorizations.length > 0) verifyPlainSecret(headers['authorization'], authorizations);
    const header = headerOf(body);
    await assertSigned(body, header, { source, nowMs, isKnownSender: authorizations.length > 0 });
    const { issuer, audience } = source.settings;
    const payload = payloadOf(body);
    assertToken(header, payload, { issuer, audiences: [audience].flat() }, nowMs);
    claimsOf(payload);
  },
  read({ body }, source) {
    const { jti, events, sub_id: subjectOfToken } = claimsOf(payloadOf(body));
    // The signature is left out, because a transmitter may sign a token anew to send it again.
    const content = contentOf(body);
    const tasks = Object.entries(events).map(([uri, payload]) => taskOf(source, { uri, payload, subjectOfToken }));
    return { deliveryId: jti, content, tasks: keepingPayload(tasks, content.toString()) };
  },
  /** Source: RFC 8935, section 2.2. */
  reply: () => ({ status: 202 }),
};

const pinnedKeys = (secrets: readonly string[]) => secrets.flatMap((secret) => parseKeys(secret) ?? []);

interface Verification {
  source: Source<SsfSettings>;
  nowMs: number;
  /** Whether the sender has proved that it knows the Authorization secret of the source. */
  isKnownSender: boolean;
}

/** @throws SignatureError, or KmsError KMS.0104 if the keys of the transmitter cannot be had now */
async function assertSigned(
  body: Uint8Array,
  header: TokenHeader,
  { source, nowMs, isKnownSender }: Verification,
): Promise<void> {
  const { secrets, settings } = source;
  // Configured keys first, so that a valid signature needs no list, which may be unavailable.
  if (await isSignedByAny(pinnedKeys(secrets), body, header, nowMs)) return;
  if (settings.jwks_uri === undefined) throw new SignatureError('wrong signature or unknown key');
  let isKnownKey = false;
  try {
    const { found, isThrottled } = await keySetAt(settings.jwks_uri, nowMs, async (keys) => {
      isKnownKey ||= keys.some(({ kid }) => kid !== undefined && kid === header.kid);
      return (await isSignedByAny(keys, body, header, nowMs)) || undefined;
    });
    if (found) return;
    // The transmitter may have published the key just now. A stranger must not learn that the source exists.
    if (isThrottled && isKnownSender && !isKnownKey) throw keysUnavailable('the key is not in the list, which is new');
  } catch (error) {
    if (!(error instanceof KeyListError)) throw error;
    throw keysUnavailable(error);
  }
  throw new SignatureError('wrong signature or unknown key');
}

/** Source: RFC 8935, section 2: the transmitter sends the token again after a temporary failure. */
const keysUnavailable = (cause: unknown) =>
  new KmsError('KMS.0104', {
    detail: 'The keys of the transmitter cannot be fetched now. Send the token again later.',
    cause,
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  });
