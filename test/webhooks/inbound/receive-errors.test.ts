/** What is not taken, with which code; and that nothing is written then. */
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
/** An event that is taken: with it each refusal below differs in one thing from what is good. */
let good: { type: string; data: Record<string, unknown> };

beforeAll(async () => {
  fixture = await startWebhookFixture();
  const { service } = fixture;
  good = { type: 'principal.disabled', data: { grantee_principal: service.grantee.user_id } };
});
afterAll(() => fixture.stop());
const withoutId = ({ text, headers }: WebhookResponse) => text.replaceAll(headers.get('x-request-id') ?? '', '…');
const overKiB = (kib: number) => ({ ...good, data: { ...good.data, note: 'n'.repeat(kib * 1024) } });
const SECOND_MS = 1_000;

describe('of what is refused nothing is written', () => {
  beforeEach(async () => {
    rows = await storedRows(fixture.service);
  });
  afterEach(async () => {
    expect(await storedRows(fixture.service)).toEqual(rows);
  });

  test.each<[string, (good: string, now: () => number) => SendOptions]>([
    ['no signature', () => ({ change: { headers: { 'webhook-signature': '' } } })],
    ['no id', () => ({ change: { headers: { 'webhook-id': '' } } })],
    ['no time', () => ({ change: { headers: { 'webhook-timestamp': '' } } })],
    ['a signature of another secret', () => ({ secret: OTHER_SECRET })],
    [
      'a signature of another version',
      () => ({ change: { headers: { 'webhook-signature': `v2,${'A'.repeat(43)}=` } } }),
    ],
    ['the right signature of other bytes', (text) => ({ change: { body: `${text} ` } })],
    ['another id than was signed', () => ({ change: { headers: { 'webhook-id': 'msg_other' } } })],
    [
      'another time than was signed',
      (_, now) => ({ change: { headers: { 'webhook-timestamp': String(Math.floor(now() / SECOND_MS) + 1) } } }),
    ],
    ['a message of 301 s ago', (_, now) => ({ atMs: now() - 301 * SECOND_MS })],
    ['a message of 301 s ahead', (_, now) => ({ atMs: now() + 301 * SECOND_MS })],
    ['a source that is not known', () => ({ source: 'nobody' })],
    ['a source whose name is none', () => ({ source: 'a%2Fb' })],
    ['a source called as what every object has', () => ({ source: 'constructor' })],
    ['a source of another kind', () => ({ source: 'okta' })],
  ])('%s: 401, the same for all', async (_, sending) => {
    // Times in the header are whole seconds.
    fixture.service.clock.nowMs = Math.ceil(fixture.service.clock.nowMs / SECOND_MS) * SECOND_MS;
    const options = sending(JSON.stringify(good), () => fixture.service.clock.nowMs);
    const answer = await fixture.sendEvent(good, { id: 'refused', ...options });
    expectError(answer, [401, 'APIGW.0301']);
    const wrong = await fixture.sendEvent(good, { id: 'refused', secret: OTHER_SECRET });
    expect(withoutId(answer)).toBe(withoutId(wrong));
  });

  test('without any header, and with any other method of the route, too', async () => {
    const wrong = await fixture.sendEvent(good, { secret: OTHER_SECRET });
    for (const [path, method] of [
      ['/hooks/hr', 'POST'],
      ['/hooks/hr', 'GET'],
      ['/hooks/scim/Users/1', 'DELETE'],
      ['/hooks/scim/Users/1', 'PUT'],
      ['/hooks/scim/Users/1', 'PATCH'],
    ] as const) {
      const answer = await fixture.send(path, { method });
      expectError(answer, [401, 'APIGW.0301']);
      expect(withoutId(answer)).toBe(withoutId(wrong));
    }
  });

  test.each<[string, (data: Record<string, unknown>) => unknown, number, string]>([
    ['broken JSON', () => '{"type":"principal.disabled"', 400, 'KMS.0202'],
    ['a list', () => [], 400, 'KMS.0202'],
    [
      'a key twice',
      (data) => `{"type":"x","type":"principal.disabled","data":${JSON.stringify(data)}}`,
      400,
      'KMS.0202',
    ],
    ['__proto__', () => '{"type":"x","__proto__":{}}', 400, 'KMS.0202'],
    ['nothing', () => '', 400, 'KMS.0204'],
    ['no type', (data) => ({ data }), 400, 'KMS.0204'],
    ['a type that is no text', (data) => ({ type: 7, data }), 400, 'KMS.0308'],
    ['no data', () => ({ type: 'principal.disabled' }), 400, 'KMS.0204'],
    ['nobody', () => ({ type: 'principal.disabled', data: {} }), 400, 'KMS.0204'],
    ['an empty principal', () => ({ type: 'principal.disabled', data: { grantee_principal: '' } }), 400, 'KMS.2402'],
    ['no principal', () => ({ type: 'principal.disabled', data: { grantee_principal: '*' } }), 400, 'KMS.2402'],
    ['no list of names', () => ({ type: 'principal.disabled', data: { identities: [] } }), 400, 'KMS.0204'],
    ['a grant without its key', () => ({ type: 'grant.revoke', data: { grant_id: '0'.repeat(64) } }), 400, 'KMS.0204'],
    ['an empty key', () => ({ type: 'key.compromised', data: { key_id: '' } }), 400, 'KMS.0205'],
    ['no key', () => ({ type: 'key.compromised', data: { key_id: '*' } }), 400, 'KMS.0205'],
    [
      'a project that is none',
      (data) => ({ type: 'principal.disabled', data: { ...data, project_id: '*' } }),
      400,
      'KMS.0308',
    ],
    [
      'a long reason',
      (data) => ({ type: 'principal.disabled', data: { ...data, reason: 'r'.repeat(256) } }),
      400,
      'KMS.0308',
    ],
    // Left out they would mean everything.
    ...[{ key_id: null }, { operations: null }, { project_id: null }, { keyId: 'x' }, { projectId: 'x' }].map(
      (more): [string, (data: object) => object, number, string] => [
        `narrowed by ${JSON.stringify(more)}`,
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
        `an identity that only who finds credentials may name, ${identity.slice(0, 11)}`,
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
  ])('rightly signed, %s: refused', async (_, body, status, code) => {
    expectError(await fixture.sendEvent(body(good.data)), [status, code]);
  });

  test.each(['principal.disabled', 'key.compromised'])('what the source may not say, as %s: 403', async (type) => {
    const key_id = fixture.service.demo.keys[0]?.key_id;
    const data = type === 'key.compromised' ? { key_id } : { ...good.data, key_id };
    expectError(await fixture.sendEvent({ type, data }, { source: 'narrow' }), [403, 'KMS.0307']);
  });

  test.each([64, 1024, 1536])('a body of %i KiB and something, rightly signed or not: 400', async (kib) => {
    expectError(await fixture.sendEvent(overKiB(kib)), [400, 'KMS.0203']);
    expectError(await fixture.sendEvent(overKiB(kib), { secret: OTHER_SECRET }), [400, 'KMS.0203']);
  });

  test('more than 500 events at once: 400, and nothing of them is done', async () => {
    const gone = {
      eventType: 'user.lifecycle.suspend',
      target: [{ type: 'User', id: fixture.service.grantee.user_id }],
    };
    const [headers, eventId] = [{ authorization: PLAIN_SECRET }, 'too-many'];
    const events = [gone, ...Array(500).fill({ eventType: 'x' })];
    const answer = await fixture.send('/hooks/okta', { headers, body: { eventId, data: { events } } });
    expectError(answer, [400, 'KMS.0203']);
  });
});

test('what was refused is not remembered: it is taken once it is right', async () => {
  const wrong = await fixture.sendEvent(good, { id: 'once-more', secret: OTHER_SECRET });
  expectError(wrong, [401, 'APIGW.0301']);
  const { body } = await fixture.sendEventAndWait(good, { id: 'once-more' });
  expect(body).toMatchObject({ state: 'done', revoked: fixture.service.demo.grants.length });
});

test.each([-300, 300])('a message of %i s from now is taken', async (seconds) => {
  fixture.service.clock.nowMs = Math.ceil(fixture.service.clock.nowMs / SECOND_MS) * SECOND_MS;
  const answer = await fixture.sendEvent(good, { atMs: fixture.service.clock.nowMs + seconds * SECOND_MS });
  expect(answer.status).toBe(200);
});
