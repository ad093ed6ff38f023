/** The bodies are those of the kind `standard`; its own test has the fields. */
import { expect, test } from '@jest/globals';
import { bearer } from '../../../../lib/webhooks/inbound/adapters/bearer.ts';
import { readBy, refusalBy, requestOf, sourceFor } from './request.ts';

const SECRETS = ['0123456789abcdef', 'Basic dXNlcjpwYXNzd29yZA=='];
const LEFT = { type: 'principal.disabled', data: { identity: 'ann@example.com' } };
const TASK = { action: 'revoke-principal', type: 'principal.disabled', identities: ['ann@example.com'] };

const refusal = (headers: Record<string, string | undefined>, entry = {}) =>
  refusalBy(bearer, requestOf('{}', { headers }), SECRETS, 0, entry);

test.each([
  ['as a bearer token', 'Bearer 0123456789abcdef'],
  ['as a bearer token in lower case', 'bearer 0123456789abcdef'],
  ['as a bearer token after two spaces', 'Bearer  0123456789abcdef'],
  ['alone', '0123456789abcdef'],
  ['as another scheme that is part of the configured secret', 'Basic dXNlcjpwYXNzd29yZA=='],
])('the secret is accepted in Authorization %s', async (_, authorization) => {
  expect(await refusal({ authorization })).toBeUndefined();
});

test.each([
  [undefined, 'no secret'],
  ['', 'no secret'],
  ['Bearer', 'wrong secret'],
  ['Bearer 0123456789abcdeF', 'wrong secret'],
  ['Bearer 0123456789abcdef, Bearer 0123456789abcdef', 'wrong secret'],
  ['Bearer Bearer 0123456789abcdef', 'wrong secret'],
  ['Token 0123456789abcdef', 'wrong secret'],
  ['Basic 0123456789abcdef', 'wrong secret'],
])('the header Authorization %j is refused', async (authorization, message) => {
  expect(await refusal({ authorization })).toBe(message);
});

test('with the setting header, only that header counts, and it holds the secret alone', async () => {
  const entry = { header: 'X-Api-Key' };
  expect(await refusal({ 'x-api-key': '0123456789abcdef' }, entry)).toBeUndefined();
  expect(await refusal({ 'x-api-key': 'Bearer 0123456789abcdef' }, entry)).toBe('wrong secret');
  expect(await refusal({ authorization: 'Bearer 0123456789abcdef' }, entry)).toBe('no secret');
});

test.each(['', 'x api key', 'x-api-key:', 'é', 'x'.repeat(65), 7, null])(
  'the setting header %j is refused',
  (header) => {
    expect(() => sourceFor(bearer, { header })).toThrow('source.header: must be the name of a header');
  },
);

test('a configured secret is valid from 16 characters on, without the word Bearer', () => {
  for (const secret of SECRETS) expect(bearer.secretProblem(secret)).toBeUndefined();
  expect(bearer.secretProblem('short')).toMatch(/^must be at least 16/);
  expect(bearer.secretProblem('Bearer 0123456789abcdef')).toMatch(/^must not begin with Bearer/);
});

const read = (body: unknown, headers: Record<string, string | undefined> = {}, entry = {}) =>
  readBy(bearer, requestOf(body, { headers }), entry);

test.each<[string, object, Record<string, string | undefined>, string | undefined]>([
  ['the header webhook-id', { ...LEFT, id: 'in-body' }, { 'webhook-id': 'msg_1' }, 'msg_1'],
  ['the id in the body', { ...LEFT, id: 'in-body' }, {}, 'in-body'],
  ['the id in the body if the header is malformed', { ...LEFT, id: 'in-body' }, { 'webhook-id': '\u0000' }, 'in-body'],
  ['no id', LEFT, {}, undefined],
  ['a number as id', { ...LEFT, id: 7 }, {}, undefined],
  ['the id and source of a CloudEvent', { ...LEFT, specversion: '1.0', source: '/hr', id: 'A-1' }, {}, '/hr A-1'],
  ['no id of a CloudEvent', { ...LEFT, specversion: '1.0', source: '/hr' }, {}, undefined],
])('a delivery is identified by %s', (_, body, headers, deliveryId) => {
  expect(read(body, headers)).toEqual({ deliveryId, tasks: [TASK] });
});

test('a CloudEvent is read like the same event without its envelope', () => {
  const cloudEvent = {
    specversion: '1.0',
    id: '4c1f',
    source: 'HC.IAM',
    type: 'principal.disabled',
    datacontenttype: 'application/json',
    time: '2026-11-29T10:00:00Z',
    ttl: '4000',
    data: LEFT.data,
  };
  expect(read(cloudEvent)).toEqual({ deliveryId: 'HC.IAM 4c1f', tasks: [TASK] });
});

test('a type of another system means what the settings say', () => {
  const events = { 'com.example.user.offboarded': 'principal.disabled', 'com.example.user.moved': 'needs-person' };
  expect(read({ ...LEFT, type: 'com.example.user.offboarded' }, {}, { events })).toMatchObject({
    tasks: [{ ...TASK, event: 'com.example.user.offboarded' }],
  });
  expect(read({ ...LEFT, type: 'com.example.user.moved' }, {}, { events })).toMatchObject({
    tasks: [{ action: 'needs-person', type: 'com.example.user.moved' }],
  });
  expect(read({ ...LEFT, type: 'com.example.user.created' }, {}, { events })).toMatchObject({
    tasks: [{ action: 'ignore' }],
  });
});

const NO_PRINCIPAL = 'data.grantee_principal, data.identity or data.identities is required';

test.each<[string, string, string]>([
  ['nothing', '', 'type is required'],
  ['no JSON', 'identity=ann', 'The body must be JSON'],
  ['an array', '[{"type":"principal.disabled"}]', 'The body must be a JSON object'],
  ['null', 'null', 'The body must be a JSON object'],
  ['a key twice', '{"type":"a","type":"principal.disabled"}', 'A key occurs twice'],
  ['no person', '{"type":"principal.disabled","data":{}}', NO_PRINCIPAL],
  ['no data', '{"type":"principal.disabled"}', 'data is required'],
  ['data as text', '{"type":"principal.disabled","data":"ann"}', 'data must be an object'],
  ['a misspelt filter', '{"type":"principal.disabled","data":{"identity":"a","keyId":"k"}}', 'Unknown field'],
  ['1,000 nested arrays', `${'['.repeat(1000)}${']'.repeat(1000)}`, 'The body must be a JSON object'],
  ['100,000 open arrays', '['.repeat(100_000), 'The body must be JSON'],
])('a verified body with %s is kept as unreadable, with the body', (_, body, problem) => {
  expect(read(body, { 'webhook-id': 'msg_1' })).toEqual({
    deliveryId: 'msg_1',
    tasks: [
      {
        action: 'unreadable',
        type: 'unreadable',
        reason: expect.stringContaining(problem),
        payload: body.slice(0, 32 * 1024),
      },
    ],
  });
});
