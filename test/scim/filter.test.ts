/**
 * Filters. The forms are those of RFC 7644, section 3.4.2.2, that Microsoft ("Develop a SCIM endpoint") and Okta ("SCIM
 * 2.0 Protocol Reference") document.
 * Also tests: lib/scim/attribute-path.ts, lib/scim/schema.ts.
 */
import { describe, expect, test } from '@jest/globals';
import { ScimError } from '../../lib/http/scim-error.ts';
import { matchesFilter, parseFilter, requiredValue } from '../../lib/scim/filter.ts';

const CORE = 'urn:ietf:params:scim:schemas:core:2.0:User';
const EXTENSION = 'urn:ietf:params:scim:schemas:extension:kms-grants:2.0:User';

const USER = {
  id: '2819c223',
  externalId: 'Ext-7',
  userName: 'BJensen@example.com',
  displayName: 'Barbara "Babs" Jensen',
  active: true,
  name: { givenName: 'Barbara' },
  emails: [
    { value: 'bjensen@example.com', type: 'work', primary: true },
    { value: 'babs@home.example', type: 'home' },
  ],
  [EXTENSION]: { granteePrincipal: 'AbC' },
};

const matches = (filter: string) => matchesFilter(USER, parseFilter('User', filter));

function refusal(filter: string): unknown {
  try {
    parseFilter('User', filter);
    return undefined;
  } catch (error) {
    if (!(error instanceof ScimError)) throw error;
    return [error.status, error.scimType];
  }
}

describe('a filter finds a user', () => {
  test.each([
    'userName eq "bjensen@example.com"',
    'username EQ "BJENSEN@EXAMPLE.COM"',
    '  userName   eq   "bjensen@example.com"  ',
    `${CORE}:userName eq "bjensen@example.com"`,
    'externalId eq "Ext-7"',
    'id eq "2819c223"',
    'active eq true',
    'active eq "True"',
    'displayName eq "barbara \\"babs\\" jensen"',
    'name.givenName eq "barbara"',
    'emails.value eq "babs@home.example"',
    'emails eq "babs@home.example"',
    'emails[type eq "work"].value eq "bjensen@example.com"',
    'emails[type eq "work" and value eq "bjensen@example.com"]',
    'emails[type eq "home"]',
    'emails[primary eq true]',
    `${EXTENSION}:granteePrincipal eq "AbC"`,
    'userName eq "bjensen@example.com" and active eq true',
    'emails[type eq "work"].value eq "bjensen@example.com" AND externalId eq "Ext-7"',
    'name.familyName eq null',
  ])('a SCIM filter finds a user who meets it: %s', (filter) => {
    expect(matches(filter)).toBe(true);
  });
});

describe('a filter does not find a user', () => {
  test.each([
    'userName eq "bjensen"',
    'externalId eq "ext-7"',
    'id eq "2819C223"',
    'active eq false',
    'emails[type eq "home"].value eq "bjensen@example.com"',
    'emails[type eq "home" and primary eq true]',
    `${EXTENSION}:granteePrincipal eq "abc"`,
    'userName eq "bjensen@example.com" and active eq false',
    'displayName eq null',
  ])('a SCIM filter does not find a user who does not meet it: %s', (filter) => {
    expect(matches(filter)).toBe(false);
  });
});

test('a SCIM filter finds a user whose name it writes in another Unicode normalisation form', () => {
  const filter = parseFilter('User', 'userName eq "jos\u00e9"');
  expect(matchesFilter({ userName: 'Jose\u0301' }, filter)).toBe(true);
});

describe('a filter is refused as invalidFilter', () => {
  test.each([
    '',
    'userName',
    'userName eq',
    'userName eq bjensen',
    'userName eq "a" and',
    'userName eq "a" userName eq "b"',
    'userName eq "a" or userName eq "b"',
    'not (userName eq "a")',
    '(userName eq "a")',
    'userName sw "a"',
    'userName co "a"',
    'userName pr',
    'userName ne "a"',
    'meta.lastModified gt "2011-05-13T04:42:34Z"',
    'unknown eq "a"',
    '__proto__ eq "a"',
    'constructor.name eq "a"',
    'emails[type eq "work"',
    'emails[type eq "work"]]',
    'emails[emails[type eq "work"]]',
    'emails[unknown eq "work"]',
    'emails[type eq "work"].unknown eq "x"',
    'emails[].value eq "x"',
    'userName eq "a',
    'userName eq "a\\"',
    'userName eq {"a":1}',
    'userName eq "\\u12"',
    'userName matches "(a+)+$"',
    `userName eq "${'a'.repeat(1_024)}"`,
    Array.from({ length: 11 }, () => 'active eq true').join(' and '),
    '['.repeat(1_000),
    '('.repeat(1_000),
    `emails${'[type eq "x" and type eq "x"]'.repeat(20)}`,
  ])('the SCIM filter number %# is refused as invalidFilter: %s', (filter) => {
    expect(refusal(filter)).toEqual([400, 'invalidFilter']);
  });
});

test('a SCIM filter of the greatest length, which a parser with backtracking would not finish to read, is refused', () => {
  for (const filter of ['"'.repeat(1_024), '\\'.repeat(1_024), `emails[${' '.repeat(1_000)}`, 'a.'.repeat(512)]) {
    expect(refusal(filter)).toEqual([400, 'invalidFilter']);
  }
});

test('a SCIM filter that requires the value of a unique attribute is answered by one look-up', () => {
  const valueIn = (filter: string, name: string) => requiredValue(parseFilter('User', filter), name);
  expect(valueIn('active eq true and userName eq "Ann"', 'userName')).toBe('Ann');
  expect(valueIn('id eq "7"', 'id')).toBe('7');
  expect(valueIn('externalId eq "7"', 'externalId')).toBe('7');
  expect(valueIn('displayName eq "7"', 'userName')).toBeUndefined();
  expect(valueIn('emails.value eq "7"', 'userName')).toBeUndefined();
  expect(valueIn('externalId eq null', 'externalId')).toBeUndefined();
});
