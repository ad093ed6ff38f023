import { expect, test } from '@jest/globals';
import { CONTROL, PRINTABLE_ASCII, UNPRINTABLE, VISIBLE_ASCII } from '../../lib/domain/characters.ts';

const isIn = (set: string, code: number) => new RegExp(`^[${set}]$`, 'u').test(String.fromCodePoint(code));
const codesIn = (set: string, end: number) =>
  Array.from({ length: end }, (_, code) => code).filter((c) => isIn(set, c));

/** Source: Unicode 16, UnicodeData.txt, general categories. */
test('visible ASCII is ! to ~, and printable ASCII has the space too', () => {
  const visible = Array.from({ length: 94 }, (_, index) => 0x21 + index);
  expect(codesIn(VISIBLE_ASCII, 0x300)).toEqual(visible);
  expect(codesIn(PRINTABLE_ASCII, 0x300)).toEqual([0x20, ...visible]);
});

test('control characters are those of C0 and C1, and the line and paragraph separators', () => {
  const c0 = Array.from({ length: 0x20 }, (_, code) => code);
  const c1 = Array.from({ length: 0x21 }, (_, index) => 0x7f + index);
  expect(codesIn(CONTROL, 0x3000)).toEqual([...c0, ...c1, 0x2028, 0x2029]);
});

test.each([
  ['a zero-width joiner', 0x200d],
  ['a private-use character', 0xe000],
  ['an unassigned code point', 0x0378],
  ['a lone surrogate', 0xd800],
  ['a line separator', 0x2028],
])('%s is unprintable, and no control character unless it separates lines', (_, code) => {
  expect([isIn(UNPRINTABLE, code), isIn(CONTROL, code)]).toEqual([true, code === 0x2028]);
});
