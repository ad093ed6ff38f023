/** Webhooks that are refused: each code, and that nothing is written. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { expectError } from '../../support/expect-error.ts';
import { storedRows } from '../../support/stored-rows.ts';
import {
  OTHER_SECRET,
  PLAIN_SECRET,
  type SendOptions,
  startWebhookFixture,
  type WebhookFixture,
  type WebhookResponse,
} from '../fixture.ts';

let fixture: WebhookFixture;
let rows: Awaited<ReturnType<typeof storedRows>>;
/** A valid event. Each refused one below differs from it in one thing. */
let validEvent: { type: string; data: Record<string, unknown> };

beforeAll(async () => {
  fixture = await startWebhookFixture();
  const { service } = fixture;
  validEvent = { type: 'principal.disabled', data: { grantee_principal: service.grantee.user_id } };
});
afterAll(() => fixture.stop());
const withoutId = ({ text, headers }: WebhookResponse) => text.replaceAll(headers.get('x-request-id') ?? '', '…');
const overKiB = (kib: number) => ({ ...validEvent, data: { ...validEvent.data, note: 'n'.repeat(kib * 1024) } });
const SECOND_MS = 1_000;

describe('a refused webhook writes nothing', () => {
  beforeEach(async () => {
    rows = await storedRows(fixture.service);
  });
  afterEach(async () => {
    expect(await storedRows(fixture.service)).toEqual(rows);
  });

  test.each<[string, (text: string, now: () => number) => SendOptions]>([
    ['no signature', () => ({ change: { headers: { 'webhook-signature': '' } } })],
    ['no id', () => ({ change: { headers: { 'webhook-id': '' } } })],
    ['no timestamp', () => ({ change: { headers: { 'webhook-timestamp': '' } } })],
    ['a signature of another secret', () => ({ secret: OTHER_SECRET })],
    [
      'a signature of another version',
      () => ({ change: { headers: { 'webhook-signature': `v2,${'A'.repeat(43)}=` } } }),
    ],
    ['a signature of another body', (text) => ({ change: { body: `${text} ` } })],
    ['an id that was not signed', () => ({ change: { headers: { 'webhook-id': 'msg_other' } } })],
    [
      'a timestamp that was not signed',
      (_, now) => ({ change: { headers: { 'webhook-timestamp': String(Math.floor(now() / SECOND_MS) + 1) } } }),
    ],
    ['a timestamp 301 s ago', (_, now) => ({ atMs: now() - 301 * SECOND_MS })],
    ['a timestamp 301 s ahead', (_, now) => ({ atMs: now() + 301 * SECOND_MS })],
    ['an unknown source', () => ({ source: 'nobody' })],
    ['a malformed source name', () => ({ source: 'a%2Fb' })],
    ['a source name that is a property of every object', () => ({ source: 'constructor' })],
    ['the signature of another kind of source', () => ({ source: 'okta' })],
  ])('a webhook with %s answers 401, with the same body for all', async (_, optionsOf) => {
    // The timestamp header has whole seconds.
    fixture.service.clock.nowMs = Math.ceil(fixture.service.clock.nowMs / SECOND_MS) * SECOND_MS;
    const options = optionsOf(JSON.stringify(validEvent), () => fixture.service.clock.nowMs);
    const response = await fixture.sendEvent(validEvent, { id: 'refused', ...options });
    expectError(response, [401, 'APIGW.0301']);
    expect(response.body.error_msg).toContain(
      'the name of the source in the URL, its secret or signature, and its clock',
    );
    const wrong = await fixture.sendEvent(validEvent, { id: 'refused', secret: OTHER_SECRET });
    expect(withoutId(response)).toBe(withoutId(wrong));
  });

  test('requests without headers, with any method of the route, get the same 401', async () => {
    const wrong = await fixture.sendEvent(validEvent, { secret: OTHER_SECRET });
    for (const method of ['POST', 'GET']) {
      const response = await fixture.send('/hooks/hr', { method });
      expectError(response, [401, 'APIGW.0301']);
      expect(withoutId(response)).toBe(withoutId(wrong));
    }
  });

  // The form must not reveal which sources exist, so it depends on the path only.
  test.each(['DELETE', 'PUT', 'PATCH'])('%s without a token gets 401 in the form of SCIM', async (method) => {
    for (const source of ['scim', 'hr', 'nobody']) {
      const response = await fixture.send(`/hooks/${source}/Users/1`, { method });
      expect([response.status, response.headers.get('content-type')]).toEqual([401, 'application/scim+json']);
      expect(response.headers.get('x-request-id')).toMatch(/^[0-9a-f]{32}$/);
      expect(response.body).toEqual({
        schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
        status: '401',
        detail: expect.stringContaining('Check the name of the source in the URL'),
      });
    }
  });

  test.each<[string, object | string, number, string]>([
    ['not JSON', '{"Operations"', 400, 'invalidSyntax'],
    ['no operations', {}, 400, 'invalidSyntax'],
    ['an unknown op', { Operations: [{ op: 'disable', path: 'active' }] }, 400, 'invalidSyntax'],
    ['another value', { Operations: [{ op: 'replace', path: 'active', value: 'no' }] }, 400, 'invalidValue'],
    ['a malformed path', { Operations: [{ op: 'replace', path: '/active', value: false }] }, 400, 'invalidPath'],
    ['remove without a path', { Operations: [{ op: 'remove' }] }, 400, 'noTarget'],
  ])('a SCIM PATCH with %s is refused in the form of SCIM', async (_, body, status, scimType) => {
    const headers = { authorization: `Bearer ${PLAIN_SECRET}`, 'content-type': 'application/scim+json' };
    const response = await fixture.send('/hooks/scim/Users/1', { method: 'PATCH', headers, body });
    expect([response.status, response.headers.get('content-type')]).toEqual([status, 'application/scim+json']);
    expect(response.body).toEqual({
      schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
      status: String(status),
      scimType,
      detail: expect.stringMatching(/.{20}/),
    });
  });

  test.each([
    ['POST', '/hooks/scim', 401],
    ['POST', '/hooks/scim/Bulk', 501],
    ['POST', '/hooks/scim/Users', 400],
    ['POST', '/hooks/scim/Nothing', 404],
    ['PATCH', '/hooks/scim/Groups/1', 404],
  ])('the SCIM request %s %s is refused', async (method, path, status) => {
    const headers = { authorization: `Bearer ${PLAIN_SECRET}` };
    const body = { Operations: [{ method: 'PATCH', path: '/Users/1', data: { active: false } }] };
    expect((await fixture.send(path, { method, headers, body })).status).toBe(status);
  });

  test.each<[string, (data: Record<string, unknown>) => unknown, number, string]>([
    ['broken JSON', () => '{"type":"principal.disabled"', 400, 'KMS.0202'],
    ['an array', () => [], 400, 'KMS.0202'],
    [
      'a key twice',
      (data) => `{"type":"x","type":"principal.disabled","data":${JSON.stringify(data)}}`,
      400,
      'KMS.0202',
    ],
    ['__proto__', () => '{"type":"x","__proto__":{}}', 400, 'KMS.0202'],
    ['no body', () => '', 400, 'KMS.0204'],
    ['no type', (data) => ({ data }), 400, 'KMS.0204'],
    ['a type that is not a string', (data) => ({ type: 7, data }), 400, 'KMS.0308'],
    ['no data', () => ({ type: 'principal.disabled' }), 400, 'KMS.0204'],
    ['no principal and no identity', () => ({ type: 'principal.disabled', data: {} }), 400, 'KMS.0204'],
    ['an empty principal id', () => ({ type: 'principal.disabled', data: { grantee_principal: '' } }), 400, 'KMS.2402'],
    [
      'a wildcard as principal',
      () => ({ type: 'principal.disabled', data: { grantee_principal: '*' } }),
      400,
      'KMS.2402',
    ],
    ['an empty list of identities', () => ({ type: 'principal.disabled', data: { identities: [] } }), 400, 'KMS.0204'],
    ['a grant without its key', () => ({ type: 'grant.revoke', data: { grant_id: '0'.repeat(64) } }), 400, 'KMS.0204'],
    ['an empty key id', () => ({ type: 'key.compromised', data: { key_id: '' } }), 400, 'KMS.0205'],
    ['a wildcard as key id', () => ({ type: 'key.compromised', data: { key_id: '*' } }), 400, 'KMS.0205'],
    [
      'a malformed project id',
      (data) => ({ type: 'principal.disabled', data: { ...data, project_id: '*' } }),
      400,
      'KMS.0308',
    ],
    // If these were ignored, the event would revoke more than requested.
    ...[{ key_id: null }, { operations: null }, { project_id: null }, { keyId: 'x' }, { projectId: 'x' }].map(
      (more): [string, (data: object) => object, number, string] => [
        `the unknown or null field ${JSON.stringify(more)}`,
        (data) => ({ type: 'principal.disabled', data: { ...data, ...more } }),
        400,
        'KMS.0308',
      ],
    ),
    [
      'both a principal and an identity',
      (data) => ({ type: 'principal.disabled', data: { ...data, identity: 'ann@example.com' } }),
      400,
      'KMS.0308',
    ],
    ...['access-key:ABCDEFGHIJKLMNOPQRST', `sha256:${'0'.repeat(64)}`].map(
      (identity): [string, (data: object) => object, number, string] => [
        `the identity of a credential, ${identity.slice(0, 11)}`,
        () => ({ type: 'principal.disabled', data: { identity } }),
        400,
        'KMS.0308',
      ],
    ),
    [
      'a project that the source may not act in',
      (data) => ({ type: 'principal.disabled', data: { ...data, project_id: 'f'.repeat(32) } }),
      403,
      'KMS.0307',
    ],
  ])('a signed event with %s is refused', async (_, bodyOf, status, code) => {
    expectError(await fixture.sendEvent(bodyOf(validEvent.data)), [status, code]);
  });

  test.each(['principal.disabled', 'key.compromised'])(
    'an event type that the source may not send, %s, returns 403',
    async (type) => {
      const key_id = fixture.service.demo.keys[0]?.key_id;
      const data = type === 'key.compromised' ? { key_id } : { ...validEvent.data, key_id };
      expectError(await fixture.sendEvent({ type, data }, { source: 'narrow' }), [403, 'KMS.0307']);
    },
  );

  test.each([1024, 1536])('a body of over %i KiB returns 400, whether the signature is right or wrong', async (kib) => {
    expectError(await fixture.sendEvent(overKiB(kib)), [400, 'KMS.0203']);
    expectError(await fixture.sendEvent(overKiB(kib), { secret: OTHER_SECRET }), [400, 'KMS.0203']);
  });
});

test('a delivery that was refused is accepted when it comes again with a right signature', async () => {
  const wrong = await fixture.sendEvent(validEvent, { id: 'once-more', secret: OTHER_SECRET });
  expectError(wrong, [401, 'APIGW.0301']);
  const { body } = await fixture.sendEventAndWait(validEvent, { id: 'once-more' });
  expect(body).toMatchObject({ state: 'done', revoked: fixture.service.demo.grants.length });
});

test('a body of 1 MiB is accepted', async () => {
  const event = JSON.stringify({ type: 'user.created', data: {} });
  const { status } = await fixture.sendEvent(event.padEnd(1024 * 1024, ' '));
  expect(status).toBe(200);
});

test.each([-300, 300])('a timestamp %i s from now is accepted', async (seconds) => {
  fixture.service.clock.nowMs = Math.ceil(fixture.service.clock.nowMs / SECOND_MS) * SECOND_MS;
  const response = await fixture.sendEvent(validEvent, { atMs: fixture.service.clock.nowMs + seconds * SECOND_MS });
  expect(response.status).toBe(200);
});
