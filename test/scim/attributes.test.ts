/**
 * The parameters of requests that read. Source: RFC 7644, sections 3.4.2.4, 3.9 and 3.14.
 * Also tests: lib/scim/query.ts, lib/scim/etag.ts.
 */
import { describe, expect, test } from '@jest/globals';
import { ScimError } from '../../lib/http/scim-error.ts';
import { selectAttributes } from '../../lib/scim/attributes.ts';
import { assertIfMatch, etagOf, isNotModified } from '../../lib/scim/etag.ts';
import { queryOf, searchOf } from '../../lib/scim/query.ts';

const CORE = 'urn:ietf:params:scim:schemas:core:2.0:User';
const EXTENSION = 'urn:ietf:params:scim:schemas:extension:kms-grants:2.0:User';
const USER = {
  schemas: [CORE, EXTENSION],
  id: '7',
  userName: 'ann',
  name: { givenName: 'Ann', familyName: 'Bee' },
  emails: [
    { value: 'a@x.org', type: 'work' },
    { value: 'b@x.org', type: 'home' },
  ],
  [EXTENSION]: { granteePrincipal: 'abc' },
  meta: { resourceType: 'User', location: 'http://x' },
};
const { schemas, id } = USER;

const chosen = (query: string) => selectAttributes('User', USER, queryOf(query).selection);

function refusal(read: () => unknown): unknown {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ScimError)) throw error;
    return [error.status, error.scimType];
  }
}

describe('attributes', () => {
  test.each<[string, object]>([
    ['userName', { userName: 'ann' }],
    ['USERNAME, name.givenName', { userName: 'ann', name: { givenName: 'Ann' } }],
    ['name.givenName,name.familyName', { name: USER.name }],
    ['emails.value', { emails: [{ value: 'a@x.org' }, { value: 'b@x.org' }] }],
    ['emails.value,emails.type', { emails: USER.emails }],
    [`${CORE}:userName`, { userName: 'ann' }],
    [`${EXTENSION}:granteePrincipal`, { [EXTENSION]: { granteePrincipal: 'abc' } }],
    [EXTENSION, { [EXTENSION]: { granteePrincipal: 'abc' } }],
    ['meta.location', { meta: { location: 'http://x' } }],
    ['meta', { meta: USER.meta }],
    ['id,unknown,__proto__,displayName', {}],
  ])('the SCIM parameter attributes=%s returns the named attributes, and always id and schemas', (names, expected) => {
    expect(chosen(`attributes=${encodeURIComponent(names)}`)).toEqual({ schemas, id, ...expected });
  });

  test.each<[string, string[]]>([
    ['userName', ['userName']],
    ['id,schemas', []],
    [`meta,${EXTENSION}`, [EXTENSION, 'meta']],
  ])(
    'the SCIM parameter excludedAttributes=%s removes the named attributes from the reply, and never id and schemas',
    (names, expected) => {
      const result = chosen(`excludedAttributes=${encodeURIComponent(names)}`);
      expect(Object.keys(USER).filter((name) => !(name in result))).toEqual(expected);
    },
  );

  test('the SCIM parameter excludedAttributes can remove one part of an attribute, such as the given name', () => {
    expect(chosen('excludedAttributes=name.givenName,emails.type')).toEqual({
      ...USER,
      name: { familyName: 'Bee' },
      emails: [{ value: 'a@x.org' }, { value: 'b@x.org' }],
    });
  });

  test('a SCIM request with attributes and excludedAttributes at once, or with too many names in one, is refused', () => {
    expect(refusal(() => queryOf('attributes=a&excludedAttributes=b'))).toEqual([400, 'invalidValue']);
    expect(refusal(() => queryOf(`attributes=${'a,'.repeat(100)}`))).toEqual([400, 'invalidValue']);
  });
});

describe('paging', () => {
  test.each([
    ['', 1, 100],
    ['startIndex=3&count=2', 3, 2],
    ['startIndex=0&count=-1', 1, 0],
    ['startIndex=-5&count=0', 1, 0],
    ['count=100000', 1, 200],
    ['STARTINDEX=2&Count=1', 2, 1],
    ['startIndex=&count=', 1, 100],
    ['aadOptscim062020', 1, 100],
  ])('the SCIM list parameters %j mean startIndex %i and count %i', (query, startIndex, count) => {
    expect(queryOf(query)).toMatchObject({ startIndex, count });
  });

  test.each(['startIndex=x', 'count=1.5', 'count=1e3', 'startIndex=9999999999'])(
    'the SCIM list parameter %s is refused',
    (query) => {
      expect(refusal(() => queryOf(query))).toEqual([400, 'invalidValue']);
    },
  );

  test('a SCIM search by POST reads from its body the parameters that a list has in its URL', () => {
    expect(searchOf({ filter: 'x', startIndex: 2, count: 1, attributes: ['userName'] })).toEqual({
      filter: 'x',
      startIndex: 2,
      count: 1,
      selection: { attributes: ['userName'], excludedAttributes: undefined },
    });
    expect(refusal(() => searchOf({ filter: 7 }))).toEqual([400, 'invalidFilter']);
    expect(refusal(() => searchOf({ count: 'x' }))).toEqual([400, 'invalidValue']);
    expect(refusal(() => searchOf({ attributes: 'userName' }))).toEqual([400, 'invalidValue']);
  });
});

describe('versions', () => {
  const stored = { version: 7 };
  test('the version of a user or group is sent as a weak entity tag', () => {
    expect(etagOf(stored)).toBe('W/"7"');
  });

  test.each(['W/"7"', '"7"', '*', '"6", W/"7"', undefined])(
    'the header If-Match %s allows a change of a user who has version 7',
    (header) => {
      expect(refusal(() => assertIfMatch({ 'if-match': header }, stored))).toBeUndefined();
    },
  );

  test.each(['W/"6"', '7', '', '"7x"'])(
    'the header If-Match %j refuses a change of a user who has version 7',
    (header) => {
      expect(refusal(() => assertIfMatch({ 'if-match': header }, stored))).toEqual([412, undefined]);
    },
  );

  test('If-None-Match with the current version says that the client has it, with another version that it has not', () => {
    expect(isNotModified({ 'if-none-match': 'W/"7"' }, stored)).toBe(true);
    expect(isNotModified({ 'if-none-match': 'W/"6"' }, stored)).toBe(false);
    expect(isNotModified({}, stored)).toBe(false);
  });
});
