import { expect, test } from '@jest/globals';
import { formatJson, parseJson } from '../../lib/util/json.ts';

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
