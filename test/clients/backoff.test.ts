import { expect, test } from '@jest/globals';
import { backoffMs, retryAfterSeconds } from '../../lib/clients/backoff.ts';

const many = (tries: number) => Array.from({ length: 500 }, () => backoffMs(tries));

test.each([
  [1, 100],
  [2, 200],
  [3, 400],
  [4, 800],
])('after %i tries the pause is anywhere from nothing to %i ms', (tries, longestMs) => {
  const pauses = many(tries);
  expect(Math.max(...pauses)).toBeLessThanOrEqual(longestMs);
  expect(Math.max(...pauses)).toBeGreaterThan(longestMs * 0.9);
  expect(Math.min(...pauses)).toBeLessThan(longestMs * 0.1);
});

test('it is never shorter than the other side asks for', () => {
  expect(backoffMs(1, 3)).toBe(3000);
});

const NOW_MS = Date.parse('2026-11-22T12:00:00Z');
test.each<[string, number | undefined]>([
  ['0', 0],
  ['120', 120],
  [' 5 ', 5],
  ['Sun, 22 Nov 2026 12:00:30 GMT', 30],
  ['Sun, 22 Nov 2026 11:00:00 GMT', 0],
  ['soon', undefined],
  ['-1', undefined],
  ['1.5', undefined],
  ['99999999999', 3600],
  ['Fri, 31 Dec 9999 23:59:59 GMT', 3600],
  ['2026-11-22', undefined],
  ['', undefined],
])('Retry-After: %j is %p seconds', (value, seconds) => {
  expect(retryAfterSeconds(new Headers({ 'retry-after': value }), NOW_MS)).toBe(seconds);
});

test('without the header there is nothing to wait for', () => {
  expect(retryAfterSeconds(new Headers(), NOW_MS)).toBeUndefined();
});
