import { expect, test } from '@jest/globals';
import { printable } from '../../lib/util/printable.ts';

test.each([
  ['left the company', 'left the company'],
  ['für 密钥 \u{1f511}', 'für 密钥 \u{1f511}'],
  ['two\r\nlines\n', 'two lines'],
  ['a\u2028b\tc', 'a b c'],
  // A woman, a zero-width joiner and a laptop: one emoji.
  ['\u{1f469}\u200d\u{1f4bb}', '\u{1f469}\u{1f4bb}'],
  ['a\u202eb\ufeffc', 'abc'],
  ['\u0000\u001b[31m', '??[31m'],
  ['a\ud83d', 'a?'],
  // 20 characters of two UTF-16 units each.
  ['\u{1f511}'.repeat(21), '\u{1f511}'.repeat(20)],
  [' \n ', ''],
])('%j becomes %j', (text, expected) => {
  expect(printable(text, 20)).toBe(expected);
});
