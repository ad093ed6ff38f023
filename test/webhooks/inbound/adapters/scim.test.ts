/** The bodies follow RFC 7644, section 3.5, and the requests of Microsoft Entra ID and Okta. */
import { expect, test } from '@jest/globals';
import { scim } from '../../../../lib/webhooks/inbound/adapters/scim.ts';
import { readBy, refusalBy, requestOf } from './request.ts';

const SECRETS = ['bearer-token-0123', 'another-token-0123'];
const SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:User';

const read = (method: string, body: unknown, path = '/v1/hooks/idp/Users/2819c223') =>
  readBy(scim, requestOf(body, { method, path }));
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
  expect(read('DELETE', '', '/Users/2819c223/')).toEqual(disabled(['2819c223'], 'scim DELETE'));
  expect(read('DELETE', '', '/Users/a%2Fb%40x.org')).toEqual(disabled(['a/b@x.org'], 'scim DELETE'));
  expect(read('DELETE', '', '/Users/%C3%A9')).toEqual(disabled(['é'], 'scim DELETE'));
});

test.each(['/Users/%', '/Users/%ff', '/Users/a%00', '/Users/%0a', `/Users/${'a'.repeat(257)}`])(
  'DELETE with the malformed user id %j is refused',
  (path) => {
    expect(read('DELETE', '', path)).toBe('KMS.0308 The user id in the path must be 1 to 256 printable characters.');
  },
);

test.each([
  ['false', { op: 'replace', path: 'active', value: false }],
  ['the string that Entra sends', { op: 'Replace', path: 'active', value: 'False' }],
  ['op add', { op: 'add', path: 'active', value: false }],
  ['no path', { op: 'replace', value: { active: false } }],
  ['no path and a string', { op: 'Add', value: { displayName: 'x', active: 'false' } }],
  ['the full attribute name', { op: 'replace', path: `${SCHEMA}:active`, value: false }],
  ['the full attribute name and no path', { op: 'replace', value: { [`${SCHEMA}:active`]: false } }],
  ['the name in another case', { op: 'REPLACE', path: 'Active', value: 'FALSE' }],
  ['the name twice in different case', { op: 'replace', value: { active: true, Active: false } }],
])('PATCH deactivates a user with %s', (_, operation) => {
  expect(patch(operation)).toEqual(PATCHED);
  expect(patch({ op: 'replace', path: 'displayName', value: 'x' }, operation)).toEqual(PATCHED);
});

test.each([
  ['true', { op: 'replace', path: 'active', value: true }],
  ['the string true', { op: 'Replace', path: 'active', value: 'True' }],
  ['another attribute', { op: 'replace', path: 'displayName', value: false }],
  ['a sub-attribute with the same name', { op: 'replace', path: 'emails[type eq "work"].active', value: false }],
  ['another schema', { op: 'replace', path: 'urn:x:User:active', value: false }],
  ['no value', { op: 'replace' }],
  ['remove', { op: 'remove', path: 'active' }],
])('PATCH with %s is ignored', (_, operation) => {
  expect(patch(operation)).toEqual(IGNORED);
});

test('the last operation of a PATCH that sets active decides', () => {
  const to = (value: boolean) => ({ op: 'replace', path: 'active', value });
  expect(patch(to(true), to(false))).toEqual(PATCHED);
  expect(patch(to(false), to(true))).toEqual(IGNORED);
  expect(patch()).toEqual(IGNORED);
});

test.each<[unknown, string]>([
  [{ op: 'replace', path: 'active', value: 0 }, 'KMS.0308 active must be true or false.'],
  [{ op: 'replace', path: 'active', value: 'no' }, 'KMS.0308 active must be true or false.'],
  [{ op: 'replace', path: 'active', value: null }, 'KMS.0308 active must be true or false.'],
  [{ op: 'replace', path: 'active', value: ['false'] }, 'KMS.0308 active must be true or false.'],
  [{ op: 'replace', path: 'active' }, 'KMS.0308 active must be true or false.'],
  [{ path: 'active', value: false }, 'KMS.0308 op must be one of: add, replace, remove.'],
  [{ op: 'disable', path: 'active', value: false }, 'KMS.0308 op must be one of: add, replace, remove.'],
  ['active', 'KMS.0308 Operations must be an array of objects.'],
])('PATCH with %j is refused', (operation, refusal) => {
  expect(patch(operation)).toBe(refusal);
});

test('PATCH without operations, with malformed ones or with a repeated key is refused', () => {
  expect(read('PATCH', '')).toBe('KMS.0204 Operations is required.');
  expect(read('PATCH', { Operations: {} })).toBe('KMS.0308 Operations must be an array of objects.');
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
});

test.each([
  { ...USER, active: true },
  { ...USER, active: 'true' },
  { ...USER, active: undefined },
])('PUT of an active user is ignored', (user) => {
  expect(read('PUT', user)).toEqual({ tasks: [{ action: 'ignore', type: 'scim PUT' }] });
});

test.each([
  ['POST', '/Users', USER],
  ['POST', '/Users/2819c223', USER],
  ['GET', '/Users/2819c223', ''],
  ['PATCH', '/Groups/2819c223', { Operations: [{ op: 'replace', path: 'active', value: false }] }],
  ['DELETE', '/Groups/2819c223', ''],
  ['DELETE', '/Users/', ''],
  ['DELETE', '/Users', ''],
  ['DELETE', '/Users/a/b', ''],
])('the request %s %s is ignored', (method, path, body) => {
  expect(read(method, body, path)).toEqual({ tasks: [{ action: 'ignore', type: `scim ${method}` }] });
});
