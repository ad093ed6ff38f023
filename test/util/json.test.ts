import { expect, test } from '@jest/globals';
import { formatJson, parseJson, textOf } from '../../lib/util/json.ts';

test.each([
  ['{"key_id":"a"}', { key_id: 'a' }],
  ['null', null],
  ['', undefined],
  ['{"key_id":', undefined],
  ['<html></html>', undefined],
])('the text %j is read as %j; text that is not JSON as undefined', (text, value) => {
  expect(parseJson(text)).toEqual(value);
});

test('a value that is nested too deeply to be written as JSON is undefined', () => {
  expect(formatJson({ key_id: ['a', null] })).toBe('{"key_id":["a",null]}');
  expect(formatJson(parseJson(`${'['.repeat(100_000)}${']'.repeat(100_000)}`))).toBeUndefined();
});

test.each<[unknown, string]>([
  ['204', '204'],
  [204, '204'],
  [false, 'false'],
  [null, ''],
  [undefined, ''],
  [['204'], ''],
  // An object for which String() throws a TypeError.
  [{ toString: 1 }, ''],
])('the text of the value %j is %j', (value, text) => {
  expect(textOf(value)).toBe(text);
});
