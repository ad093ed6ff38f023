import { expect, test } from '@jest/globals';
import { loggedPath } from '../lib/logger.ts';

test.each([
  ['/', '/'],
  ['', ''],
  ['/v1.0/134c80bd94050599af4de75add576f7f/kms/list-grants', '/v1.0/134c80bd94050599af4de75add576f7f/kms/list-grants'],
  ['/a\nb\r\u0000\u001b[31m', '/a\\u000ab\\u000d\\u0000\\u001b[31m'],
  ['/\u007f\u009b\u2028\u202e', '/\\u007f\\u009b\\u2028\\u202e'],
  [`/hooks/${'s3cret-Token'.repeat(4)}/x`, '/hooks/s3cret-T.../x'],
])('the path %j is logged as %j', (path, logged) => {
  expect(loggedPath(path)).toBe(logged);
});

test('a long path is cut', () => {
  expect(loggedPath('/ab'.repeat(10_000))).toBe('/ab'.repeat(86).slice(0, 256));
});
