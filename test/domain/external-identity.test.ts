/** Source of the forms: Unicode Standard Annex 15, "Unicode Normalization Forms", figure 3 and section 1.2. */
import { expect, test } from '@jest/globals';
import { foldIdentity, isSameIdentity, normalizeIdentity } from '../../lib/domain/external-identity.ts';

test.each([
  ['jose\u0301@example.com', 'jos\u00e9@example.com'],
  ['JOSE\u0301@Example.COM', 'jos\u00e9@example.com'],
  ['Ann@Example.com', 'ann@example.com'],
  ['\u212bngstrom', '\u00c5ngstrom'],
  ['s\u0323\u0307', '\u1e69'],
  ['00uAnn', '00uAnn'],
  // A person acts by an identity of chat, so it is kept as it is.
  ['bot:acme:Ann@Example.com', 'bot:acme:Ann@Example.com'],
  ['slack:T1:U\u212b', 'slack:T1:U\u212b'],
])('the identity %j is held as %j', (identity, expected) => {
  expect(normalizeIdentity(identity)).toBe(expected);
});

test.each([
  ['jos\u00e9@example.com', 'jose\u0301@example.com', true, true],
  ['ann@example.com', 'ANN@example.COM', true, true],
  ['00uann', '00uANN', false, true],
  ['bjensen', 'BJensen', false, true],
  ['JOSE\u0301', 'jos\u00e9', false, true],
  ['jose', 'jos\u00e9', false, false],
  // A letter of its own in Turkish: \u0131 is no i.
  ['\u0131smail@example.com', 'ismail@example.com', false, false],
  ['\uff41nn', 'ann', false, false],
])('%j and %j: the same %s, and %s where case is ignored', (one, other, isSame, isSameWithoutCase) => {
  expect(isSameIdentity(one, other, false)).toBe(isSame);
  expect(isSameIdentity(one, other, true)).toBe(isSameWithoutCase);
  expect(foldIdentity(one) === foldIdentity(other)).toBe(isSameWithoutCase);
});
