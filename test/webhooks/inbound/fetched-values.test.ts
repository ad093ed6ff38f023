/**
 * The limits and the cache of values at URLs. Its use for keys: github-key-lists.test.ts and kinds/ssf.test.ts.
 * Also tests: lib/webhooks/inbound/key-lists.ts.
 */
import { beforeEach, expect, test } from '@jest/globals';
import { fetchedValues } from '../../../lib/webhooks/inbound/fetched-values.ts';

const MINUTE = 60_000;
const LIMITS = { maxAgeMs: 60 * MINUTE, staleAgeMs: 180 * MINUTE, intervalMs: MINUTE, urlsMax: 4, newUrlsMax: 3 };

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

/** Returns a function that returns the value at a URL, or undefined if the limits allow no request. */
function lookups(limits: Parameters<typeof fetchedValues>[1]) {
  const lookUp = fetchedValues(fetchValue, limits);
  return async (url: string, nowMs: number) => (await lookUp(url, nowMs)).value;
}

test('a published value is requested once until it is too old, also by lookups at the same time', async () => {
  const valueAt = lookups(LIMITS);
  expect(await Promise.all([valueAt('a', 0), valueAt('a', 0)])).toEqual(['value of a', 'value of a']);
  expect(await valueAt('a', 60 * MINUTE - 1)).toBe('value of a');
  expect(requested).toEqual(['a']);
  await valueAt('a', 60 * MINUTE);
  expect(requested).toEqual(['a', 'a']);
});

test('a failed request for a published value is not repeated within a minute', async () => {
  const valueAt = lookups(LIMITS);
  isAvailable = () => false;
  await expect(valueAt('a', 0)).rejects.toThrow('unavailable');
  await expect(valueAt('a', MINUTE - 1)).rejects.toThrow('unavailable');
  expect(requested).toEqual(['a']);
  isAvailable = () => true;
  expect(await valueAt('a', MINUTE)).toBe('value of a');
});

test('an old published value is used for three hours while its URL cannot be requested', async () => {
  const valueAt = lookups(LIMITS);
  await valueAt('a', 0);
  isAvailable = () => false;
  expect(await valueAt('a', 2 * 60 * MINUTE)).toBe('value of a');
  await expect(valueAt('a', 3 * 60 * MINUTE)).rejects.toThrow('unavailable');
});

test('a lookup says so if the limits did not let it make a request', async () => {
  const lookUp = fetchedValues(fetchValue, LIMITS);
  const isWanted = (value: string) => value === 'another value';
  expect(await lookUp('a', 0, isWanted)).toEqual({ value: undefined, isThrottled: false });
  expect(await lookUp('a', 1, isWanted)).toEqual({ value: undefined, isThrottled: true });
  expect(await lookUp('a', 1)).toEqual({ value: 'value of a', isThrottled: false });
});

test('new URLs cause a limited number of requests in a minute, and a cached value is not affected', async () => {
  const valueAt = lookups(LIMITS);
  await valueAt('known', -MINUTE);
  isAvailable = (url) => url === 'known' || url === 'right';
  const results = await Promise.allSettled(['w1', 'w2', 'w3', 'w4', 'w5'].map((url) => valueAt(url, 1)));
  expect(requested).toEqual(['known', 'w1', 'w2', 'w3']);
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected', 'fulfilled', 'fulfilled']);
  expect(await valueAt('known', 2)).toBe('value of known');
  expect(await valueAt('right', 2 * MINUTE)).toBe('value of right');
});

test('wrong URLs do not displace a cached value', async () => {
  const valueAt = lookups({ ...LIMITS, newUrlsMax: 100 });
  await valueAt('known', 0);
  isAvailable = (url) => url === 'known';
  for (let index = 0; index < 20; index += 1) await valueAt(`wrong-${index}`, 1).catch(() => undefined);
  requested = [];
  expect(await valueAt('known', 2)).toBe('value of known');
  expect(requested).toEqual([]);
});
