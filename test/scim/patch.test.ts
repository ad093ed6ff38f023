/**
 * Changes of attributes. The requests have the forms that Microsoft ("Known issues and resolutions with SCIM 2.0
 * protocol compliance of the Microsoft Entra user provisioning service"), Okta ("SCIM 2.0 Protocol Reference") and
 * RFC 7644, section 3.5.2, document.
 * Also tests: lib/scim/attribute-value.ts, lib/scim/attribute-change.ts, lib/scim/wire.ts.
 */
import { describe, expect, test } from '@jest/globals';
import { ScimError } from '../../lib/http/scim-error.ts';
import { attributesIn, patched } from '../../lib/scim/patch.ts';

const CORE = 'urn:ietf:params:scim:schemas:core:2.0:User';
const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const EXTENSION = 'urn:ietf:params:scim:schemas:extension:kms-grants:2.0:User';

const USER = {
  userName: 'bjensen',
  externalId: 'Ext-7',
  name: { givenName: 'Barbara', familyName: 'Jensen' },
  emails: [
    { value: 'bjensen@example.com', type: 'work', primary: true },
    { value: 'babs@home.example', type: 'home' },
  ],
};

/** An object in an object and so on, each the value of the key. */
function nested(key: string, depth: number): object {
  let value: object = { userName: 'x' };
  for (let level = 0; level < depth; level += 1) value = { [key]: value };
  return value;
}

const patch = (...Operations: unknown[]) => patched('User', USER, { Operations });

function refusal(change: () => unknown): unknown {
  try {
    return change();
  } catch (error) {
    if (!(error instanceof ScimError)) throw error;
    return error.scimType;
  }
}

describe('a PATCH of a user', () => {
  test.each<[string, object, object]>([
    ['with a path', { op: 'Replace', path: 'userName', value: 'babs' }, { ...USER, userName: 'babs' }],
    [
      'with the path of a part',
      { op: 'Add', path: 'name.formatted', value: 'B J' },
      { ...USER, name: { ...USER.name, formatted: 'B J' } },
    ],
    [
      'with the name in another case',
      { op: 'replace', path: 'USERNAME', value: 'babs' },
      { ...USER, userName: 'babs' },
    ],
    [
      'with the URN in the path',
      { op: 'replace', path: `${CORE}:name.givenName`, value: 'B' },
      { ...USER, name: { givenName: 'B', familyName: 'Jensen' } },
    ],
    [
      'without a path',
      { op: 'replace', value: { userName: 'babs', displayName: 'B' } },
      { ...USER, userName: 'babs', displayName: 'B' },
    ],
    [
      'without a path and with dotted keys',
      { op: 'replace', value: { 'name.givenName': 'B', externalId: '8' } },
      { ...USER, externalId: '8', name: { givenName: 'B', familyName: 'Jensen' } },
    ],
    [
      'without a path and with the URN of an attribute',
      { op: 'add', value: { [`${EXTENSION}:granteePrincipal`]: 'abc' } },
      { ...USER, [EXTENSION]: { granteePrincipal: 'abc' } },
    ],
    [
      'without a path and with the URN of a schema',
      { op: 'add', value: { [EXTENSION]: { granteePrincipal: 'abc' } } },
      { ...USER, [EXTENSION]: { granteePrincipal: 'abc' } },
    ],
    [
      'with the path of an extension attribute',
      { op: 'Add', path: `${EXTENSION}:granteePrincipal`, value: 'abc' },
      { ...USER, [EXTENSION]: { granteePrincipal: 'abc' } },
    ],
    [
      'with the path of an extension',
      { op: 'add', path: EXTENSION, value: { granteePrincipal: 'abc' } },
      { ...USER, [EXTENSION]: { granteePrincipal: 'abc' } },
    ],
    [
      'that merges a complex attribute',
      { op: 'replace', path: 'name', value: { givenName: 'B' } },
      { ...USER, name: { givenName: 'B', familyName: 'Jensen' } },
    ],
    [
      'that replaces the work address',
      { op: 'Replace', path: 'emails[type eq "work"].value', value: 'b@example.com' },
      { ...USER, emails: [{ ...USER.emails[0], value: 'b@example.com' }, USER.emails[1]] },
    ],
    [
      'that adds an address which no filter finds',
      { op: 'Add', path: 'emails[type eq "other"].value', value: 'b@x.org' },
      { ...USER, emails: [...USER.emails, { type: 'other', value: 'b@x.org' }] },
    ],
    [
      'that adds an address',
      { op: 'add', path: 'emails', value: [{ value: 'b@x.org', primary: 'True' }] },
      { ...USER, emails: [{ ...USER.emails[0], primary: false }, USER.emails[1], { value: 'b@x.org', primary: true }] },
    ],
    ['that adds the same address again', { op: 'add', path: 'emails', value: [USER.emails[0]] }, USER],
    [
      'that replaces all addresses',
      { op: 'replace', path: 'emails', value: [{ value: 'b@x.org' }] },
      { ...USER, emails: [{ value: 'b@x.org' }] },
    ],
    [
      'that removes the home address',
      { op: 'remove', path: 'emails[type eq "home"]' },
      { ...USER, emails: [USER.emails[0]] },
    ],
    [
      'that removes the value of the home address',
      { op: 'Remove', path: 'emails[type eq "home"].value' },
      { ...USER, emails: [USER.emails[0]] },
    ],
    [
      'that removes the external id',
      { op: 'remove', path: 'externalId' },
      { userName: 'bjensen', name: USER.name, emails: USER.emails },
    ],
    [
      'that sets the external id to null',
      { op: 'replace', path: 'externalId', value: null },
      { userName: 'bjensen', name: USER.name, emails: USER.emails },
    ],
    [
      'of an attribute that this service does not have',
      { op: 'Add', path: `${ENTERPRISE}:department`, value: 'x' },
      USER,
    ],
    ['of an attribute with an unknown part', { op: 'add', path: 'name.middleName', value: 'x' }, USER],
    ['of read-only attributes', { op: 'replace', value: { id: 'x', meta: {}, schemas: [] } }, USER],
    ['of active, which another module reads', { op: 'replace', value: { active: false } }, USER],
    [
      'with names of members in another case',
      { OP: 'replace', Path: 'userName', VALUE: 'babs' },
      { ...USER, userName: 'babs' },
    ],
    [
      'with a value as the only one of a list',
      { op: 'replace', path: 'userName', value: [{ $ref: null, value: 'babs' }] },
      { ...USER, userName: 'babs' },
    ],
  ])('a PATCH of a user %s has the effect that RFC 7644 or the client wants', (_, operation, expected) => {
    expect(patch(operation)).toEqual(expected);
  });
});

test('an address that becomes primary takes that from another one, whatever their order', () => {
  const primaryOf = (path: string) =>
    (patch({ op: 'replace', path, value: true })['emails'] as { primary?: boolean }[]).map(({ primary }) => primary);
  expect(primaryOf('emails[type eq "home"].primary')).toEqual([false, true]);
  const reversed = { ...USER, emails: USER.emails.toReversed() };
  const operation = { op: 'replace', path: 'emails[type eq "home"].primary', value: true };
  expect(patched('User', reversed, { Operations: [operation] })).toMatchObject({
    emails: [
      { type: 'home', primary: true },
      { type: 'work', primary: false },
    ],
  });
});

test('a member of a group is refused if its id is too long, or has other characters than letters, digits and a few signs', () => {
  for (const value of ['é', 'a b', '', 'x'.repeat(65), '"']) {
    const body = { displayName: 'Staff', members: [{ value }] };
    expect(refusal(() => attributesIn('Group', body))).toBe('invalidValue');
  }
});

test('the operations of a PATCH apply in their order', () => {
  const to = (value: string) => ({ op: 'replace', path: 'userName', value });
  expect(patch(to('a'), to('b'))).toMatchObject({ userName: 'b' });
  expect(
    patch({ op: 'remove', path: 'emails' }, { op: 'add', path: 'emails', value: { value: 'x@y.z' } }),
  ).toMatchObject({
    emails: [{ value: 'x@y.z' }],
  });
});

describe('the members of a group', () => {
  const group = { displayName: 'Staff', members: [{ value: '1' }, { value: '2' }] };
  test.each<[string, object, string[]]>([
    ['are added', { op: 'Add', path: 'members', value: [{ value: '3' }, { $ref: null, value: '2' }] }, ['1', '2', '3']],
    ['are added one by one', { op: 'add', path: 'members', value: { value: '3', display: 'x' } }, ['1', '2', '3']],
    ['are removed by value', { op: 'Remove', path: 'members', value: [{ $ref: null, value: '1' }] }, ['2']],
    ['are removed by a filter', { op: 'remove', path: 'members[value eq "1"]' }, ['2']],
    ['are replaced', { op: 'replace', path: 'members', value: [{ value: '9' }] }, ['9']],
    [
      'are replaced without a path',
      { op: 'replace', value: { id: 'x', displayName: 'Staff', members: [{ value: '9' }] } },
      ['9'],
    ],
    ['are all removed', { op: 'remove', path: 'members' }, []],
    [
      'stay when nobody of the list is a member',
      { op: 'remove', path: 'members', value: [{ value: '7' }] },
      ['1', '2'],
    ],
  ])('the members of a group %s', (_, operation, expected) => {
    const { members = [] } = patched('Group', group, { Operations: [operation] });
    expect((members as { value: string }[]).map(({ value }) => value)).toEqual(expected);
  });
});

test('a PATCH that adds a member to a group of 5,000 is refused', () => {
  const members = Array.from({ length: 5_000 }, (_, n) => ({ value: String(n) }));
  const add = { op: 'add', path: 'members', value: [{ value: 'one-more' }] };
  expect(refusal(() => patched('Group', { displayName: 'Staff', members }, { Operations: [add] }))).toBe(
    'invalidValue',
  );
});

test.each<[string, unknown]>([
  ['invalidSyntax', 'active'],
  ['invalidSyntax', { path: 'userName', value: 'x' }],
  ['invalidSyntax', { op: 'move', path: 'userName', value: 'x' }],
  ['invalidPath', { op: 'replace', path: 7, value: 'x' }],
  ['invalidPath', { op: 'replace', path: 'x'.repeat(1_025), value: 'x' }],
  ['invalidPath', { op: 'replace', path: 'emails[type eq "work"', value: 'x' }],
  ['invalidPath', { op: 'replace', path: 'emails[type eq "work"]value', value: 'x' }],
  ['invalidPath', { op: 'replace', path: 'name[givenName eq "x"]', value: 'x' }],
  ['invalidFilter', { op: 'replace', path: 'emails[type sw "work"].value', value: 'x' }],
  ['invalidFilter', { op: 'replace', path: 'emails[].value', value: 'x' }],
  ['invalidFilter', { op: 'remove', path: 'emails[[type eq "work"]]' }],
  ['invalidValue', { op: 'replace', value: 'x' }],
  ['invalidValue', { op: 'replace', value: [] }],
  ['invalidValue', { op: 'replace', path: 'userName', value: 7 }],
  ['invalidValue', { op: 'replace', path: 'userName', value: { a: 1 } }],
  ['invalidValue', { op: 'replace', path: 'userName', value: 'x'.repeat(257) }],
  ['invalidValue', { op: 'replace', path: 'userName', value: 'a\u0000b' }],
  ['invalidValue', { op: 'replace', path: 'userName', value: 'a\ud800' }],
  ['invalidValue', { op: 'replace', path: 'name', value: 'x' }],
  ['invalidValue', { op: 'add', path: 'emails', value: [7] }],
  ['invalidValue', { op: 'add', path: 'emails', value: [{ value: 'x', primary: 'perhaps' }] }],
  ['invalidValue', { op: 'add', path: 'emails', value: Array.from({ length: 21 }, (_, n) => ({ value: `${n}` })) }],
  ['invalidValue', { op: 'add', value: Object.fromEntries(Array.from({ length: 201 }, (_, n) => [`a${n}`, 'x'])) }],
  // The user has two already, and 20 is the limit.
  ['invalidValue', { op: 'add', path: 'emails', value: Array.from({ length: 19 }, (_, n) => ({ value: `${n}` })) }],
  ['invalidValue', { op: 'replace', path: 'emails[value eq 5].type', value: 'work' }],
  ['invalidValue', { op: 'replace', path: 'emails[type eq true].value', value: 'x@y.z' }],
  ['invalidValue', { op: 'add', path: EXTENSION, value: 'x' }],
  ['noTarget', { op: 'remove' }],
])('a PATCH is refused as %s: %j', (type, operation) => {
  expect(refusal(() => patch(operation))).toBe(type);
  // With isLenient, an operation that is refused does not stop the others.
  const rename = { op: 'replace', path: 'displayName', value: 'x' };
  const lenient = patched('User', USER, { Operations: [operation, rename] }, { isLenient: true });
  expect(lenient).toEqual({ ...USER, displayName: 'x' });
});

test.each([
  ['the schema as key', nested(CORE, 10_000)],
  ['the schema and a colon as key', nested(`${CORE}:`, 10_000)],
  ['an empty key in the extension', { [EXTENSION]: nested('', 10_000) }],
])('objects that are nested in each other very often are refused: %s', (_, value) => {
  expect(refusal(() => patch({ op: 'replace', value }))).toBe('invalidValue');
  expect(refusal(() => attributesIn('User', { userName: 'x', ...value }))).toBe('invalidValue');
});

test.each([[[]], [{}], [Array.from({ length: 101 }, () => ({ op: 'remove', path: 'name' }))]])(
  'Operations must be a list of 1 to 100',
  (Operations) => {
    expect(refusal(() => patched('User', USER, { Operations }))).toBe('invalidSyntax');
  },
);

test('a whole user is read with names in any case, URNs and the schema as key; what is unknown is left out', () => {
  const body = {
    schemas: [CORE],
    id: 'x',
    USERNAME: 'ann',
    [`${CORE}:externalId`]: '7',
    [CORE]: { displayName: 'Ann' },
    [EXTENSION]: { GranteePrincipal: 'abc' },
    [ENTERPRISE]: { department: 'x' },
    title: 'x',
    password: 'secret',
    emails: [{ value: 'a@x.org', type: 'work' }, {}],
    name: { middleName: 'x' },
  };
  expect(attributesIn('User', body)).toEqual({
    userName: 'ann',
    externalId: '7',
    displayName: 'Ann',
    [EXTENSION]: { granteePrincipal: 'abc' },
    emails: [{ value: 'a@x.org', type: 'work' }],
  });
});
