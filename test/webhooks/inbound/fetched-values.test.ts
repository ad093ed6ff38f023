/** The limits and the cache of values at URLs. Its use for keys: github-key-lists.test.ts. */
import { beforeEach, expect, test } from '@jest/globals';
import { fetchedValues } from '../../../lib/webhooks/inbound/fetched-values.ts';

const MINUTE = 60_000;
const LIMITS = { maxAgeMs: 60 * MINUTE, intervalMs: MINUTE, urlsMax: 4, newUrlsMax: 3 };

let requested: string[];
let isAvailable: (url: string) => boolean;
beforeEach(() => {
  requested = [];
  isAvailable = () => true;
});

async function fetchValue(url: string): Promise<string> {
  requested.push(url);
  if (!isAvailable(url)) throw new Error('unavailable');
  return `value of ${url}`;
}

test('a value is requested once until it is too old, also by lookups at the same time', async () => {
  const valueAt = fetchedValues(fetchValue, LIMITS);
  expect(await Promise.all([valueAt('a', 0), valueAt('a', 0)])).toEqual(['value of a', 'value of a']);
  expect(await valueAt('a', 60 * MINUTE - 1)).toBe('value of a');
  expect(requested).toEqual(['a']);
  await valueAt('a', 60 * MINUTE);
  expect(requested).toEqual(['a', 'a']);
});

test('a failed request is not repeated within a minute', async () => {
  const valueAt = fetchedValues(fetchValue, LIMITS);
  isAvailable = () => false;
  await expect(valueAt('a', 0)).rejects.toThrow('unavailable');
  expect(await valueAt('a', MINUTE - 1)).toBeUndefined();
  expect(requested).toEqual(['a']);
  isAvailable = () => true;
  expect(await valueAt('a', MINUTE)).toBe('value of a');
});

test('an old value is used while its URL cannot be requested', async () => {
  const valueAt = fetchedValues(fetchValue, LIMITS);
  await valueAt('a', 0);
  isAvailable = () => false;
  expect(await valueAt('a', 2 * 60 * MINUTE)).toBe('value of a');
});

test('new URLs cause a limited number of requests in a minute, and a cached value is not affected', async () => {
  const valueAt = fetchedValues(fetchValue, LIMITS);
  await valueAt('known', -MINUTE);
  isAvailable = (url) => url === 'known' || url === 'right';
  const lookups = await Promise.allSettled(['w1', 'w2', 'w3', 'w4', 'w5'].map((url) => valueAt(url, 1)));
  expect(requested).toEqual(['known', 'w1', 'w2', 'w3']);
  expect(lookups.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected', 'fulfilled', 'fulfilled']);
  expect(await valueAt('known', 2)).toBe('value of known');
  expect(await valueAt('right', 2 * MINUTE)).toBe('value of right');
});

test('wrong URLs do not displace a cached value', async () => {
  const valueAt = fetchedValues(fetchValue, { ...LIMITS, newUrlsMax: 100 });
  await valueAt('known', 0);
  isAvailable = (url) => url === 'known';
  for (let index = 0; index < 20; index += 1) await valueAt(`wrong-${index}`, 1).catch(() => undefined);
  requested = [];
  expect(await valueAt('known', 2)).toBe('value of known');
  expect(requested).toEqual([]);
});
