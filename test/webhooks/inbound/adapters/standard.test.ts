import { expect, test } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { standard } from '../../../../lib/webhooks/inbound/adapters/standard.ts';
import { readBy, refusalBy, requestOf } from './request.ts';

const KEY_ID = '0d0466b0-e727-4d9c-b35d-f84bb474a37f';
const GRANT_ID = '7c9a3286af4fcca5f0a385ad13e1d21a50e27b6dbcab50f37f30f93b8939827d';
const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

const read = (body: unknown) => readBy(standard, requestOf(body, { headers: { 'webhook-id': 'msg_1' } }));
const readEvent = (type: string, data: unknown) => read({ type, timestamp: '2026-11-22T06:27:27Z', data });
const told = (task: object) => ({ deliveryId: 'msg_1', tasks: [task] });

test('what the other side signs is verified, and its secrets are checked', async () => {
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
  ['the principal', { grantee_principal: 'a1B2' }, { grantee: 'a1B2', identities: [] }],
  ['a name outside', { identity: 'auth0|Ab' }, { identities: ['auth0|Ab'] }],
  ['an address', { identity: 'Ann@X.org' }, { identities: ['Ann@X.org', 'ann@x.org'] }],
  ['several', { identities: ['b', 'a@x', 'b'] }, { identities: ['b', 'a@x'] }],
  ['both', { identity: 'a', identities: ['b'] }, { identities: ['a', 'b'] }],
  [
    'all there is',
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
])('principal.disabled with %s', (_, data, task) => {
  expect(readEvent('principal.disabled', data)).toEqual(told({ ...DISABLED, ...task }));
});

test('of ten addresses none is lost', () => {
  const identities = Array.from({ length: 10 }, (_, index) => `User${index}@x.org`);
  const both = identities.flatMap((name) => [name, name.toLowerCase()]);
  expect(readEvent('principal.disabled', { identities })).toEqual(told({ ...DISABLED, identities: both }));
});

const NOBODY = 'KMS.0204 data.grantee_principal, data.identity or data.identities is required.';

test.each<[string, unknown, string]>([
  ['nobody', {}, NOBODY],
  ['nobody but a filter', { key_id: KEY_ID, operations: ['decrypt-data'], project_id: 'p' }, NOBODY],
  [
    'nulls',
    { grantee_principal: null, identity: null, identities: null },
    'KMS.0308 grantee_principal must not be null.',
  ],
  ['a field too many', { identity: 'a', keyId: KEY_ID }, 'KMS.0308 Unknown field. Send only: project_id,'],
  ['a principal and a name', { grantee_principal: 'u1', identity: 'a' }, 'KMS.0308 Send data.grantee_principal or'],
  ['an empty principal', { grantee_principal: '', identity: 'a' }, 'KMS.2402 grantee_principal must be'],
  ['a wildcard', { grantee_principal: '*' }, 'KMS.2402 grantee_principal must be'],
  ['a list of principals', { grantee_principal: ['a'] }, 'KMS.2402 grantee_principal must be'],
  ['an empty name', { identity: '' }, 'KMS.0204 identity is required.'],
  ['an empty name beside a principal', { grantee_principal: 'a', identity: '' }, 'KMS.0204 identity is required.'],
  ['no names', { identities: [] }, 'KMS.0204 identities is required.'],
  ['an empty name among others', { identities: ['a', ''] }, 'KMS.0204 identities.1 is required.'],
  ['11 names', { identities: Array(11).fill('a') }, 'KMS.0308 identities must be 1 to 10 strings'],
  ['a text as names', { identities: 'a' }, 'KMS.0308 identities must be'],
  ['a number as a name', { identity: 1 }, 'KMS.0308 identity must be 1 to 256 printable characters.'],
  ['a name too long', { identity: 'a'.repeat(257) }, 'KMS.0308 identity must be'],
  ['a control in a name', { identity: 'a\u0000' }, 'KMS.0308 identity must be'],
  ['half a pair in a name', { identity: 'a\ud83d' }, 'KMS.0308 identity must be'],
  ['a key id', { identity: 'a', key_id: 'k' }, 'KMS.0205'],
  ['an empty key id', { identity: 'a', key_id: '' }, 'KMS.0205'],
  ['an empty project', { identity: 'a', project_id: '' }, 'KMS.0308 project_id must be'],
  ['another project', { identity: 'a', project_id: 'p/..' }, 'KMS.0308 project_id must be'],
  ['no operations', { identity: 'a', operations: [] }, 'KMS.0308 operations must be'],
  ['11 operations', { identity: 'a', operations: Array(11).fill('create-grant') }, 'KMS.0308 operations must be'],
  ['an unknown operation', { identity: 'a', operations: ['delete-key'] }, 'KMS.0308 operations must be'],
  ['a text as operations', { identity: 'a', operations: 'create-grant' }, 'KMS.0308 operations must be'],
  ['a reason too long', { identity: 'a', reason: 'a'.repeat(256) }, 'KMS.0308 reason must be'],
  ['a line end in the reason', { identity: 'a', reason: 'a\nb' }, 'KMS.0308 reason must be'],
  ['no data', undefined, 'KMS.0204 data is required.'],
  ['data that is null', null, 'KMS.0204 data is required.'],
  ['data that is a list', [], 'KMS.0308 data must be an object.'],
  ['data that is a text', 'everyone', 'KMS.0308 data must be an object.'],
])('principal.disabled with %s is refused', (_, data, refusal) => {
  expect(readEvent('principal.disabled', data)).toEqual(expect.stringContaining(refusal));
});

test('grant.revoke and key.compromised', () => {
  expect(readEvent('grant.revoke', { key_id: KEY_ID, grant_id: GRANT_ID.toUpperCase(), reason: 'r' })).toEqual(
    told({ action: 'revoke-grant', type: 'grant.revoke', keyId: KEY_ID, grantId: GRANT_ID, reason: 'r' }),
  );
  expect(readEvent('key.compromised', { key_id: KEY_ID, project_id: 'p' })).toEqual(
    told({ action: 'revoke-key', type: 'key.compromised', keyId: KEY_ID, projectId: 'p' }),
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
])('%s of %j is refused', (type, data, refusal) => {
  expect(readEvent(type, data)).toEqual(expect.stringContaining(refusal));
});

test.each([
  ['user.created', 'user.created'],
  ['Principal.Disabled', 'Principal.Disabled'],
  ['constructor', 'constructor'],
  ['a\u0000\n\u202eb', 'a???b'],
  ['é'.repeat(200), 'é'.repeat(128)],
])('of another type, %j, ignored, whatever its data', (type, kept) => {
  expect(read({ type })).toEqual(told({ action: 'ignore', type: kept }));
  expect(readEvent(type, { identity: 'a' })).toEqual(told({ action: 'ignore', type: kept }));
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
