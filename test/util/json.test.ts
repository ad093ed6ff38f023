import { expect, test } from '@jest/globals';
import { parseJson } from '../../lib/util/json.ts';

test.each([
  ['{"key_id":"a"}', { key_id: 'a' }],
  ['null', null],
  ['', undefined],
  ['{"key_id":', undefined],
  ['<html></html>', undefined],
])('the text %j is read as %j; text that is not JSON as undefined', (text, value) => {
  expect(parseJson(text)).toEqual(value);
});
