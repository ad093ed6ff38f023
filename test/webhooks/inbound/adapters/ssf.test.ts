/**
 * The adapter for Security Event Tokens. They are signed by the library `jsonwebtoken`; the service uses `jose`.
 * Also tests: lib/webhooks/inbound/ssf/.
 */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { KmsError } from '../../../../lib/errors.ts';
import { SetError } from '../../../../lib/http/set-error.ts';
import { SignatureError } from '../../../../lib/signing/signed-request.ts';
import { ssf } from '../../../../lib/webhooks/inbound/adapters/ssf.ts';
import {
  AUDIENCE,
  CAEP,
  claimsAbout,
  hmacWith,
  ISSUER,
  jwkOf,
  jwksOf,
  type KeyServer,
  NOW_MS,
  newSigningKey,
  pemOf,
  RISC,
  SSF,
  signSet,
  signText,
  startKeyServer,
  tokenOf,
} from '../ssf/transmitter.ts';
import { readBy, requestOf, sourceFor } from './request.ts';

const DAY_SECONDS = 24 * 60 * 60;
const rsa = newSigningKey('k1');
const SETTINGS = { issuer: ISSUER, audience: AUDIENCE, jwks_uri: 'https://idp.example.com/jwks' };
const PERSON = { format: 'iss_sub', iss: ISSUER, sub: '00u1' };
const disabled = (change: object = {}) => claimsAbout(`${RISC}account-disabled`, PERSON, {}, change);
const PINNED = JSON.stringify(jwkOf(rsa));

/** Returns why the adapter refuses the token: the message of a SignatureError, or `err` or the code of a KmsError. */
async function refusal(token: string, options: Options = {}): Promise<string | undefined> {
  const { secrets = [PINNED], headers = {}, nowMs = NOW_MS, jwks_uri, ...settings } = options;
  const source = sourceFor(ssf, { ...SETTINGS, ...settings, secrets });
  // Without a URL of its own, a test makes no request.
  const withoutRequests = { ...source, settings: { ...source.settings, jwks_uri } } as Parameters<typeof ssf.verify>[1];
  try {
    await ssf.verify(requestOf(token, { headers }), withoutRequests, nowMs);
    return undefined;
  } catch (error) {
    if (error instanceof SignatureError) return error.message;
    if (!(error instanceof KmsError)) throw error;
    return error instanceof SetError ? error.err : error.code;
  }
}

interface Options {
  secrets?: readonly string[];
  headers?: Record<string, string>;
  nowMs?: number;
  jwks_uri?: string;
  [setting: string]: unknown;
}

const WRONG = 'wrong signature or unknown key';

describe('signature', () => {
  test.each(['RS256', 'RS512', 'PS256', 'ES256', 'ES384'] as const)(
    'a security event token that is signed with %s is accepted',
    async (alg) => {
      const key = newSigningKey('k1', alg);
      const token = signSet(disabled(), key);
      expect(await refusal(token, { secrets: [jwksOf(jwkOf(key))] })).toBeUndefined();
      expect(await refusal(token, { secrets: [pemOf(key)] })).toBeUndefined();
      expect(await refusal(token, { secrets: [jwksOf(jwkOf(newSigningKey('k1', alg)))] })).toBe(WRONG);
    },
  );

  test('a security event token is refused without a signature, and with an HMAC whose key is the public key', async () => {
    const NOT_ALLOWED = 'the algorithm of the token is not allowed';
    const header = { kid: 'k1', typ: 'secevent+jwt' };
    for (const alg of ['none', 'None', 'nOnE', '']) {
      expect(await refusal(tokenOf({ ...header, alg }, disabled(), () => 'AAAA'))).toBe(NOT_ALLOWED);
    }
    expect(await refusal(tokenOf({ ...header, alg: 'none' }, disabled(), () => ''))).toBe(
      'the body is no signed token',
    );
    for (const secret of [pemOf(rsa), PINNED, jwkOf(rsa).n ?? '']) {
      const token = tokenOf({ ...header, alg: 'HS256' }, disabled(), hmacWith(secret));
      expect(await refusal(token, { secrets: [PINNED, pemOf(rsa)] })).toBe(NOT_ALLOWED);
    }
  });

  test('a security event token whose header crit names an extension is refused', async () => {
    const token = signSet(disabled(), rsa, { crit: ['b64'], b64: true });
    expect(await refusal(token)).toBe('the token has extensions that must be understood');
  });

  test('a security event token is not verified with a key in its own header', async () => {
    const other = newSigningKey('k1');
    const token = signSet(disabled(), other, { jwk: jwkOf(other), jku: 'https://example.com/jwks' });
    expect(await refusal(token)).toBe(WRONG);
  });

  test('a security event token whose content was changed after it was signed is refused', async () => {
    const [header, , signature] = signSet(disabled(), rsa).split('.');
    const content = Buffer.from(JSON.stringify(disabled())).toString('base64url');
    expect(await refusal(`${header}.${content}.${signature}`)).toBe(WRONG);
  });
});

describe('claims', () => {
  const seconds = NOW_MS / 1000;
  test.each<[string, object, string | undefined]>([
    ['claims as they should be', {}, undefined],
    ['another issuer', { iss: 'https://idp.example.com' }, 'invalid_issuer'],
    ['no issuer', { iss: undefined }, 'invalid_issuer'],
    ['another audience', { aud: 'https://other.example.com/' }, 'invalid_audience'],
    ['no audience', { aud: undefined }, 'invalid_audience'],
    ['several audiences with that of the source', { aud: ['https://other.example.com/', AUDIENCE] }, undefined],
    ['an audience in a list in a list', { aud: [[AUDIENCE]] }, 'invalid_audience'],
    ['an expiry, as an access token has', { exp: seconds + 60 }, 'invalid_request'],
    ['a subject, as an access token has', { sub: '00u1' }, 'invalid_request'],
    ['a time of 7 days ago', { iat: seconds - 7 * DAY_SECONDS }, undefined],
    ['a time of more than 7 days ago', { iat: seconds - 7 * DAY_SECONDS - 1 }, 'invalid_request'],
    ['a time in 5 minutes', { iat: seconds + 300 }, undefined],
    ['a time in more than 5 minutes', { iat: seconds + 301 }, 'invalid_request'],
    ['no time', { iat: undefined }, 'invalid_request'],
    ['a time as text', { iat: String(seconds) }, 'invalid_request'],
    ['no id', { jti: undefined }, 'invalid_request'],
    ['an empty id', { jti: '' }, 'invalid_request'],
    ['an id that is too long', { jti: 'x'.repeat(257) }, 'invalid_request'],
    ['no events', { events: undefined }, 'invalid_request'],
    ['an empty list of events', { events: {} }, 'invalid_request'],
    ['events that are a list', { events: [] }, 'invalid_request'],
  ])(
    'a security event token with %s is accepted, or refused with the error code of RFC 8935 for it',
    async (_, change, expected) => {
      expect(await refusal(signSet(disabled(change), rsa))).toBe(expected);
    },
  );

  test.each([
    ['secevent+jwt', undefined],
    ['application/secevent+jwt', undefined],
    ['SecEvent+JWT', undefined],
    ['JWT', 'invalid_request'],
    ['at+jwt', 'invalid_request'],
    ['xsecevent+jwt', 'invalid_request'],
    [undefined, 'invalid_request'],
  ])('a security event token with the header typ %s gets the error code %s', async (typ, expected) => {
    expect(await refusal(signSet(disabled(), rsa, { typ }))).toBe(expected);
  });

  test.each(['[]', '"text"', 'null', '{"iss":', '{"iss":"a","iss":"b"}', `${'['.repeat(20_000)}${']'.repeat(20_000)}`])(
    'a security event token is refused if its content is no JSON object, or has a key twice: %.20s',
    async (content) => {
      const token = signText(content, rsa);
      expect(await refusal(token)).toBe('invalid_request');
    },
  );

  test('a security event token may have any of the audiences in the settings of its source', async () => {
    const options = { audience: ['https://other.example.com/', AUDIENCE] };
    expect(await refusal(signSet(disabled(), rsa), options)).toBeUndefined();
  });
});

describe('the secret of the transmitter', () => {
  const secrets = [PINNED, 'Authorization: Bearer 0123456789abcdef'];
  test.each([
    ['Bearer 0123456789abcdef', undefined],
    ['Bearer 0123456789abcdeF', 'wrong secret'],
    ['0123456789abcdef', 'wrong secret'],
    ['', 'no secret'],
  ])('the header Authorization is compared with the secret of the transmitter: %j', async (authorization, expected) => {
    const token = signSet(disabled(), rsa);
    expect(await refusal(token, { secrets, headers: { authorization } })).toBe(expected);
  });

  test('a security event token with the right Authorization header and a wrong signature is refused', async () => {
    const headers = { authorization: 'Bearer 0123456789abcdef' };
    const token = signSet(disabled(), newSigningKey('k1'));
    expect(await refusal(token, { secrets, headers })).toBe(WRONG);
  });
});

describe('keys at a URL', () => {
  let keys: KeyServer;
  beforeEach(async () => {
    keys = await startKeyServer(rsa);
  });
  afterEach(() => keys.stop());

  const withList = (more: Options = {}) => ({ secrets: [], jwks_uri: keys.url, ...more });

  test('the key list of a transmitter is fetched once and used for an hour; then a withdrawn key is refused', async () => {
    const at = (nowMs: number) => {
      const token = signSet(disabled({ iat: nowMs / 1000 }), rsa);
      return refusal(token, withList({ nowMs }));
    };
    expect(await at(NOW_MS)).toBeUndefined();
    keys.respondWith((response) => response.end(jwksOf(jwkOf(newSigningKey('k2')))));
    expect(await at(NOW_MS + 3_599_000)).toBeUndefined();
    expect(keys.requests()).toBe(1);
    expect(await at(NOW_MS + 3_600_000)).toBe(WRONG);
  });

  test('a token that no key in the list verifies causes the list to be fetched again, also if it has the id of a known key', async () => {
    expect(await refusal(signSet(disabled(), rsa), withList())).toBeUndefined();
    const [second, sameId] = [newSigningKey('k2'), newSigningKey('k1')];
    keys.respondWith((response) => response.end(jwksOf(jwkOf(second))));
    expect(await refusal(signSet(disabled(), second), withList({ nowMs: NOW_MS + 10_000 }))).toBeUndefined();
    keys.respondWith((response) => response.end(jwksOf(jwkOf(sameId))));
    expect(await refusal(signSet(disabled(), sameId), withList({ nowMs: NOW_MS + 20_000 }))).toBeUndefined();
    expect(keys.requests()).toBe(3);
  });

  test('tokens with wrong keys cause at most one request for the key list in 10 seconds', async () => {
    const token = signSet(disabled(), newSigningKey('k9'));
    for (const ms of [0, 1, 9_999]) expect(await refusal(token, withList({ nowMs: NOW_MS + ms }))).toBe(WRONG);
    expect(keys.requests()).toBe(1);
  });

  test('a transmitter with the secret of the source is asked to repeat a token whose key may be too new for the list', async () => {
    const secret = 'Authorization: Bearer 0123456789abcdef';
    const headers = { authorization: 'Bearer 0123456789abcdef' };
    const options = withList({ secrets: [secret], headers });
    expect(await refusal(signSet(disabled(), rsa), options)).toBeUndefined();
    expect(await refusal(signSet(disabled(), newSigningKey('k2')), options)).toBe('KMS.0104');
    expect(await refusal(signSet(disabled(), newSigningKey('k1')), options)).toBe(WRONG);
    expect(await refusal(signSet(disabled(), newSigningKey('k2')), { ...options, headers: {} })).toBe('no secret');
  });

  test.each([
    ['a status of 500', 500, jwksOf(jwkOf(rsa))],
    ['a redirect', 302, ''],
    ['a text that is not JSON', 200, 'keys'],
    ['more than 256 KiB', 200, `${jwksOf(jwkOf(rsa))}${' '.repeat(256 * 1024)}`],
  ])(
    'while the key list of a transmitter is answered with %s, a token gets 503, so that it is sent again',
    async (_, status, text) => {
      keys.respondWith((response) => response.writeHead(status, { location: keys.url }).end(text));
      const token = signSet(disabled(), rsa);
      expect(await refusal(token, withList())).toBe('KMS.0104');
      expect(await refusal(token, withList({ nowMs: NOW_MS + 1 }))).toBe('KMS.0104');
      keys.respondWith((response) => response.end(jwksOf(jwkOf(rsa))));
      expect(await refusal(token, withList({ nowMs: NOW_MS + 10_000 }))).toBeUndefined();
    },
  );

  test('a key list that cannot be fetched again is used for a day', async () => {
    const at = (hours: number) => {
      const nowMs = NOW_MS + hours * 3_600_000;
      return refusal(signSet(disabled({ iat: nowMs / 1000 }), rsa), withList({ nowMs }));
    };
    expect(await at(0)).toBeUndefined();
    keys.respondWith((response) => response.writeHead(503).end());
    expect(await at(23)).toBeUndefined();
    expect(await at(24)).toBe('KMS.0104');
  });
});

const DISABLED = { action: 'revoke-principal', type: 'principal.disabled', identities: ['00u1'] };

function tasksIn(claims: object, entry: object = {}) {
  const events = readBy(ssf, requestOf(signSet(claims, rsa)), { ...SETTINGS, ...entry });
  return typeof events === 'string' ? events : events.tasks;
}

describe('events', () => {
  test.each([
    [`${RISC}account-disabled`, { reason: 'hijacking' }, 'account-disabled', 'ssf account-disabled: hijacking'],
    [`${RISC}account-purged`, {}, 'account-purged', 'ssf account-purged'],
    [
      `${RISC}credential-compromise`,
      { credential_type: 'password' },
      'credential-compromise',
      'ssf credential-compromise: password',
    ],
    ['urn:ietf:params:scim:event:prov:delete', {}, 'scim-delete', 'ssf scim-delete'],
    ['urn:ietf:params:SCIM:event:prov:deactivate', {}, 'scim-deactivate', 'ssf scim-deactivate'],
  ])('the event %s revokes the grants of the person in its subject', (uri, event, name, reason) => {
    expect(tasksIn(claimsAbout(uri, PERSON, event))).toEqual([{ ...DISABLED, event: name, reason }]);
  });

  test.each([
    [`${CAEP}session-revoked`, {}, 'session-revoked'],
    [`${CAEP}credential-change`, { change_type: 'revoke' }, 'credential-change'],
    [`${RISC}account-enabled`, {}, 'account-enabled'],
    [`${SSF}verification`, { state: 'VGhpcyBpcyBhbiBleGFtcGxl' }, 'verification'],
    [`${SSF}stream-updated`, { status: 'paused' }, 'stream-updated'],
    ['https://example.com/event-type/account-disabled', {}, 'https://example.com/event-type/account-disabled'],
  ])('the event %s is ignored, unless the setting events gives it a meaning', (uri, event, type) => {
    expect(tasksIn(claimsAbout(uri, { format: 'opaque', id: 'stream' }, event))).toEqual([{ action: 'ignore', type }]);
  });

  test('the event session-revoked revokes grants only if the setting events says so', () => {
    const events = { 'session-revoked': 'principal.disabled' };
    expect(tasksIn(claimsAbout(`${CAEP}session-revoked`, PERSON), { events })).toMatchObject([DISABLED]);
  });

  test('the event credential-change can revoke grants only if its change_type is revoke', () => {
    const entry = { events: { 'credential-change': 'principal.disabled' } };
    const changed = (change_type?: string) =>
      tasksIn(claimsAbout(`${CAEP}credential-change`, PERSON, { change_type }), entry);
    expect(changed('revoke')).toMatchObject([DISABLED]);
    for (const type of ['create', 'update', 'delete']) expect(changed(type)).toMatchObject([{ action: 'ignore' }]);
    expect(changed()).toMatchObject([{ action: 'unreadable', reason: 'The event must have a change_type.' }]);
  });

  test('a subject that an older transmitter writes into the event, not into the token, is read', () => {
    // The form is that of Okta's reference of its SETs.
    const event = { subject: { user: PERSON, tenant: { format: 'iss_sub', iss: ISSUER, sub: 'org' } } };
    expect(tasksIn(claimsAbout(`${RISC}account-disabled`, undefined, event))).toMatchObject([DISABLED]);
  });

  test('the sub of an issuer in the setting subject_issuers is an identity without the name of the issuer', () => {
    const subject = { format: 'iss_sub', iss: 'https://acme.okta.com', sub: '00u1' };
    const claims = claimsAbout(`${RISC}account-disabled`, subject);
    expect(tasksIn(claims)).toMatchObject([{ ...DISABLED, identities: ['https://acme.okta.com 00u1'] }]);
    expect(tasksIn(claims, { subject_issuers: ['https://acme.okta.com'] })).toMatchObject([DISABLED]);
  });

  test('an event whose subject is only an e-mail address waits for a person, unless trust_email is set', () => {
    const claims = claimsAbout(`${RISC}account-disabled`, { format: 'email', email: 'Ann@Example.com' });
    expect(tasksIn(claims)).toEqual([
      {
        action: 'needs-person',
        type: 'account-disabled',
        identities: ['ann@example.com'],
        reason: 'ssf account-disabled. The event has only an e-mail address, and trust_email is not set.',
      },
    ]);
    expect(tasksIn(claims, { trust_email: true })).toMatchObject([{ ...DISABLED, identities: ['ann@example.com'] }]);
  });

  test('each event of a token is read; one that cannot be read is stored for a person to read, and stops no other', () => {
    const events = { [`${RISC}account-purged`]: {}, [`${RISC}credential-compromise`]: null };
    expect(tasksIn(disabled({ events }))).toMatchObject([DISABLED, { ...DISABLED, event: 'credential-compromise' }]);
    const noPerson = disabled({ sub_id: { format: 'phone_number', phone_number: '+12065550100' } });
    expect(tasksIn(noPerson)).toEqual([
      {
        action: 'unreadable',
        type: 'account-disabled',
        reason: 'The subject of the event names no person, or has a format that is not known.',
        payload: JSON.stringify(noPerson),
      },
    ]);
    const unread = tasksIn(disabled({ events, sub_id: noPerson.sub_id }));
    expect(unread).toEqual([
      expect.objectContaining({ action: 'unreadable', payload: expect.any(String) }),
      expect.not.objectContaining({ payload: expect.anything() }),
    ]);
  });

  test('the id of a delivered token is its jti, and the token counts as a repeat if it is only signed anew', () => {
    const ec = newSigningKey('k2', 'ES256');
    const claims = disabled({ jti: 'jti-1' });
    const [first, second] = [0, 1].map(() => readBy(ssf, requestOf(signSet(claims, ec)), SETTINGS));
    expect(first).toMatchObject({ deliveryId: 'jti-1', content: Buffer.from(JSON.stringify(claims)) });
    expect(second).toEqual(first);
  });

  test('a token with a deeply nested event or subject is stored for a person to read', () => {
    const deep = `${'[['.repeat(10_000)}${']]'.repeat(10_000)}`;
    const json = JSON.stringify(disabled({ sub_id: 'DEEP' })).replace('"DEEP"', deep);
    const body = tokenOf({ alg: 'RS256' }, json, () => 'AAAA');
    expect(readBy(ssf, requestOf(body), SETTINGS)).toMatchObject({ tasks: [{ action: 'unreadable' }] });
  });
});

describe('settings', () => {
  const problem = (entry: object) => {
    try {
      sourceFor(ssf, { ...SETTINGS, ...entry });
      return undefined;
    } catch (error) {
      return (error as Error).message.split('\n  ').slice(1).join('\n');
    }
  };

  test.each<[object, string | undefined]>([
    [{}, undefined],
    [{ audience: ['a', 'b'], trust_email: true, subject_issuers: ['c'] }, undefined],
    [{ issuer: undefined }, 'source.issuer: must be the issuer (iss) of the transmitter'],
    [{ issuer: '' }, 'source.issuer: must be the issuer (iss) of the transmitter'],
    [{ audience: undefined }, 'source.audience: must be a string, or a list of 1 to 10 strings'],
    [{ audience: [] }, 'source.audience: must be a string, or a list of 1 to 10 strings'],
    [{ jwks_uri: 'http://idp.example.com/jwks' }, 'source.jwks_uri: must be an https:// URL'],
    [{ jwks_uri: undefined }, 'source.jwks_uri: is required unless secrets has a public key'],
    [{ trust_email: 'yes' }, 'source.trust_email: must be true or false'],
    [{ subject_issuers: 'a' }, 'source.subject_issuers: must be a list of 1 to 10 issuers'],
    [{ events: { 'session-revoked': 'principal.disabled' } }, undefined],
    [
      { events: { 'session-revoked': 'key.compromised' } },
      'source.events.session-revoked: must be one of: principal.disabled, needs-person, ignore',
    ],
  ])('the settings %j of an SSF source have the problem %s', (entry, expected) => {
    expect(problem(entry)).toBe(expected);
  });

  test.each([
    [PINNED, true],
    [pemOf(rsa), true],
    ['Authorization: Bearer 0123456789abcdef', true],
    ['authorization: 0123456789abcdef', true],
    ['Authorization: short', false],
    ['0123456789abcdef', false],
    [rsa.privateKey.export({ format: 'pem', type: 'pkcs8' }) as string, false],
  ])('whether an SSF source may have a secret that begins with %.20s: %j', (secret, isValid) => {
    expect(ssf.secretProblem(secret) === undefined).toBe(isValid);
  });
});
