/**
 * The forms in which SCIM clients say whether a user is active.
 * Source: RFC 7644, sections 3.5.1, 3.5.2 and 3.10; RFC 7643, sections 2.1 and 2.5; Microsoft, "Known issues and
 * resolutions with SCIM 2.0 protocol compliance of the Microsoft Entra user provisioning service"; Okta, "SCIM 2.0
 * Protocol Reference".
 * Also tests: lib/http/scim-error.ts.
 */
import { describe, expect, test } from '@jest/globals';
import { KmsError } from '../../lib/errors.ts';
import { ScimError, scimErrorReply } from '../../lib/http/scim-error.ts';
import { activeAfterPatch, activeInUser } from '../../lib/scim/active.ts';

const SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:User';
const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

/** Returns the scimType and detail of a ScimError instead of throwing it. */
function resultOf(read: () => boolean | undefined): unknown {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ScimError)) throw error;
    return error.scimType;
  }
}
const patched = (...Operations: unknown[]) => resultOf(() => activeAfterPatch({ Operations } as never));
const put = (user: object) => resultOf(() => activeInUser(user as never));

describe('PATCH deactivates a user', () => {
  test.each<[string, object]>([
    ['path and boolean', { op: 'replace', path: 'active', value: false }],
    ['the string of Entra ID', { op: 'Replace', path: 'active', value: 'False' }],
    ['a string in capitals', { op: 'REPLACE', path: 'Active', value: 'FALSE' }],
    ['op add', { op: 'add', path: 'active', value: false }],
    ['no path, as Okta sends it', { op: 'replace', value: { active: false } }],
    ['an empty path', { op: 'replace', path: '', value: { active: false } }],
    ['path null', { op: 'replace', path: null, value: { active: false } }],
    ['no path and a list', { op: 'replace', value: [{ active: false }] }],
    ['an empty path and a list', { op: 'replace', path: '', value: [{ active: false }] }],
    ['no path and a list of two', { op: 'replace', value: [{ displayName: 'x' }, { active: false }] }],
    ['no path and dotted names', { op: 'replace', value: { 'name.givenName': 'x', active: 'false' } }],
    ['the full name as path', { op: 'replace', path: `${SCHEMA}:active`, value: false }],
    ['the full name in another case', { op: 'replace', path: `${SCHEMA.toUpperCase()}:Active`, value: false }],
    ['the full name as key', { op: 'replace', value: { [`${SCHEMA}:active`]: false } }],
    ['the schema as key', { op: 'replace', value: { [SCHEMA]: { active: false } } }],
    ['the schema as key in a list', { op: 'replace', path: '', value: [{ [SCHEMA]: { Active: 'False' } }] }],
    ['the schema as path', { op: 'replace', path: SCHEMA, value: { active: false } }],
    ['a list of values', { op: 'Replace', path: 'active', value: [{ $ref: null, value: 'False' }] }],
    ['a list of one boolean', { op: 'replace', path: 'active', value: [false] }],
    ['an object with value', { op: 'replace', path: 'active', value: { value: false } }],
    ['an object with active', { op: 'replace', path: 'active', value: { active: false } }],
    ['the path of the value', { op: 'replace', path: 'active.value', value: 'False' }],
    ['no path and a list of values', { op: 'replace', value: { active: [{ value: 'False' }] } }],
    ['names of members in another case', { Op: 'Replace', Path: 'active', Value: 'False' }],
    ['two values in different case', { op: 'replace', value: { active: true, Active: false } }],
    ['remove', { op: 'remove', path: 'active' }],
    ['remove with null', { op: 'Remove', path: `${SCHEMA}:active`, value: null }],
  ])('with %s', (_, operation) => {
    expect(patched(operation)).toBe(false);
    const before = { op: 'replace', path: 'displayName', value: 'x' };
    const after = { op: 'replace', path: `${ENTERPRISE}:department`, value: [{ active: true }] };
    expect(patched(before, operation, after)).toBe(false);
    const patch = { schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], operations: [operation] };
    expect(activeAfterPatch(patch)).toBe(false);
  });
});

test('the last operation of a PATCH that sets active decides', () => {
  const to = (value: boolean) => ({ op: 'replace', path: 'active', value });
  expect(patched(to(true), to(false))).toBe(false);
  expect(patched(to(false), to(true))).toBe(true);
  expect(patched(to(false), { op: 'replace', value: { active: 'True' } })).toBe(true);
});

test.each<[string, object]>([
  ['displayName', { op: 'replace', path: 'displayName', value: false }],
  ['an attribute without a path', { op: 'replace', value: { displayName: 'active' } }],
  ['an attribute whose name contains the word', { op: 'replace', path: 'lastActiveDate', value: 'x' }],
  ['an e-mail address', { op: 'replace', path: 'emails[type eq "work"].value', value: 'a@example.com' }],
  ['a filter on the word', { op: 'remove', path: 'emails[active eq false]' }],
  ['an extension', { op: 'add', path: `${ENTERPRISE}:manager`, value: { value: '26118915' } }],
  ['an extension as path', { op: 'add', path: ENTERPRISE, value: { department: 'x' } }],
  ['a custom extension', { op: 'add', path: 'urn:example:My Company:2.0:User:Kosten-Stelle', value: '7' }],
  ['the removal of an attribute', { op: 'remove', path: 'nickName' }],
])('PATCH of %s does not concern active', (_, operation) => {
  expect(patched(operation)).toBeUndefined();
});

const INVALID = {
  invalidValue: [
    { op: 'replace', path: 'active', value: 0 },
    { op: 'replace', path: 'active', value: 'no' },
    { op: 'replace', path: 'active', value: '' },
    { op: 'replace', path: 'active', value: null },
    { op: 'replace', path: 'active', value: [] },
    { op: 'replace', path: 'active', value: [false, true] },
    { op: 'replace', path: 'active', value: {} },
    { op: 'replace', path: 'active', value: { value: false, active: true } },
    { op: 'replace', path: 'active' },
    { op: 'replace', value: { active: 'unknown' } },
    { op: 'replace', value: { [SCHEMA]: { active: 1 } } },
    { op: 'replace', value: false },
    { op: 'replace', value: '{"active":false}' },
    { op: 'replace', value: [] },
    { op: 'replace', value: ['active'] },
    { op: 'replace' },
    { op: 'remove', path: 'active', value: false },
  ],
  invalidPath: [
    { op: 'replace', path: 7, value: false },
    { op: 'replace', path: ['active'], value: false },
    { op: 'replace', path: '/active', value: false },
    { op: 'replace', path: '$.active', value: false },
    { op: 'replace', path: 'active[', value: false },
    { op: 'replace', path: '[active]', value: false },
    { op: 'replace', path: 'active eq true', value: false },
    { op: 'replace', path: 'active[value eq "True"]', value: false },
    { op: 'replace', path: 'active.state', value: false },
    { op: 'replace', path: 'emails[', value: false },
    { op: 'replace', path: 'User.active', value: false },
    { op: 'replace', path: 'urn:example:2.0:User:active', value: false },
    { op: 'remove', path: `${ENTERPRISE}:active` },
    { op: 'replace', path: 'user', value: { active: false } },
    { op: 'replace', value: { user: { active: false } } },
    { op: 'replace', value: { value: [{ active: false }] } },
    { op: 'replace', value: { [ENTERPRISE]: { active: false } } },
    { op: 'replace', value: { 'urn:example:2.0:User:active': false } },
  ],
  invalidSyntax: [
    { path: 'active', value: false },
    { op: 'disable', path: 'active', value: false },
    { op: ['replace'], path: 'active', value: false },
    { op: 'replace', path: 'displayName', Path: 'active', value: false },
    'active',
    null,
  ],
  noTarget: [{ op: 'remove' }, { op: 'remove', path: '' }, { op: 'remove', value: { active: true } }],
};

test.each(Object.entries(INVALID).flatMap(([type, list]) => list.map((operation) => [type, operation] as const)))(
  'a PATCH that is not understood is %s: %j',
  (type, operation) => {
    expect(patched(operation)).toBe(type);
    expect(patched({ op: 'replace', path: 'displayName', value: 'x' }, operation)).toBe(type);
  },
);

test.each([{}, { Operations: {} }, { Operations: [] }, { Operations: [], operations: [] }, { displayName: 'x' }])(
  'a PATCH without operations is invalidSyntax: %j',
  (body) => {
    expect(resultOf(() => activeAfterPatch(body))).toBe('invalidSyntax');
  },
);

// SCIM 1.1, section 3.3.2.
test('a PATCH of SCIM 1.1 holds the attributes themselves', () => {
  const schemas = ['urn:scim:schemas:core:1.0'];
  expect(activeAfterPatch({ schemas, active: 'false' })).toBe(false);
  expect(activeAfterPatch({ schemas, active: true })).toBe(true);
  expect(resultOf(() => activeAfterPatch({ schemas, active: 'no' }))).toBe('invalidValue');
});

test('`active` beside the operations of a PATCH counts, unless an operation sets it', () => {
  const operation = (path: string, value: unknown) => ({ op: 'replace', path, value });
  const after = (...Operations: object[]) => activeAfterPatch({ active: false, Operations });
  expect(after(operation('title', 'x'))).toBe(false);
  expect(after(operation('title', 'x'), operation('active', true))).toBe(true);
  expect(resultOf(() => activeAfterPatch({ active: 'no', Operations: [operation('title', 'x')] }))).toBe(
    'invalidValue',
  );
});

test.each<[object, unknown]>([
  [{ active: false }, false],
  [{ active: 'False' }, false],
  [{ ACTIVE: [{ value: 'False' }] }, false],
  [{ [`${SCHEMA}:active`]: false }, false],
  [{ [SCHEMA]: { active: false } }, false],
  [{ active: false, [ENTERPRISE]: { active: true } }, false],
  [{ active: true, roles: [{ active: false }] }, true],
  [{ userName: 'ann' }, undefined],
  [{ active: null }, 'invalidValue'],
  [{ active: 'disabled' }, 'invalidValue'],
  [{ [ENTERPRISE]: { active: false } }, 'invalidPath'],
])('PUT of the user %j says that active is %j', (user, active) => {
  expect(put({ schemas: [SCHEMA], ...user })).toBe(active);
});

test('an error has the form of RFC 7644, section 3.12', () => {
  const { status, headers, json } = scimErrorReply(new ScimError('invalidValue', 'active must be true or false.'));
  expect([status, headers, JSON.parse(json)]).toEqual([
    400,
    { 'content-type': 'application/scim+json' },
    {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
      status: '400',
      scimType: 'invalidValue',
      detail: 'active must be true or false.',
    },
  ]);
  const bodyOf = (error: KmsError) => JSON.parse(scimErrorReply(error).json);
  expect(bodyOf(new KmsError('KMS.0202'))).toMatchObject({ status: '400', scimType: 'invalidSyntax' });
  expect(Object.keys(bodyOf(new KmsError('APIGW.0301')))).toEqual(['schemas', 'status', 'detail']);
  const busy = scimErrorReply(new KmsError('APIGW.0308', { retryAfterSeconds: 1 }));
  expect([busy.status, busy.headers['retry-after']]).toEqual([429, '1']);
});
