import { expect, test } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { standard } from '../../../../lib/webhooks/inbound/adapters/standard.ts';
import { readBy, refusalBy, requestOf } from './request.ts';

const KEY_ID = '0d0466b0-e727-4d9c-b35d-f84bb474a37f';
const GRANT_ID = '7c9a3286af4fcca5f0a385ad13e1d21a50e27b6dbcab50f37f30f93b8939827d';
const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

const read = (body: unknown) => readBy(standard, requestOf(body, { headers: { 'webhook-id': 'msg_1' } }));
const readEvent = (type: string, data: unknown) => read({ type, timestamp: '2026-11-22T06:27:27Z', data });
const eventsOf = (task: object) => ({ deliveryId: 'msg_1', tasks: [task] });

test('a signature of the reference library is verified for five minutes; a malformed secret is reported', async () => {
  const body = '{"type":"key.compromised","data":{}}';
  const signature = new Webhook(SECRET).sign('msg_1', new Date(1_000_000), body);
  const headers = { 'webhook-id': 'msg_1', 'webhook-timestamp': '1000', 'webhook-signature': signature };
  const request = requestOf(body, { headers });
  expect(await refusalBy(standard, request, [SECRET], 1_300_000)).toBeUndefined();
  expect(await refusalBy(standard, request, [SECRET], 1_301_000)).toBe('webhook-timestamp is more than 5 minutes off');
  expect(await refusalBy(standard, requestOf(`${body} `, { headers }), [SECRET], 1_000_000)).toBe('wrong signature');
  expect(standard.secretProblem(SECRET)).toBeUndefined();
  expect(standard.secretProblem('secret')).toMatch(/^must be whsec_/);
});

const DISABLED = { action: 'revoke-principal', type: 'principal.disabled' };

test.each<[string, object, object]>([
  ['a principal', { grantee_principal: 'a1B2' }, { grantee: 'a1B2', identities: [] }],
  ['an identity', { identity: 'auth0|Ab' }, { identities: ['auth0|Ab'] }],
  ['an e-mail address', { identity: 'Ann@X.org' }, { identities: ['Ann@X.org', 'ann@x.org'] }],
  ['several identities', { identities: ['b', 'a@x', 'b'] }, { identities: ['b', 'a@x'] }],
  ['an identity and a list of identities', { identity: 'a', identities: ['b'] }, { identities: ['a', 'b'] }],
  [
    'every field',
    {
      grantee_principal: 'u1',
      project_id: 'p-1_a',
      key_id: KEY_ID,
      operations: ['create-grant'],
      reason: 'left on 2026-11-22, ticket #7 密',
    },
    {
      grantee: 'u1',
      identities: [],
      projectId: 'p-1_a',
      keyId: KEY_ID,
      operations: ['create-grant'],
      reason: 'left on 2026-11-22, ticket #7 密',
    },
  ],
])('principal.disabled with %s is read', (_, data, task) => {
  expect(readEvent('principal.disabled', data)).toEqual(eventsOf({ ...DISABLED, ...task }));
});

test('ten e-mail addresses become identities, as sent and in lower case', () => {
  const identities = Array.from({ length: 10 }, (_, index) => `User${index}@x.org`);
  const both = identities.flatMap((name) => [name, name.toLowerCase()]);
  expect(readEvent('principal.disabled', { identities })).toEqual(eventsOf({ ...DISABLED, identities: both }));
});

test('a list of more than 32 identities becomes several tasks, which together have each identity once', () => {
  const identities = Array.from({ length: 70 }, (_, n) => `person-${n}`);
  const filters = { key_id: KEY_ID, operations: ['create-grant'], project_id: 'p', reason: 'reorganisation' };
  const task = {
    ...DISABLED,
    keyId: KEY_ID,
    operations: ['create-grant'],
    projectId: 'p',
    reason: 'reorganisation',
  };
  expect(readEvent('principal.disabled', { identities: [...identities, 'person-0'], ...filters })).toEqual({
    deliveryId: 'msg_1',
    tasks: [
      { ...task, identities: identities.slice(0, 32) },
      { ...task, identities: identities.slice(32, 64) },
      { ...task, identities: identities.slice(64) },
    ],
  });
});

test('a list with one malformed identity is refused, however long it is', () => {
  const identities = [...Array.from({ length: 70 }, (_, n) => `person-${n}`), 'a\u0000'];
  expect(readEvent('principal.disabled', { identities })).toEqual(
    expect.stringContaining('KMS.0308 identities must be'),
  );
});

test.each(['Principal.Disabled', ' principal.disabled\n', 'principal_disabled', 'PRINCIPAL-DISABLED'])(
  'an event whose type is spelt %j is principal.disabled',
  (type) => {
    expect(readEvent(type, { identity: 'a' })).toEqual(eventsOf({ ...DISABLED, identities: ['a'] }));
    expect(readEvent(type, {})).toBe(NO_PRINCIPAL);
  },
);

test.each<[unknown, string | undefined]>([
  ['left\r\nthe company\n', 'left the company'],
  // One emoji: a woman, a zero-width joiner and a laptop.
  ['\u{1f469}\u200d\u{1f4bb} left', '\u{1f469}\u{1f4bb} left'],
  ['x'.repeat(300), 'x'.repeat(255)],
  ['\u0000', '?'],
  ['', undefined],
  [null, undefined],
  [7, '7'],
  [{ code: 'left' }, '{"code":"left"}'],
])('the reason %j does not decide whether access ends: it becomes %j', (reason, shown) => {
  const identity = { identities: ['a'] };
  expect(readEvent('principal.disabled', { identity: 'a', reason })).toEqual(
    eventsOf({ ...DISABLED, ...identity, reason: shown }),
  );
});

test('a byte order mark before the body is skipped', () => {
  const body = JSON.stringify({ type: 'principal.disabled', data: { identity: 'a' } });
  expect(read(`\ufeff${body}`)).toEqual(eventsOf({ ...DISABLED, identities: ['a'] }));
});

const NO_PRINCIPAL = 'KMS.0204 data.grantee_principal, data.identity or data.identities is required.';

test.each<[string, unknown, string]>([
  ['no principal', {}, NO_PRINCIPAL],
  ['no principal but other fields', { key_id: KEY_ID, operations: ['decrypt-data'], project_id: 'p' }, NO_PRINCIPAL],
  [
    'null',
    { grantee_principal: null, identity: null, identities: null },
    'KMS.0308 grantee_principal must not be null.',
  ],
  ['an unknown field', { identity: 'a', keyId: KEY_ID }, 'KMS.0308 Unknown field. Send only: project_id,'],
  [
    'a principal and an identity',
    { grantee_principal: 'u1', identity: 'a' },
    'KMS.0308 Send data.grantee_principal or',
  ],
  ['an empty principal', { grantee_principal: '', identity: 'a' }, 'KMS.2402 grantee_principal must be'],
  ['a wildcard', { grantee_principal: '*' }, 'KMS.2402 grantee_principal must be'],
  ['a list of principals', { grantee_principal: ['a'] }, 'KMS.2402 grantee_principal must be'],
  ['an empty identity', { identity: '' }, 'KMS.0204 identity is required.'],
  ['a principal and an empty identity', { grantee_principal: 'a', identity: '' }, 'KMS.0204 identity is required.'],
  ['an empty list of identities', { identities: [] }, 'KMS.0204 identities is required.'],
  ['an empty identity in a list', { identities: ['a', ''] }, 'KMS.0204 identities.1 is required.'],
  ['a string as the list of identities', { identities: 'a' }, 'KMS.0308 identities must be'],
  ['a number as identity', { identity: 1 }, 'KMS.0308 identity must be 1 to 256 printable characters.'],
  ['a long identity', { identity: 'a'.repeat(257) }, 'KMS.0308 identity must be'],
  ['a control character in the identity', { identity: 'a\u0000' }, 'KMS.0308 identity must be'],
  ['a lone surrogate in the identity', { identity: 'a\ud83d' }, 'KMS.0308 identity must be'],
  ['a malformed key id', { identity: 'a', key_id: 'k' }, 'KMS.0205'],
  ['an empty key id', { identity: 'a', key_id: '' }, 'KMS.0205'],
  ['an empty project id', { identity: 'a', project_id: '' }, 'KMS.0308 project_id must be'],
  ['a malformed project id', { identity: 'a', project_id: 'p/..' }, 'KMS.0308 project_id must be'],
  ['no operations', { identity: 'a', operations: [] }, 'KMS.0308 operations must be'],
  ['11 operations', { identity: 'a', operations: Array(11).fill('create-grant') }, 'KMS.0308 operations must be'],
  ['an unknown operation', { identity: 'a', operations: ['delete-key'] }, 'KMS.0308 operations must be'],
  ['a string as operations', { identity: 'a', operations: 'create-grant' }, 'KMS.0308 operations must be'],
  ['no data', undefined, 'KMS.0204 data is required.'],
  ['null as data', null, 'KMS.0204 data is required.'],
  ['an array as data', [], 'KMS.0308 data must be an object.'],
  ['a string as data', 'everyone', 'KMS.0308 data must be an object.'],
])('principal.disabled with %s is refused', (_, data, refusal) => {
  expect(readEvent('principal.disabled', data)).toEqual(expect.stringContaining(refusal));
});

test('grant.revoke and key.compromised are read', () => {
  expect(readEvent('grant.revoke', { key_id: KEY_ID, grant_id: GRANT_ID.toUpperCase(), reason: 'r' })).toEqual(
    eventsOf({ action: 'revoke-grant', type: 'grant.revoke', keyId: KEY_ID, grantId: GRANT_ID, reason: 'r' }),
  );
  expect(readEvent('key.compromised', { key_id: KEY_ID, project_id: 'p' })).toEqual(
    eventsOf({ action: 'revoke-key', type: 'key.compromised', keyId: KEY_ID, projectId: 'p' }),
  );
});

test.each<[string, object, string]>([
  ['grant.revoke', {}, 'KMS.0204 key_id is required.'],
  ['grant.revoke', { key_id: KEY_ID }, 'KMS.0204 grant_id is required.'],
  ['grant.revoke', { key_id: KEY_ID, grant_id: 'g' }, 'KMS.2501'],
  ['grant.revoke', { key_id: '*', grant_id: GRANT_ID }, 'KMS.0205'],
  ['key.compromised', {}, 'KMS.0204 key_id is required.'],
  ['key.compromised', { key_id: '' }, 'KMS.0205'],
  ['key.compromised', { key_id: [KEY_ID] }, 'KMS.0205'],
])('%s with the data %j is refused', (type, data, refusal) => {
  expect(readEvent(type, data)).toEqual(expect.stringContaining(refusal));
});

test.each([
  ['user.created', 'user.created'],
  ['constructor', 'constructor'],
  ['a\u0000\n\u202eb', 'a? b'],
  ['é'.repeat(200), 'é'.repeat(128)],
])('an event of the unknown type %j is ignored, whatever its data', (type, shown) => {
  expect(read({ type })).toEqual(eventsOf({ action: 'ignore', type: shown }));
  expect(readEvent(type, { identity: 'a' })).toEqual(eventsOf({ action: 'ignore', type: shown }));
});

test.each([
  ['', 'KMS.0204 type is required.'],
  ['{}', 'KMS.0204 type is required.'],
  ['{"type":1}', 'KMS.0308 type must be a string.'],
  ['{"type":["principal.disabled"]}', 'KMS.0308 type must be a string.'],
  ['[]', 'KMS.0202'],
  ['{', 'KMS.0202'],
  ['{"type":"a","type":"principal.disabled"}', 'KMS.0202'],
])('the body %s is refused', (body, refusal) => {
  expect(read(body)).toEqual(expect.stringContaining(refusal));
});
