import { expect, test } from '@jest/globals';
import { pageCache } from '../../../lib/authority/standalone/page-cache.ts';
import { testKey } from '../../contract/fixtures.ts';

const page = (json: string) => ({ json, total: 1 });
const key = testKey(1, { revision: 7 });
const first = { limit: 10 };

test('a cached page is returned only for the revision of the key at which it was stored', () => {
  const cache = pageCache(1000);
  cache.put(key, {}, first, page('[1]'));
  expect(cache.get(key, {}, first)).toEqual(page('[1]'));
  expect(cache.get({ ...key, revision: 8 }, {}, first)).toBeUndefined();
  expect(cache.get({ ...key, revision: 6 }, {}, first)).toBeUndefined();
});

test('a cached page is not returned for another key, filter, limit, marker or offset', () => {
  const cache = pageCache(1000);
  cache.put(key, {}, first, page('[1]'));
  expect(cache.get(testKey(2, { revision: 7 }), {}, first)).toBeUndefined();
  expect(cache.get(key, { grantee: 'someone' }, first)).toBeUndefined();
  expect(cache.get(key, {}, { limit: 11 })).toBeUndefined();
  expect(cache.get(key, {}, { limit: 10, after: 'f'.repeat(64) })).toBeUndefined();
  expect(cache.get(key, {}, { limit: 10, offset: 1 })).toBeUndefined();
});

test('the page of a newer revision replaces the older one', () => {
  const cache = pageCache(1000);
  cache.put(key, {}, first, page('[1]'));
  cache.put({ ...key, revision: 8 }, {}, first, page('[2]'));
  expect(cache.get(key, {}, first)).toBeUndefined();
  expect(cache.get({ ...key, revision: 8 }, {}, first)).toEqual(page('[2]'));
});

test('when the cache exceeds its bound, the least recently used page is dropped first', () => {
  const cache = pageCache(2600);
  const isCached = (limit: number) => cache.get(key, {}, { limit }) !== undefined;
  for (const limit of [1, 2]) cache.put(key, {}, { limit }, page('x'.repeat(1000)));
  expect(isCached(1)).toBe(true);
  cache.put(key, {}, { limit: 3 }, page('x'.repeat(1000)));
  expect([isCached(1), isCached(2), isCached(3)]).toEqual([true, false, true]);
});

test('empty pages count towards the bound: a caller that sends ever new filters cannot fill the memory', () => {
  const cache = pageCache(10_000);
  for (let n = 0; n < 10_000; n += 1) cache.put(key, { grantee: `grantee${n}` }, first, page('[]'));
  const cached = Array.from({ length: 10_000 }, (_, n) => cache.get(key, { grantee: `grantee${n}` }, first));
  expect(cached.filter((entry) => entry !== undefined).length).toBeLessThan(1000);
});
