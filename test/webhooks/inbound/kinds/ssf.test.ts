/**
 * Security Event Tokens, from the signed token to no grants, and every reply to the transmitter.
 * Also tests: functions/hooks/ssf.ts, lib/http/set-error.ts, lib/webhooks/inbound/ssf/.
 */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { grantIdsOn, grantsHeldBy, newGrant, newKey, okBody } from '../../../support/create.ts';
import { startWebhookFixture, type WebhookFixture } from '../../fixture.ts';
import {
  AUDIENCE,
  CAEP,
  claimsAbout,
  ISSUER,
  jwkOf,
  jwksOf,
  type KeyServer,
  newSigningKey,
  RISC,
  SSF,
  signSet,
  startKeyServer,
} from '../ssf/transmitter.ts';

const rsa = newSigningKey('k1');
const PATH = '/hooks/idp/events';

let fixture: WebhookFixture;
let keys: KeyServer;
let keyId: string;
let otherGrant: string;
beforeAll(async () => {
  keys = await startKeyServer(rsa);
  fixture = await startWebhookFixture();
  const entry = {
    kind: 'ssf',
    projects: [fixture.service.demo.project_id],
    actions: ['principal.disabled'],
    issuer: ISSUER,
    audience: AUDIENCE,
    jwks_uri: keys.url,
  };
  fixture.setSources({
    idp: entry,
    pinned: { ...entry, jwks_uri: undefined, secrets: [JSON.stringify(jwkOf(rsa))] },
    away: { ...entry, jwks_uri: `${keys.url}/away` },
    narrow: { ...entry, actions: ['grant.revoke'] },
  });
  keyId = await newKey(fixture.service);
  otherGrant = await newGrant(fixture.service, keyId);
});
afterAll(async () => {
  await fixture.stop();
  await keys.stop();
});

/** Returns a new person with one grant, whose id at the transmitter is `sub`. */
async function newPerson() {
  const principal = randomUUID().replaceAll('-', '');
  const sub = randomUUID();
  const grantId = await newGrant(fixture.service, keyId, { grantee_principal: principal });
  await fixture.service.services.store.mappings.put({ source: 'idp', identity: sub, grantee: principal });
  return { principal, grantId, subject: { format: 'iss_sub', iss: ISSUER, sub } };
}

const nowSeconds = () => Math.floor(fixture.service.clock.nowMs / 1000);

/** Claims about an event that happens now by the clock of the service. */
const claims = (uri: string, subject: object | undefined, event: object = {}, change: object = {}) =>
  claimsAbout(uri, subject, event, { iat: nowSeconds(), ...change });

function push(token: string, path = PATH, headers: Record<string, string> = {}) {
  const all = { 'content-type': 'application/secevent+jwt', accept: 'application/json', ...headers };
  return fixture.send(path, { headers: all, body: token });
}

async function jobsStored(): Promise<number> {
  return (await fixture.service.services.store.jobs.list(1000)).length;
}

test('a signed event that an account is disabled revokes the grants of the person, and says so in job and event', async () => {
  const { principal, grantId, subject } = await newPerson();
  const sent = claims(`${RISC}account-disabled`, subject, { reason: 'hijacking' });
  const response = await push(signSet(sent, rsa));
  expect([response.status, response.text]).toEqual([202, '']);

  const jobId = response.headers.get('x-job-id') ?? '';
  expect(await fixture.endedJob(jobId)).toMatchObject({
    source: 'idp',
    delivery_id: sent.jti,
    state: 'done',
    revoked: 1,
    unmapped: [],
    tasks: [{ type: 'principal.disabled', identities: [subject.sub], reason: 'ssf account-disabled: hijacking' }],
  });
  const { service } = fixture;
  expect(await grantsHeldBy(service, principal)).toEqual([]);
  const { events } = okBody(await service.kms(service.creator, 'list-grant-events', { grant_id: grantId }));
  expect(events[0]).toMatchObject({
    action: 'principal.disabled',
    actor: 'hook:idp',
    channel: 'webhook',
    request_id: jobId,
    reason: 'ssf account-disabled: hijacking',
  });
  expect(await grantIdsOn(service, keyId)).toContain(otherGrant);
});

test('a repeated token gets the same reply and starts nothing; another content under its jti is another delivery', async () => {
  const { subject } = await newPerson();
  const sent = claims(`${RISC}account-purged`, subject);
  const first = await push(signSet(sent, rsa));
  const before = await jobsStored();
  const second = await push(signSet(sent, rsa));
  expect([second.status, second.headers.get('x-job-id')]).toEqual([202, first.headers.get('x-job-id')]);
  const other = await push(signSet({ ...sent, events: { [`${RISC}account-disabled`]: {} } }, rsa));
  expect(other.status).toBe(202);
  expect(other.headers.get('x-job-id')).not.toBe(first.headers.get('x-job-id'));
  expect(await jobsStored()).toBe(before + 1);
});

test.each([
  ['a verification', `${SSF}verification`, { state: 'VGhpcyBpcyBhbiBleGFtcGxl' }],
  ['a change of the stream', `${SSF}stream-updated`, { status: 'paused' }],
  ['a logout', `${CAEP}session-revoked`, {}],
])('a token about %s is accepted and ignored', async (_, uri, event) => {
  const response = await push(signSet(claims(uri, { format: 'opaque', id: 'stream-1' }, event), rsa));
  expect([response.status, response.text]).toEqual([202, '']);
  expect(await fixture.endedJob(response.headers.get('x-job-id') ?? '')).toMatchObject({ state: 'ignored' });
});

test('an event whose subject names nobody is kept, and its job ends as unreadable', async () => {
  const response = await push(signSet(claims(`${RISC}account-disabled`, { format: 'phone_number' }), rsa));
  expect(response.status).toBe(202);
  expect(await fixture.endedJob(response.headers.get('x-job-id') ?? '')).toMatchObject({
    state: 'unreadable',
    unreadable: 1,
  });
});

test('an event that the settings do not allow is ignored with a reason, as its sender would not send it again', async () => {
  const response = await push(
    signSet(claims(`${RISC}account-disabled`, { format: 'opaque', id: 'a' }), rsa),
    '/hooks/narrow/events',
  );
  expect(response.status).toBe(202);
  const job = await fixture.endedJob(response.headers.get('x-job-id') ?? '');
  expect(job).toMatchObject({
    state: 'ignored',
    tasks: [{ reason: 'The setting HOOKS does not allow principal.disabled for this source.' }],
  });
});

test('an unknown source, a source of another kind and a wrong signature get the same answer, and nothing is stored', async () => {
  const token = signSet(claims(`${RISC}account-disabled`, { format: 'opaque', id: 'a' }), newSigningKey('k1'));
  const before = await jobsStored();
  const replies = [];
  for (const path of ['/hooks/pinned/events', '/hooks/absent/events', '/hooks/jobs/events']) {
    const { status, headers, body } = await push(token, path);
    replies.push({ status, type: headers.get('content-type'), language: headers.get('content-language'), body });
  }
  const refused = {
    status: 400,
    type: 'application/json',
    language: 'en',
    body: {
      err: 'authentication_failed',
      description: 'Check the name of the source in the URL, its secret or signature, and its clock.',
    },
  };
  expect(replies).toEqual([refused, refused, refused]);
  expect((await push(token, '/hooks/idp')).status).toBe(401);
  expect(await jobsStored()).toBe(before);
});

test.each<[string, object, string]>([
  ['another issuer', { iss: 'https://other.example.com/' }, 'invalid_issuer'],
  ['another audience', { aud: 'https://other.example.com/' }, 'invalid_audience'],
  ['an expiry', { exp: 4_000_000_000 }, 'invalid_request'],
  ['no events', { events: {} }, 'invalid_request'],
])('a signed token with %s is refused with the error of RFC 8935, and nothing is stored', async (_, change, err) => {
  const before = await jobsStored();
  const sent = claims(`${RISC}account-disabled`, { format: 'opaque', id: 'a' }, {}, change);
  const { status, body } = await push(signSet(sent, rsa));
  expect([status, body]).toEqual([400, { err, description: expect.any(String) }]);
  expect(JSON.stringify(body)).not.toContain('other.example.com');
  expect(await jobsStored()).toBe(before);
});

test.each([
  ['an empty body', ''],
  ['a webhook of another kind', { type: 'principal.disabled', data: { identity: 'a' } }],
  ['more than 64 KiB', 'a'.repeat(70_000)],
])('instead of a token, %s is refused', async (_, body) => {
  const response = await fixture.send(PATH, { body });
  expect([response.status, response.body]).toEqual([400, { err: expect.any(String), description: expect.any(String) }]);
});

test('while the public keys of a transmitter cannot be fetched, its tokens get 503, so that it sends them again', async () => {
  const { subject } = await newPerson();
  keys.respondWith((response) => response.writeHead(500).end());
  const token = signSet(claims(`${RISC}account-disabled`, subject), rsa);
  const response = await push(token, '/hooks/away/events');
  expect([response.status, response.body.error_code, response.headers.get('retry-after')]).toEqual([
    503,
    'KMS.0104',
    '10',
  ]);
  keys.respondWith((reply) => reply.end(jwksOf(jwkOf(rsa))));
  fixture.service.clock.nowMs += 10_000;
  expect((await push(token, '/hooks/away/events')).status).toBe(202);
});
