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
  ])('%s returns these, and always id and schemas', (names, expected) => {
    expect(chosen(`attributes=${encodeURIComponent(names)}`)).toEqual({ schemas, id, ...expected });
  });

  test.each<[string, string[]]>([
    ['userName', ['userName']],
    ['id,schemas', []],
    [`meta,${EXTENSION}`, [EXTENSION, 'meta']],
  ])('excludedAttributes %s leaves these out, and never id and schemas', (names, expected) => {
    const result = chosen(`excludedAttributes=${encodeURIComponent(names)}`);
    expect(Object.keys(USER).filter((name) => !(name in result))).toEqual(expected);
  });

  test('excludedAttributes leaves out a part of an attribute', () => {
    expect(chosen('excludedAttributes=name.givenName,emails.type')).toEqual({
      ...USER,
      name: { familyName: 'Bee' },
      emails: [{ value: 'a@x.org' }, { value: 'b@x.org' }],
    });
  });

  test('both parameters at once, and too many names, are refused', () => {
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
  ])('%j means startIndex %i and count %i', (query, startIndex, count) => {
    expect(queryOf(query)).toMatchObject({ startIndex, count });
  });

  test.each(['startIndex=x', 'count=1.5', 'count=1e3', 'startIndex=9999999999'])('%s is refused', (query) => {
    expect(refusal(() => queryOf(query))).toEqual([400, 'invalidValue']);
  });

  test('a search has the same parameters in its body', () => {
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
  test('versions of users and groups are weak entity tags', () => {
    expect(etagOf(stored)).toBe('W/"7"');
  });

  test.each(['W/"7"', '"7"', '*', '"6", W/"7"', undefined])('If-Match %s allows the change of version 7', (header) => {
    expect(refusal(() => assertIfMatch({ 'if-match': header }, stored))).toBeUndefined();
  });

  test.each(['W/"6"', '7', '', '"7x"'])('If-Match %j refuses the change of version 7', (header) => {
    expect(refusal(() => assertIfMatch({ 'if-match': header }, stored))).toEqual([412, undefined]);
  });

  test('If-None-Match of the version that the client has is recognised', () => {
    expect(isNotModified({ 'if-none-match': 'W/"7"' }, stored)).toBe(true);
    expect(isNotModified({ 'if-none-match': 'W/"6"' }, stored)).toBe(false);
    expect(isNotModified({}, stored)).toBe(false);
  });
});
