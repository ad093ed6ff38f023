/** The bodies follow RFC 7644, section 3.5, and the requests of Microsoft Entra ID and Okta. */
import { expect, test } from '@jest/globals';
import { scim } from '../../../../lib/webhooks/inbound/adapters/scim.ts';
import { readBy, refusalBy, requestOf } from './request.ts';

const SECRETS = ['bearer-token-0123', 'another-token-0123'];
const SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:User';

const read = (method: string, body: unknown, userId: string | undefined = '2819c223') =>
  readBy(scim, requestOf(body, { method, userId }));
const patch = (...Operations: unknown[]) =>
  read('PATCH', { schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], Operations });
const disabled = (identities: string[], reason: string) => ({
  tasks: [{ action: 'revoke-principal', type: 'principal.disabled', identities, reason }],
});
const PATCHED = disabled(['2819c223'], 'scim PATCH, active false');
const IGNORED = { tasks: [{ action: 'ignore', type: 'scim PATCH' }] };

test('the bearer token must be one of the secrets', async () => {
  const refusal = (authorization: string | undefined) =>
    refusalBy(scim, requestOf('{}', { headers: { authorization } }), SECRETS);
  for (const scheme of ['Bearer', 'bearer', 'BEARER']) {
    for (const secret of SECRETS) expect(await refusal(`${scheme} ${secret}`)).toBeUndefined();
  }
  for (const header of [undefined, '', 'Bearer', 'Bearer ', SECRETS[0], `Basic ${SECRETS[0]}`, `Bearer${SECRETS[0]}`]) {
    expect(await refusal(header)).toBe('no secret');
  }
  expect(await refusal(`Bearer ${SECRETS[0]}, Bearer ${SECRETS[0]}`)).toBe('no secret');
  expect(await refusal(`Bearer ${SECRETS[0]},${SECRETS[0]}`)).toBe('wrong secret');
  expect(await refusal(`Bearer ${SECRETS[0]}x`)).toBe('wrong secret');
});

test.each([
  ['0123456789abcdef', undefined],
  ['0123456789abcde', 'must be at least 16 printable ASCII characters, without a space at either end'],
  ['01234567 89abcdef', 'must not contain spaces'],
])('the configured secret %j has the problem: %s', (secret, problem) => {
  expect(scim.secretProblem(secret)).toBe(problem);
});

test('DELETE revokes the grants of the user whose id is in the path', () => {
  expect(read('DELETE', '')).toEqual(disabled(['2819c223'], 'scim DELETE'));
  expect(read('DELETE', '', 'a/b@x.org')).toEqual(disabled(['a/b@x.org'], 'scim DELETE'));
  expect(read('DELETE', '', '50%25')).toEqual(disabled(['50%25'], 'scim DELETE'));
  expect(read('DELETE', '', 'é')).toEqual(disabled(['é'], 'scim DELETE'));
});

test.each(['', 'a\u0000', '\n', 'a'.repeat(257)])('DELETE with the malformed user id %j is refused', (userId) => {
  expect(read('DELETE', '', userId)).toBe('KMS.0308 The user id in the path must be 1 to 256 printable characters.');
});

test('PATCH that sets active to false revokes the grants of the user, and any other change is ignored', () => {
  expect(patch({ op: 'replace', path: 'active', value: false })).toEqual(PATCHED);
  expect(patch({ op: 'replace', path: 'active', value: true })).toEqual(IGNORED);
  expect(patch({ op: 'replace', path: 'displayName', value: 'Ann' })).toEqual(IGNORED);
});

test('PATCH that is not understood is refused', () => {
  expect(patch({ op: 'replace', path: 'active', value: 0 })).toBe('KMS.0308 active must be true or false.');
  expect(read('PATCH', '')).toBe('KMS.0308 Operations must be an array of one or more objects.');
  expect(read('PATCH', '{"Operations":[],"Operations":[]}')).toMatch(/^KMS.0202/);
});

const USER = {
  schemas: [SCHEMA],
  id: 'another',
  externalId: 'ext-701984',
  userName: 'BJensen@example.com',
  emails: [{ value: 'BJ@Home.example', type: 'home' }, { value: 'bjensen@example.com', primary: true }, { type: 'x' }],
  active: false,
};

test('PUT of an inactive user identifies the user by every id but the e-mail addresses, which users edit themselves', () => {
  const names = ['2819c223', 'ext-701984', 'BJensen@example.com', 'bjensen@example.com'];
  expect(read('PUT', USER)).toEqual(disabled(names, 'scim PUT, active false'));
  expect(read('PUT', { active: 'False' })).toEqual(disabled(['2819c223'], 'scim PUT, active false'));
  const nested = { [SCHEMA]: { userName: 'ann', active: false } };
  const [task] = disabled(['2819c223', 'ann'], 'scim PUT, active false').tasks;
  expect(read('PUT', nested)).toEqual({ tasks: [{ ...task, caseInsensitiveIdentities: ['ann'] }] });
});

// RFC 7644, section 3.5.1: the client does not assert an attribute that it omits.
test.each([
  { ...USER, active: true },
  { ...USER, active: 'true' },
  { ...USER, active: undefined },
])('PUT of an active user is ignored', (user) => {
  expect(read('PUT', user)).toEqual({ tasks: [{ action: 'ignore', type: 'scim PUT' }] });
});

test('PUT with another value of active is refused', () => {
  for (const active of ['no', null, 1]) {
    expect(read('PUT', { ...USER, active })).toBe('KMS.0308 active must be true or false.');
  }
});

test.each([
  ['POST', USER],
  ['POST', { Operations: [{ method: 'DELETE', path: '/Users/2819c223' }] }],
  ['PATCH', { Operations: [{ op: 'replace', path: 'active', value: false }] }],
  ['DELETE', ''],
])('a %s without a user id in the path, or with another method, is refused', (method, body) => {
  const refusal = 'KMS.0215 Send PATCH, PUT or DELETE of /Users/{id}.';
  expect(readBy(scim, requestOf(body, { method }))).toBe(refusal);
  if (method === 'POST') expect(read(method, body)).toBe(refusal);
  expect(read('GET', '')).toBe(refusal);
});
