import { expect, test } from '@jest/globals';
import { formatRows } from '../../../local/admin/table.ts';

test('a row is one line for each field, and several rows are a table', () => {
  expect(formatRows({ user: 'ann', active: true, none: undefined })).toBe('user    ann\nactive  yes\nnone    -');
  expect(
    formatRows([
      { id: 1, names: ['a', 'b'] },
      { id: 22, names: [] },
    ]),
  ).toBe('id  names\n1   a, b\n22');
});

test('what another system has sent cannot control the terminal: such characters are shown as their code', () => {
  // ESC begins a command of a terminal, U+009B is its form in one character, and U+202E turns the direction of text.
  const tasks = [{ payload: 'a\u001b[2Jb\u009b0mc\u202ed\ne\u{e0041}' }];
  expect(formatRows({ tasks })).toBe(String.raw`tasks  payload: a\u{1b}[2Jb\u{9b}0mc\u{202e}d\u{a}e\u{e0041}`);
});
